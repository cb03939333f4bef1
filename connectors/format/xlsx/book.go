package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// Limits of a package.
const (
	maxEntries = 100_000
	maxPart    = 1 << 30   // bytes of one part, unpacked
	maxRatio   = 1100      // of unpacked to packed; deflate cannot do more than 1032
	maxTexts   = 512 << 20 // bytes of the table of texts, unpacked
	maxSmall   = 64 << 20  // bytes of a part that is held in memory
)

// book is an open workbook.
type book struct {
	in     *source
	zip    *zip.Reader
	parts  map[string]*zip.File // by folded name
	main   string               // the part that names the worksheets
	rels   []relation           // of main
	list   []*sheet             // the worksheets, in the workbook's order
	texts  *texts
	dates  map[int]bool // cell styles that show dates
	epoch  bool         // days count from 1904
	lost   []string     // reasons why worksheets cannot be read
	named  bool         // a defined name stands for a text or a number
	titled bool         // the name of a sheet has an address or a number in it
	signed bool         // and so has the author of a comment

	described bool             // a worksheet has a column that the catalog describes
	titles    []connectors.Gap // of worksheets that have none, and nobody in them
	held      int              // bytes of texts that hang on cells
	known     map[string]bool
}

// source remembers that the store failed: that is no fault of the workbook.
type source struct {
	io.ReaderAt
	err error
}

// ReadAt implements [io.ReaderAt].
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// open reads what stands around the cells. A [format.SkipError] says that the
// object is no workbook that can be read.
func open(in format.Input) (*book, error) {
	ra, size, err := in.At()
	if err != nil {
		return nil, err
	}
	b := &book{in: &source{ReaderAt: ra}, known: map[string]bool{}}
	if err := b.look(size); err != nil {
		return nil, err
	}
	if b.zip, err = zip.NewReader(b.in, size); err != nil {
		return nil, fmt.Errorf("reading a workbook: %w", err)
	}
	if err := b.directory(size); err != nil {
		return nil, err
	}
	return b, b.load()
}

// look judges the first bytes.
func (b *book) look(size int64) error {
	head := make([]byte, min(size, 4<<10))
	if _, err := b.in.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a workbook: %w", err)
	}
	switch looks := format.LooksLike(head); looks {
	case format.LooksZip:
		return nil
	case format.LooksOLE:
		return b.ole(size)
	default:
		return format.NotRead(looks, "XLSX and XLSM workbooks")
	}
}

// ole tells what stands in a compound file by the names in its directory.
func (b *book) ole(size int64) error {
	wide := func(s string) []byte { return []byte(strings.Join(strings.Split(s, ""), "\x00") + "\x00") }
	locked, old := wide("EncryptedPackage"), wide("Workbook")
	const step, over = 64 << 10, 64
	buf, what := make([]byte, step+over), ""
	for at := int64(0); at < min(size, maxSmall) && what == ""; at += step {
		n, err := b.in.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading a workbook: %w", err)
		}
		switch {
		case bytes.Contains(buf[:n], locked):
			what = "it looks like an encrypted workbook: save it without a password"
		case bytes.Contains(buf[:n], old):
			what = "it looks like a workbook of the old .xls format: save it as .xlsx"
		}
	}
	if what == "" {
		return format.NotRead(format.LooksOLE, "XLSX and XLSM workbooks")
	}
	return &format.SkipError{Reason: what}
}

