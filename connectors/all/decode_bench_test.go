package all_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-vcard"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/all"
)

// benchRecords is how many records each file of the decoding benchmarks has.
const benchRecords = 20_000

// plainLead and its siblings are what a program that uses the library alone would
// decode into.
type plainLead struct {
	ID      string `json:"UNIQUE_QUERY_ID"`
	Time    string `json:"QUERY_TIME"`
	Name    string `json:"SENDER_NAME"`
	Mobile  string `json:"SENDER_MOBILE"`
	Email   string `json:"SENDER_EMAIL"`
	Company string `json:"SENDER_COMPANY"`
	Address string `json:"SENDER_ADDRESS"`
	Message string `json:"QUERY_MESSAGE"`
	To      string `json:"RECEIVER_MOBILE"`
}

type plainPost struct {
	Entry []struct {
		Changes []struct {
			Value struct {
				Contacts []struct {
					WaID string `json:"wa_id"`
				}
				Messages []struct {
					From, ID, Timestamp, Type string
					Text                      struct{ Body string }
				}
			}
		}
	}
}

type plainParam struct {
	Key   string `parquet:"key" json:"key"`
	Value struct {
		String *string `parquet:"string_value,optional" json:"string_value"`
		Int    *int64  `parquet:"int_value,optional" json:"int_value"`
	} `parquet:"value" json:"value"`
}

type plainEvent struct {
	Date   string       `parquet:"event_date" json:"event_date"`
	At     int64        `parquet:"event_timestamp" json:"event_timestamp"`
	Params []plainParam `parquet:"event_params,list" json:"event_params"`
	User   *string      `parquet:"user_id,optional" json:"user_id"`
	Cookie string       `parquet:"user_pseudo_id" json:"user_pseudo_id"`
}

func mustJSON(v any) []byte {
	data, err := stdjson.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// decodeCase is one format: a file, and how the library alone reads it.
type decodeCase struct {
	name, kind, file string
	data             func() []byte
	plain            func(data []byte) (records int, err error)
}

func lead(i int) plainLead {
	return plainLead{fmt.Sprint(2600000000 + i), "2026-04-21 10:15:00", "Asha Verma", fmt.Sprintf("+91-98%08d", i), fmt.Sprintf("asha%d@example.in", i), "Verma Traders",
		"12, MG Road, Pune, Maharashtra,         411001", "I want to buy Widget.<br> Quantity :   6<br>Preferred Location: Pune<br>", "9876549999"}
}

func lines(f func(i int) string) []byte {
	var b bytes.Buffer
	for i := range benchRecords {
		b.WriteString(f(i))
	}
	return b.Bytes()
}

var decodeCases = []decodeCase{
	{"indiamart_json", "indiamart", "pull.json", func() []byte {
		var list []plainLead
		for i := range benchRecords {
			list = append(list, lead(i))
		}
		return mustJSON(map[string]any{"CODE": 200, "RESPONSE": list})
	}, func(data []byte) (int, error) {
		var v struct{ RESPONSE []plainLead }
		err := stdjson.Unmarshal(data, &v)
		return len(v.RESPONSE), err
	}},
	{"justdial_form", "justdial", "hook.log", func() []byte {
		return lines(func(i int) string {
			return url.Values{"leadid": {fmt.Sprint("JDX", i)}, "name": {"Asha Verma"}, "mobile": {fmt.Sprintf("98%08d", i)}, "category": {"Press Dealers"}, "city": {"Pune"}, "date": {"2026-04-21"}}.Encode() + "\n"
		})
	}, func(data []byte) (n int, err error) {
		for line := range strings.Lines(string(data)) {
			v, perr := url.ParseQuery(strings.TrimSpace(line))
			err = errors.Join(err, perr)
			n += min(1, len(v))
		}
		return n, err
	}},
	{"whatsapp_jsonl", "whatsapp", "posts.jsonl", func() []byte {
		return lines(func(i int) string {
			d := fmt.Sprintf("9198%08d", i)
			return string(mustJSON(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": "1", "changes": []any{map[string]any{"field": "messages", "value": map[string]any{
				"messaging_product": "whatsapp", "contacts": []any{map[string]any{"profile": map[string]string{"name": "Asha"}, "wa_id": d}},
				"messages": []any{map[string]any{"from": d, "id": "wamid.HBgM" + d, "timestamp": "1790000000", "type": "text", "text": map[string]string{"body": "price of the press?"}}}}}}}}})) + "\n"
		})
	}, func(data []byte) (n int, err error) {
		d := stdjson.NewDecoder(bytes.NewReader(data))
		for {
			var p plainPost
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				return n, nil
			} else if err != nil {
				return n, err
			}
			n += len(p.Entry[0].Changes[0].Value.Messages)
		}
	}},
	{"facebook_tsv", "facebook", "leads.csv", func() []byte {
		text := "id\tcreated_time\temail\tfull_name\tphone_number\n" + string(lines(func(i int) string {
			return fmt.Sprintf("l:%d\t2026-07-16T00:12:13+05:30\tasha%d@example.in\tAsha Verma\tp:+9198%08d\n", 1000000000000000+i, i, i)
		}))
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			panic(err)
		}
		return []byte(out)
	}, func(data []byte) (int, error) {
		r := csv.NewReader(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(bytes.NewReader(data)))
		r.Comma, r.ReuseRecord = '\t', true
		return countRows(r)
	}},
	{"google_csv", "google", "contacts.csv", func() []byte {
		return append([]byte("First Name,Last Name,Notes,Labels,E-mail 1 - Value,Phone 1 - Value\n"), lines(func(i int) string {
			return fmt.Sprintf("Asha,Verma,\"met at a fair,\nsays hi\",* myContacts,asha%d@example.in,98%03d %05d ::: 0712 2000000\n", i, i%1000, i)
		})...)
	}, func(data []byte) (int, error) {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		return countRows(r)
	}},
	{"google_vcard", "google", "book.vcf", func() []byte {
		return lines(func(i int) string {
			return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nN:Verma;Asha;;;\r\nFN:Asha Verma\r\nTEL;TYPE=CELL:+91 98%03d %05d\r\nEMAIL;TYPE=INTERNET:asha%d@example.in\r\nNOTE:mornings\\, please\r\nEND:VCARD\r\n", i%1000, i, i)
		})
	}, func(data []byte) (n int, err error) {
		d := vcard.NewDecoder(bytes.NewReader(data))
		for {
			if _, err := d.Decode(); errors.Is(err, io.EOF) {
				return n, nil
			} else if err != nil {
				return n, err
			}
			n++
		}
	}},
	{"ga4_jsonl", "ga4", "events.jsonl", func() []byte {
		return lines(func(i int) string {
			return fmt.Sprintf(`{"event_date":"20260421","event_timestamp":"1776750000000000","event_name":"page_view","event_params":[{"key":"page_location","value":{"string_value":"https://x.example/?a=1\u0026b=%d"}},{"key":"ga_session_id","value":{"int_value":"17"}}],"user_pseudo_id":"10000%05d.1700000001"}`+"\n", i, i)
		})
	}, func(data []byte) (n int, err error) {
		s := bufio.NewScanner(bytes.NewReader(data))
		for s.Scan() {
			var v map[string]any
			if err := stdjson.Unmarshal(s.Bytes(), &v); err != nil {
				return n, err
			}
			n++
		}
		return n, s.Err()
	}},
	{"ga4_parquet", "ga4", "events.parquet", func() []byte {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[plainEvent](&b)
		for i := range benchRecords {
			loc := fmt.Sprintf("https://x.example/%d", i)
			p := plainParam{Key: "page_location"}
			p.Value.String = &loc
			if _, err := w.Write([]plainEvent{{Date: "20260421", At: int64(i), Params: []plainParam{p}, Cookie: fmt.Sprintf("10000%05d.1700000001", i)}}); err != nil {
				panic(err)
			}
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
		return b.Bytes()
	}, func(data []byte) (int, error) {
		rows, err := parquet.Read[plainEvent](bytes.NewReader(data), int64(len(data)))
		return len(rows), err
	}},
	{"xlsx", "indiamart", "export.xlsx", func() []byte {
		f := excelize.NewFile()
		w, err := f.NewStreamWriter("Sheet1")
		if err == nil {
			err = w.SetRow("A1", []any{"Buyer Name", "Mobile No", "Email ID", "Message"})
		}
		for i := 0; i < benchRecords && err == nil; i++ {
			err = w.SetRow(fmt.Sprintf("A%d", i+2), []any{"Asha Verma", 9800000000 + i, fmt.Sprintf("asha%d@example.in", i), "I want to buy Widget"})
		}
		var b bytes.Buffer
		if err := errors.Join(err, w.Flush(), f.Write(&b), f.Close()); err != nil {
			panic(err)
		}
		return b.Bytes()
	}, func(data []byte) (n int, err error) {
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			return 0, err
		}
		rows, err := f.Rows("Sheet1")
		if err != nil {
			return 0, err
		}
		for rows.Next() {
			if _, err := rows.Columns(); err != nil {
				return n, err
			}
			n++
		}
		return n - 1, errors.Join(rows.Close(), f.Close())
	}},
}

