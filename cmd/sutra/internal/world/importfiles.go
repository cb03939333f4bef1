package world

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf16"
)

// envelopeFile is a JSON document with a list of records in it.
type envelopeFile struct {
	w    io.Writer
	n    int
	tail string
}

// envelope opens documents that begin and end with the given text.
func envelope(head, tail string) func(io.Writer) recordWriter {
	return func(w io.Writer) recordWriter {
		if _, err := io.WriteString(w, head); err != nil {
			return failed{err}
		}
		return &envelopeFile{w: w, tail: tail}
	}
}

func (f *envelopeFile) add(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sep := "\n"
	if f.n++; f.n > 1 {
		sep = ",\n"
	}
	_, err = io.WriteString(f.w, sep+string(data))
	return err
}

func (f *envelopeFile) close() error {
	_, err := io.WriteString(f.w, f.tail+"\n")
	return err
}

// plainLines writes a JSON value a line.
type plainLines struct{ enc *json.Encoder }

func newPlainLines(w io.Writer) recordWriter { return plainLines{json.NewEncoder(w)} }
func (l plainLines) add(v any) error         { return l.enc.Encode(v) }
func (l plainLines) close() error            { return nil }

// forms writes the body of a form a line.
type forms struct{ w io.Writer }

func newForms(w io.Writer) recordWriter { return forms{w} }
func (f forms) close() error            { return nil }

func (f forms) add(v any) error {
	var parts []string
	for _, p := range v.([][2]string) {
		parts = append(parts, p[0]+"="+url.QueryEscape(p[1]))
	}
	_, err := io.WriteString(f.w, strings.Join(parts, "&")+"\r\n")
	return err
}

// wideTable writes UTF-16 with tabs, as Ads Manager does.
type wideTable struct{ w io.Writer }

var wideHead = strings.Fields("id created_time ad_id form_id is_organic platform which_product? email full_name phone_number lead_status")

func newWideTable(w io.Writer) recordWriter {
	if _, err := w.Write([]byte("\xff\xfe")); err != nil {
		return failed{err}
	}
	t := wideTable{w}
	if err := t.add(wideHead); err != nil {
		return failed{err}
	}
	return t
}

func (t wideTable) close() error { return nil }

func (t wideTable) add(v any) error {
	var out []byte
	for _, u := range utf16.Encode([]rune(strings.Join(v.([]string), "\t") + "\r\n")) {
		out = append(out, byte(u), byte(u>>8))
	}
	_, err := t.w.Write(out)
	return err
}

// newContacts opens a contacts table with a byte order mark.
func newContacts(w io.Writer) recordWriter {
	if _, err := io.WriteString(w, "\xef\xbb\xbf"); err != nil {
		return failed{err}
	}
	c := &csvFile{csv.NewWriter(w)}
	c.w.UseCRLF = true
	if err := c.w.Write([]string{"First Name", "Last Name", "Notes", "Labels", "E-mail 1 - Value", "Phone 1 - Value"}); err != nil {
		return failed{err}
	}
	return c
}

// cards writes contact cards.
type cards struct{ w io.Writer }

func newCards(w io.Writer) recordWriter { return cards{w} }
func (c cards) close() error            { return nil }

func (c cards) add(v any) error {
	_, err := io.WriteString(c.w, strings.Join(v.([]string), "\r\n")+"\r\n")
	return err
}

// wideText decodes UTF-16 as a stream of UTF-8.
func wideText(r *bufio.Reader) (io.Reader, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(data)%2 != 0 {
		return nil, fmt.Errorf("UTF-16 of %d bytes", len(data))
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i < len(data); i += 2 {
		units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
	}
	return strings.NewReader(string(utf16.Decode(units))), nil
}
