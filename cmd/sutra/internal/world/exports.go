package world

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/parquet-go/parquet-go"
)

// recordWriter writes the records of one file; close ends the file.
type recordWriter interface {
	add(v any) error
	close() error
}

// rotating writes records to numbered files.
type rotating struct {
	folder, pattern string // folder under the world; key with %04d
	per             int
	open            func(io.Writer) recordWriter
	n, rows         int
	key             string
	f               *os.File
	buf             *bufio.Writer
	w               recordWriter
}

// add writes a record and returns where it stands: the key relative to the
// source's url and the record's number from 1.
func (r *rotating) add(dir string, v any) (string, int, error) {
	if r.w != nil && r.rows >= r.per {
		if err := r.close(); err != nil {
			return "", 0, err
		}
	}
	if r.w == nil {
		r.n, r.rows = r.n+1, 0
		r.key = fmt.Sprintf(r.pattern, r.n)
		path := filepath.Join(dir, r.folder, filepath.FromSlash(r.key))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			r.f, err = os.Create(path)
		}
		if err != nil {
			return "", 0, fmt.Errorf("write an export: %w", err)
		}
		r.buf = bufio.NewWriterSize(r.f, 1<<16)
		r.w = r.open(r.buf)
	}
	r.rows++
	if err := r.w.add(v); err != nil {
		return "", 0, fmt.Errorf("write an export: %w", err)
	}
	return r.key, r.rows, nil
}

func (r *rotating) close() error {
	if r.w == nil {
		return nil
	}
	err := closing(r.w.close(), r.buf.Flush)
	err = closing(err, r.f.Close)
	r.w = nil
	if err != nil {
		return fmt.Errorf("write an export: %w", err)
	}
	return nil
}

// exportFiles are the files that hold records of many people.
type exportFiles struct {
	b                          *builder
	leads, calls, visits, drop *rotating
}

func newExportFiles(w *builder) *exportFiles {
	return &exportFiles{b: w,
		leads:  &rotating{folder: "exports", pattern: "leads_export/leads_%04d.csv", per: w.perFile(50_000), open: newCSV},
		calls:  &rotating{folder: "exports", pattern: "calls_export/calls_%04d.jsonl.gz", per: w.perFile(50_000), open: newGzipLines},
		visits: &rotating{folder: "exports", pattern: "visits_export/visits_%04d.parquet", per: w.perFile(50_000), open: newVisits},
		drop:   &rotating{folder: "imports/drop", pattern: "leads_%04d.json", per: w.perFile(5_000), open: newArray},
	}
}

func (x *exportFiles) finish() {
	for _, r := range []*rotating{x.leads, x.calls, x.visits, x.drop} {
		x.b.do(r.close)
	}
}

// put writes a record and plants it; locator makes the locator of the N-th.
func (x *exportFiles) put(r *rotating, s *soul, c Copy, locator func(n int) string, at time.Time, v any) {
	x.b.do(func() error {
		key, n, err := r.add(x.b.dir, v)
		if err != nil {
			return err
		}
		c.Person, c.Account, c.Unit, c.Locator = s.ID, s.Account, key, locator(n)
		x.b.plant(c, at)
		return x.b.err
	})
}

func rowN(n int) string  { return fmt.Sprintf("row %d", n) }
func lineN(n int) string { return fmt.Sprintf("line %d", n) }
func elemN(n int) string { return fmt.Sprintf("/%d", n-1) }

func (x *exportFiles) addLead(s *soul, lead string) {
	t, at := x.b.token(), x.b.recent(s.r)
	mail := s.email()
	if s.r.IntN(3) == 0 {
		mail = upperLocal(mail)
	}
	x.put(x.leads, s, Copy{Source: "files", Dataset: "files.leads_export", Token: t}, rowN, at, []string{s.Account, lead, s.Name, s.writes(pick(s.r, "space", "zero", "dash")), mail,
		"said \"ok\",\nthen " + t, at.Format(time.DateTime)})
}

type callLine struct {
	Account string  `json:"account_id"`
	Call    string  `json:"call_id"`
	Number  string  `json:"number"`
	Email   string  `json:"email"`
	Remark  string  `json:"remark"`
	At      string  `json:"at"`
	N       float64 `json:"n"`
}

