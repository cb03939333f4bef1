//go:build linux

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/cratio/sutra/pipeline/config"
)

// hostileYAML is a site of every kind of file that comes from outside.
const hostileYAML = `sources:
  files:  {connector: files, url: "file:files/", catalog: catalog.yaml, account: A1}
  leads:  {connector: indiamart, url: "file:leads/", account: A1}
  chats:  {connector: whatsapp, url: "file:chats/", account: A1}
  cards:  {connector: google, url: "file:cards/", account: A1}
`

const hostileCatalog = `dataset:
  - fides_key: files
    name: Exports
    collections:
      - name: people
        meta: {sutra: {class: account_crm, erase: delete, path: "**"}}
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
`

// part is one entry of an archive: a name, and what it is filled with.
type part struct {
	name, head, fill, tail string
	times                  int
}

func (p part) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fill := strings.Repeat(p.fill, 1024)
	_, err := b.WriteString(p.head)
	for range p.times {
		if err == nil {
			_, err = b.WriteString(fill)
		}
	}
	if err == nil {
		_, err = b.WriteString(p.tail)
	}
	return errors.Join(err, b.Flush())
}

func archiveOf(w io.Writer, parts ...part) error {
	z := zip.NewWriter(w)
	for _, p := range parts {
		f, err := z.Create(p.name)
		if err == nil {
			err = p.write(f)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// workbook has one worksheet, and more parts.
func workbook(w io.Writer, sheet part, more ...part) error {
	sheet.name = "xl/worksheets/sheet1.xml"
	return archiveOf(w, append([]part{
		{name: "xl/workbook.xml", head: `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`},
		{name: "xl/_rels/workbook.xml.rels", head: `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		sheet,
	}, more...)...)
}

const (
	sheetHead = `<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Email ID</t></is></c></row>`
	sheetTail = `</sheetData></worksheet>`
)

// cut ends a file in the middle of what was written.
func cut(w io.Writer) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range 20_000 {
		if _, err := fmt.Fprintf(z, "p%d-%x@example.in\n", i, i*i*2654435761); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes()[:b.Len()/2])
	return err
}

// hostile are the files, what their gap must say, and somebody in them who must be
// found all the same.
var hostile = []struct {
	file  string
	write func(w io.Writer) error
	gap   string
	found string
}{
	{"leads/bomb.xlsx", func(w io.Writer) error {
		return workbook(w, part{head: sheetHead, fill: "          ", times: 110_000, tail: sheetTail})
	}, `a part of the workbook unpacks to more than 1024 MiB`, ""},
	{"leads/blank.xlsx", func(w io.Writer) error {
		return workbook(w, part{head: sheetHead + `<row r="2"><c r="A2" t="inlineStr"><is><t>blank@example.in</t></is></c></row>`, fill: "          ", times: 10_000, tail: sheetTail})
	}, `a text or tag of more than 16 MiB`, "blank@example.in"},
	{"leads/outside.xlsx", func(w io.Writer) error {
		return workbook(w, part{head: sheetHead, tail: sheetTail}, part{name: "../../outside.xml"})
	}, `a name that leads out of it`, ""},
	{"leads/huge.xlsx", func(w io.Writer) error {
		return workbook(w, part{head: sheetHead + `<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row r="1048577"><c r="A1048577"><v>2</v></c></row>`, tail: sheetTail})
	}, `more than 1048576 rows`, ""},
	{"leads/wide.xlsx", func(w io.Writer) error {
		return workbook(w, part{head: sheetHead + `<row r="2"><c r="ZZZZ2"><v>1</v></c></row>`, tail: sheetTail})
	}, `more than 16384 columns`, ""},
	{"chats/bomb.zip", func(w io.Writer) error {
		return archiveOf(w, part{name: "_chat.txt", head: "[21/04/26, 10:15:00] Asha: ", fill: "xxxxxxxxxx", times: 110_000})
	}, `unpacks to more than 1024 MiB`, ""},
	{"chats/long.zip", func(w io.Writer) error {
		return archiveOf(w, part{name: "_chat.txt", head: "[21/04/26, 10:15:00] +91 98765 42001: ", fill: "xxxxxxxxxx", times: 10_000, tail: "\n[21/04/26, 10:16:00] +91 98765 42002: hi\n"})
	}, `line 1: a message of more than 16 MiB`, "+91 98765 42002"},
	{"chats/outside.zip", func(w io.Writer) error {
		return archiveOf(w, part{name: "_chat.txt", head: "[21/04/26, 10:15:00] Asha: hi\n"}, part{name: "../../../outside"})
	}, `a name that leads out of it`, ""},
	{"files/line.csv", func(w io.Writer) error {
		return part{head: "email,note\nbefore@example.in,x\n", fill: "xxxxxxxxxx", times: 10_000, tail: "\nafter@example.in,x\n"}.write(w)
	}, `(?i)line 3|row 2`, "after@example.in"},
	{"files/line.jsonl", func(w io.Writer) error {
		return part{head: `{"email":"one@example.in"}` + "\n" + `{"email":"`, fill: "xxxxxxxxxx", times: 10_000, tail: `"}` + "\n" + `{"email":"two@example.in"}` + "\n"}.write(w)
	}, `line 2: .*more than 64 MiB`, "two@example.in"},
	{"files/deep.json", func(w io.Writer) error {
		return part{head: `{"email":"top@example.in","x":`, fill: `[`, times: 100, tail: strings.Repeat("]", 102_400) + "}"}.write(w)
	}, `nested`, "top@example.in"},
	{"files/deep.jsonl", func(w io.Writer) error {
		return part{head: `{"email":"shallow@example.in"}` + "\n", fill: `[`, times: 100, tail: strings.Repeat("]", 102_400) + "\n" + `{"email":"below@example.in"}` + "\n"}.write(w)
	}, `line 2: .*nested`, "below@example.in"},
	{"files/columns.csv", func(w io.Writer) error {
		return part{head: "email", fill: ",c", times: 1000, tail: "\n" + "wide@example.in" + strings.Repeat(",1", 1_024_000) + "\n"}.write(w)
	}, `columns`, ""},
	{"files/cut.csv.gz", cut, `unexpected EOF|gzip`, ""},
	{"cards/photo.vcf", func(w io.Writer) error {
		return part{head: "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Asha\r\nPHOTO;ENCODING=b;TYPE=JPEG:", fill: "QUJDREVGR0hJ", times: 8192, tail: "\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ravi\r\nEMAIL:ravi.card@example.in\r\nEND:VCARD\r\n"}.write(w)
	}, `line 1: a contact card of more than 16 MiB`, "ravi.card@example.in"},
	{"files/good.csv", func(w io.Writer) error { return part{head: "email\ngood@example.in\n"}.write(w) }, "", "good@example.in"},
}

// TestHostileInput scans files that were made to take all memory, or to lead out of
// an archive: memory is bounded, each has a gap that says what it is, the rest of
// the file and of the scan is done, and nothing is written beside the state.
func TestHostileInput(t *testing.T) {
	s := hostileSite(t)
	out, rss := scanMeasured(t, s)
	t.Logf("at most %d MiB", rss>>20)
	if rss > 1<<30 {
		t.Errorf("the scan took up %d MiB", rss>>20)
	}
	gaps := map[string][]string{}
	for line := range strings.Lines(out) {
		var g struct{ Type, Source, Unit, Reason string }
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		if g.Type == "gap" {
			gaps[g.Source+"/"+g.Unit] = append(gaps[g.Source+"/"+g.Unit], g.Reason)
		}
	}
	for _, h := range hostile {
		told := strings.Join(gaps[h.file], "\n")
		if h.gap == "" && told != "" || h.gap != "" && !regexp.MustCompile(h.gap).MatchString(told) {
			t.Errorf("%s: the gap says %.300q, which lacks %s", h.file, told, h.gap)
		}
		if len(told) > 2000 || strings.Contains(told, "xxxxxxxxxx") || strings.Contains(told, "@example.in") {
			t.Errorf("%s: the gap shows what is in the file: %.300q", h.file, told)
		}
		if h.found == "" {
			continue
		}
		if all, err := s.cmd("where", h.found).Output(); !strings.Contains(string(all), `"type":"copy"`) {
			t.Errorf("%s: %s is not found: %s %v", h.file, h.found, all, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "..", "outside*")); err != nil || len(left) > 0 {
		t.Errorf("written outside: %v, %v", left, err)
	}
}

// hostileSite builds the site with all the files.
func hostileSite(t *testing.T) *site {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "deep", "site"), bin: bin}
	if err := config.Init(s.dir); err != nil {
		t.Fatal(err)
	}
	put := func(name string, write func(io.Writer) error) {
		t.Helper()
		file := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(file)
		if err == nil {
			err = errors.Join(write(f), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	put("sutra.yaml", text(hostileYAML))
	put("catalog.yaml", text(hostileCatalog))
	for _, h := range hostile {
		put(h.file, h.write)
	}
	return s
}

// scanMeasured scans, wants exit status 3, and returns what was printed and the
// most memory, in bytes, that the program had.
func scanMeasured(t *testing.T, s *site) (string, int64) {
	t.Helper()
	c := s.cmd("scan")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("%v\n%.2000s%.2000s", err, out, errs.String())
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no resource usage")
	}
	return string(out), usage.Maxrss << 10
}
