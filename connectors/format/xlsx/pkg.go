package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors/format"
)

// Limits of a package.
const (
	maxEntries = 100_000
	maxPart    = 1 << 30   // bytes of one part, unpacked
	maxTexts   = 512 << 20 // bytes of the table of texts, unpacked
	maxColumns = 16_384    // as the format itself
)

// book is an open workbook.
type book struct {
	zip    *zip.Reader
	parts  map[string]*zip.File
	sheets []string // parts of the worksheets, in the workbook's order
	texts  *texts
	dates  map[int]bool // cell styles that show dates
	epoch  bool         // dates count from 1904
}

var errOLE = errors.New("the workbook is encrypted or of the old .xls format: save it as .xlsx without a password")

// open reads what stands around the cells.
func open(in format.Input) (*book, error) {
	ra, size, err := in.At()
	if err != nil {
		return nil, err
	}
	var magic [4]byte
	if _, err := ra.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "\xD0\xCF\x11\xE0" {
		return nil, errOLE
	}
	z, err := zip.NewReader(ra, size)
	if err != nil {
		return nil, fmt.Errorf("reading a workbook: %w", err)
	}
	b := &book{zip: z, parts: map[string]*zip.File{}}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("the workbook has more than %d parts", maxEntries)
	}
	for _, f := range z.File {
		switch {
		case f.UncompressedSize64 > maxPart:
			return nil, fmt.Errorf("a part of the workbook unpacks to more than %d MiB", maxPart>>20)
		case f.Flags&1 != 0:
			return nil, errOLE
		case strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") || strings.Contains(f.Name, "\\"):
			return nil, errors.New("a part of the workbook has a name that leads out of it")
		}
		b.parts[f.Name] = f
	}
	if b.parts["xl/workbook.xml"] == nil {
		return nil, &format.SkipError{Reason: "it is a zip archive without a workbook in it"}
	}
	return b, b.load()
}

// relations are a part's relationships: id to part.
type relations struct {
	List []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

func (b *book) load() error {
	var wb struct {
		Props struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels relations
	if err := b.parse("xl/workbook.xml", &wb); err != nil {
		return err
	}
	if err := b.parse("xl/_rels/workbook.xml.rels", &rels); err != nil {
		return err
	}
	b.epoch = wb.Props.Date1904 == "1" || wb.Props.Date1904 == "true"
	for _, s := range wb.Sheets {
		for _, r := range rels.List {
			if r.ID == s.ID && strings.HasSuffix(r.Type, "/worksheet") {
				b.sheets = append(b.sheets, target(r.Target))
			}
		}
	}
	for _, s := range b.sheets {
		if b.parts[s] == nil {
			return errors.New("a worksheet that the workbook names is not in it")
		}
	}
	var err error
	if b.texts, err = b.loadTexts(); err != nil {
		return err
	}
	b.dates, err = b.loadStyles()
	return err
}

func target(t string) string {
	if strings.HasPrefix(t, "/") {
		return strings.TrimPrefix(t, "/")
	}
	return path.Join("xl", t)
}

// reader opens a part, no further than its limit.
func (b *book) reader(part string) (io.ReadCloser, error) {
	r, err := b.parts[part].Open()
	if err != nil {
		return nil, fmt.Errorf("opening a part of the workbook: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, maxPart), r}, nil
}

// parse decodes a small part. A part that is not there leaves v as it is.
func (b *book) parse(part string, v any) error {
	if b.parts[part] == nil {
		return nil
	}
	r, err := b.reader(part)
	if err != nil {
		return err
	}
	err = xml.NewDecoder(r).Decode(v)
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("reading %s of the workbook: %w", path.Base(part), err)
	}
	return nil
}

// unread names the kinds of parts that may hold personal data and are not looked
// into.
func (b *book) unread() []string {
	var out []string
	for name := range b.parts {
		for prefix, what := range map[string]string{"xl/comments": "comments", "xl/threadedComments/": "threaded comments", "xl/pivotCache/": "the data behind a pivot table",
			"xl/embeddings/": "embedded files", "xl/externalLinks/": "values of other workbooks"} {
			if strings.HasPrefix(name, prefix) && !strings.Contains(name, "/_rels/") && !slices.Contains(out, what) {
				out = append(out, what)
			}
		}
	}
	slices.Sort(out)
	return out
}
