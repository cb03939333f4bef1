package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// What becomes of a copy when its person is erased.
const (
	ExpectGone   = "gone"   // the record goes, or is emptied where others refer to it
	ExpectRedact = "redact" // the record stays without her
	ExpectKept   = "kept"   // the record stays by law, without phone and e-mail
	ExpectShared = "shared" // the medium stays while it has another owner
)

// Copy is one record of one person in one place, as truth/copies.ndjson has it.
type Copy struct {
	ID      string `json:"id"`
	Person  string `json:"person"` // "" for nobody's: an anonymous visitor, a field definition
	Account string `json:"account"`
	Source  string `json:"source"`
	Dataset string `json:"dataset"` // SOURCE.COLLECTION
	// Unit is the object's key relative to the source's url, or the table.
	Unit string `json:"unit"`
	// Locator is "pk=..", "row N", "line N", "/N", "/calls/N" or "object".
	Locator  string `json:"locator"`
	Role     string `json:"role"` // subject or mention
	Expect   string `json:"expect_erase"`
	Class    string `json:"class"`
	Date     string `json:"date"` // RFC 3339 start of its retention clock, or ""
	Token    string `json:"token"`
	Due      bool   `json:"due"`                // past its retention period at Truth.Now
	Optional bool   `json:"optional,omitempty"` // may be reported or not
}

// Truth is a built world: where it lies and what was planted. People and copies
// stay on disk; they are streamed.
type Truth struct {
	Dir    string    `json:"-"`
	Seed   uint64    `json:"seed"`
	Now    time.Time `json:"now"`
	People int       `json:"people"`
	Copies int       `json:"copies"`
	Due    int       `json:"due"` // copies that are past their retention period
	at     place
}

// Load reads the truth of a world that Build made and that stands in its folder:
// what was moved to servers is not known to it.
func Load(dir string) (*Truth, error) {
	b, err := os.ReadFile(filepath.Join(dir, "truth", "world.json"))
	if err != nil {
		return nil, fmt.Errorf("read the world's truth: %w", err)
	}
	t := &Truth{Dir: dir}
	if err := json.Unmarshal(b, t); err != nil {
		return nil, fmt.Errorf("read the world's truth: %w", err)
	}
	return t, nil
}

// AllPeople streams the planted people in their order.
func (t *Truth) AllPeople(ctx context.Context) iter.Seq2[Person, error] {
	return ndjson[Person](ctx, filepath.Join(t.Dir, "truth", "people.ndjson"))
}

// AllCopies streams the planted copies in the order of planting.
func (t *Truth) AllCopies(ctx context.Context) iter.Seq2[Copy, error] {
	return ndjson[Copy](ctx, filepath.Join(t.Dir, "truth", "copies.ndjson"))
}

// CopiesOf returns the copies of the given people.
func (t *Truth) CopiesOf(ctx context.Context, people ...string) ([]Copy, error) {
	want := set(people)
	var out []Copy
	for c, err := range t.AllCopies(ctx) {
		if err != nil {
			return nil, err
		}
		if want[c.Person] {
			out = append(out, c)
		}
	}
	return out, nil
}

// Person returns one person by id.
func (t *Truth) Person(ctx context.Context, id string) (Person, error) {
	for p, err := range t.AllPeople(ctx) {
		if err != nil || p.ID == id {
			return p, err
		}
	}
	return Person{}, fmt.Errorf("no person %s in this world", id)
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, x := range ids {
		m[x] = true
	}
	return m
}

// ndjson streams the values of a file with one JSON object a line.
func ndjson[T any](ctx context.Context, path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		f, err := os.Open(path)
		if err != nil {
			yield(zero, fmt.Errorf("read the truth: %w", err))
			return
		}
		defer f.Close()
		d := json.NewDecoder(bufio.NewReaderSize(f, 1<<18))
		for n := 0; ; n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				yield(zero, ctx.Err())
				return
			}
			var v T
			if err := d.Decode(&v); err != nil {
				if !errors.Is(err, io.EOF) {
					yield(zero, fmt.Errorf("read the truth: %w", err))
				}
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// truthWriter writes the truth while people are planted.
type truthWriter struct {
	t              *Truth
	people, copies *jsonLines
}

func newTruthWriter(t *Truth) (*truthWriter, error) {
	dir := filepath.Join(t.Dir, "truth")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the truth folder: %w", err)
	}
	p, err := newJSONLines(filepath.Join(dir, "people.ndjson"))
	if err != nil {
		return nil, err
	}
	c, err := newJSONLines(filepath.Join(dir, "copies.ndjson"))
	if err != nil {
		return nil, closing(err, p.close)
	}
	return &truthWriter{t: t, people: p, copies: c}, nil
}

func (w *truthWriter) close() error { return closing(w.people.close(), w.copies.close) }

// finish writes world.json, which makes the world a world.
func (w *truthWriter) finish() error {
	b, err := json.MarshalIndent(w.t, "", " ")
	if err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.t.Dir, "truth", "world.json"), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	return nil
}

// jsonLines appends JSON values to a file, one a line.
type jsonLines struct {
	f   *os.File
	buf *bufio.Writer
	enc *json.Encoder
}

func newJSONLines(path string) (*jsonLines, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("write the truth: %w", err)
	}
	b := bufio.NewWriterSize(f, 1<<18)
	return &jsonLines{f: f, buf: b, enc: json.NewEncoder(b)}, nil
}

func (j *jsonLines) put(v any) error {
	if err := j.enc.Encode(v); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	return nil
}

func (j *jsonLines) close() error {
	if err := closing(j.buf.Flush(), j.f.Close); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	return nil
}

// closing closes something after err and returns the first error.
func closing(err error, c func() error) error {
	if e := c(); err == nil {
		return e
	}
	return err
}