func countRows(r *csv.Reader) (n int, err error) {
	for ; ; n++ {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return n - 1, nil
		} else if err != nil {
			return n, err
		}
	}
}

// BenchmarkDecodeImports reads a file of each format through its connector, and
// with the library alone, and prints records a second of both and the ratio of
// their times (times_plain, at most 2 is the goal). Both must find every record.
func BenchmarkDecodeImports(b *testing.B) {
	for _, c := range decodeCases {
		b.Run(c.name, func(b *testing.B) {
			data := c.data()
			root := b.TempDir()
			if err := os.WriteFile(filepath.Join(root, c.file), data, 0o644); err != nil {
				b.Fatal(err)
			}
			s, err := all.Kinds()[c.kind].Open(context.Background(), connectors.Config{Name: c.kind, URL: "file:" + root, Dataset: dataset(b, c.kind)})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			var ours, theirs time.Duration
			for b.Loop() {
				at := time.Now()
				if n := readAll(b, s); n != benchRecords {
					b.Fatalf("%d records", n)
				}
				ours += time.Since(at)
				b.StopTimer()
				at = time.Now()
				raw, err := os.ReadFile(filepath.Join(root, c.file))
				n, perr := c.plain(raw)
				if err := errors.Join(err, perr); err != nil || n != benchRecords {
					b.Fatalf("the library alone: %d records, %v", n, err)
				}
				theirs += time.Since(at)
				b.StartTimer()
			}
			b.ReportMetric(float64(benchRecords)*float64(b.N)/ours.Seconds(), "records/s")
			b.ReportMetric(float64(benchRecords)*float64(b.N)/theirs.Seconds(), "plain_records/s")
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "times_plain")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func readAll(b *testing.B, s connectors.Source) (n int) {
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
		for batch, err := range s.Read(context.Background(), u) {
			if err != nil || len(batch.Gaps) > 0 {
				b.Fatal(err, batch.Gaps)
			}
			n += int(batch.Rows.NumRows())
		}
	}
	return n
}