// directory checks the list of parts before any is read.
func (b *book) directory(size int64) error {
	if len(b.zip.File) > maxEntries {
		return fmt.Errorf("the workbook has more than %d parts", maxEntries)
	}
	b.parts = make(map[string]*zip.File, len(b.zip.File))
	var total uint64
	for _, f := range b.zip.File {
		unpacked, packed := f.UncompressedSize64, f.CompressedSize64
		total += min(unpacked, maxPart+1)
		switch {
		case outside(f.Name):
			return errors.New("a part of the workbook has a name that leads out of it")
		case b.parts[strings.ToLower(f.Name)] != nil:
			return errors.New("two parts of the workbook have one name")
		case f.Flags&1 != 0:
			return &format.SkipError{Reason: "it looks like a zip archive with a password"}
		case unpacked > maxPart:
			return fmt.Errorf("a part of the workbook unpacks to more than %d MiB", maxPart>>20)
		case unpacked/maxRatio > packed:
			return fmt.Errorf("a part of the workbook unpacks to more than %d times its size", maxRatio)
		}
		b.parts[strings.ToLower(f.Name)] = f
	}
	if total > maxPart && total/maxRatio > uint64(size) { // parts that share their bytes
		return fmt.Errorf("the workbook unpacks to more than %d times its size", maxRatio)
	}
	return nil
}

// outside reports a name that does not stay inside a folder.
func outside(name string) bool {
	if name == "" || strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' {
		return true
	}
	for seg := range strings.SplitSeq(name, "/") {
		if seg == ".." {
			return true
		}
	}
	return false
}

// part returns the part of that name, or nil. Names do not differ by case alone.
func (b *book) part(name string) *zip.File { return b.parts[strings.ToLower(name)] }

// reader opens a part. It fails where the part is longer than the package says.
func (b *book) reader(name string, limit uint64) (io.ReadCloser, error) {
	f := b.part(name)
	if f == nil {
		return nil, errors.New("a part of the workbook is not in it")
	}
	if f.UncompressedSize64 > limit {
		return nil, fmt.Errorf("a part of the workbook unpacks to more than %d MiB", limit>>20)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("opening a part of the workbook: %w", err)
	}
	return &capped{r, f.UncompressedSize64}, nil
}

type capped struct {
	io.ReadCloser
	left uint64
}

// Read implements [io.Reader].
func (c *capped) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if uint64(n) > c.left {
		return 0, errors.New("a part is longer than the workbook says")
	}
	c.left -= uint64(n)
	return n, err
}

// scan hands a part's elements to fn as they begin, with the names of the open
// ones. fn may read on with s.
func (b *book) scan(name string, fn func(s *scanner, x xml.StartElement) error) error {
	r, err := b.reader(name, maxPart)
	if err != nil {
		return err
	}
	s := newScanner(r)
	for err == nil {
		var tok xml.Token
		if tok, err = s.next(); err == nil {
			if x, ok := tok.(xml.StartElement); ok {
				err = fn(s, x)
			}
		}
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return errors.Join(err, r.Close())
}

// relation leads from one part to another, or out of the workbook.
type relation struct {
	id, kind, target string // kind is the last segment of its type
	external         bool
	span             span
}

// relations reads the part that holds the relations of a part; there may be none.
func (b *book) relations(of string) ([]relation, error) {
	name := relsOf(of)
	if b.part(name) == nil {
		return nil, nil
	}
	var out []relation
	err := b.scan(name, func(s *scanner, x xml.StartElement) error {
		if !s.is("Relationships", "Relationship") {
			return nil
		}
		at := s.at
		r := relation{id: attr(x, "Id"), kind: path.Base(attr(x, "Type")), target: attr(x, "Target"), external: attr(x, "TargetMode") == "External"}
		if !r.external {
			r.target = resolve(of, r.target)
		}
		if b.held += len(r.target); b.held > maxHeld {
			return errHeld
		}
		err := s.skip()
		r.span = s.here(at)
		out = append(out, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the relations of a part: %w", err)
	}
	return out, nil
}

// relsOf is the part that holds the relations of a part, or of the package ("").
func relsOf(part string) string {
	dir, base := path.Split(part)
	return dir + "_rels/" + base + ".rels"
}

// resolve makes the name of a part of a target that stands in another part.
func resolve(from, target string) string {
	if strings.HasPrefix(target, "/") {
		return strings.TrimPrefix(path.Clean(target), "/")
	}
	return path.Join(path.Dir(from), target)
}