func (x *exportFiles) addCall(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	x.put(x.calls, s, Copy{Source: "files", Dataset: "files.calls_export", Token: t}, lineN, at,
		callLine{s.Account, fmt.Sprintf("sid%012x", s.r.Uint64()>>16), s.writes("e164"), s.email(), "said R&D " + t, at.Format(time.RFC3339), 1.5})
}

type visitRow struct {
	Account string  `parquet:"account_id"`
	Email   string  `parquet:"email,optional"`
	Phone   string  `parquet:"phone,optional"`
	Remark  string  `parquet:"remark,optional"`
	Score   float64 `parquet:"score,optional"`
	OK      bool    `parquet:"ok"`
	At      int64   `parquet:"at"`
}

func (x *exportFiles) addVisit(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	x.put(x.visits, s, Copy{Source: "files", Dataset: "files.visits_export", Token: t}, rowN, at,
		visitRow{s.Account, s.email(), s.writes("e164"), "visit " + t, s.r.Float64(), true, at.UnixMilli()})
}

type dropLead struct {
	Account  string `json:"account_id"`
	Enquiry  string `json:"enquiry_id"`
	Name     string `json:"name"`
	Mobile   string `json:"mobile"`
	Alt      string `json:"mobile_alt"`
	Landline string `json:"landline"`
	Email    string `json:"email"`
	Address  string `json:"address"`
	Message  string `json:"message"`
	Created  string `json:"created_at"`
}

func (x *exportFiles) addDrop(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	city, name, alt := pick(s.r, cities...), s.Name, ""
	if s.Has(TagPlaceholder) {
		name = "IndiaMART Buyer"
	}
	if s.phone2 != "" {
		alt = "+91-" + s.phone2
	}
	x.put(x.drop, s, Copy{Source: "imports", Dataset: "imports.leads", Token: t}, elemN, at, dropLead{s.Account, fmt.Sprintf("2%011d", s.r.Int64N(1e11)), name,
		s.writes(pick(s.r, "bare", "zero", "hyphen")), alt, "0712 - 2000000", s.email(), fmt.Sprintf("%d, %s, %s", 1+s.r.IntN(99), pick(s.r, streets...), city[0]),
		"needs <b>" + pick(s.r, items...) + "</b> " + t, at.Format(time.RFC3339)})
}

type csvFile struct{ w *csv.Writer }

func newCSV(w io.Writer) recordWriter {
	c := &csvFile{csv.NewWriter(w)}
	c.w.UseCRLF = true
	head := make([]string, 0, len(exports[0].cols))
	for _, col := range exports[0].cols {
		head = append(head, col.name)
	}
	if err := c.w.Write(head); err != nil {
		return failed{err}
	}
	return c
}

func (c *csvFile) add(v any) error { return c.w.Write(v.([]string)) }
func (c *csvFile) close() error    { c.w.Flush(); return c.w.Error() }

// failed is a file that could not be begun.
type failed struct{ err error }

func (f failed) add(any) error { return f.err }
func (f failed) close() error  { return f.err }

type gzipLines struct {
	z   *gzip.Writer
	enc *json.Encoder
}

func newGzipLines(w io.Writer) recordWriter {
	z := gzip.NewWriter(w)
	return &gzipLines{z, json.NewEncoder(z)}
}

func (g *gzipLines) add(v any) error { return g.enc.Encode(v) }
func (g *gzipLines) close() error    { return g.z.Close() }

type visitFile struct {
	w *parquet.GenericWriter[visitRow]
}

func newVisits(w io.Writer) recordWriter {
	return &visitFile{parquet.NewGenericWriter[visitRow](w, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(5000))}
}

func (p *visitFile) add(v any) error {
	_, err := p.w.Write([]visitRow{v.(visitRow)})
	return err
}
func (p *visitFile) close() error { return p.w.Close() }

// arrayFile is a top-level JSON array.
type arrayFile struct {
	w io.Writer
	n int
}

func newArray(w io.Writer) recordWriter { return &arrayFile{w: w} }

func (a *arrayFile) add(v any) error {
	lead := ",\n "
	if a.n++; a.n == 1 {
		lead = "[\n "
	}
	b, err := json.Marshal(v)
	if err == nil {
		_, err = io.WriteString(a.w, lead+string(b))
	}
	return err
}

func (a *arrayFile) close() error {
	_, err := io.WriteString(a.w, "\n]\n")
	return err
}
