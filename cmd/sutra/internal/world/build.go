package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// MinPeople is the smallest world: every special person exists in it once.
const MinPeople = 40

// Options says what world to build.
type Options struct {
	People int       // 0 means 2,000; at least MinPeople
	Seed   uint64    // same seed, same world
	Now    time.Time // every date is counted back from here; zero means time.Now
	// Progress, when not nil, is told how far a stage is: "people", "database".
	Progress func(stage string, done, total int)
}

// builder plants a world. Its methods keep the first error in err and do nothing
// more after it.
type builder struct {
	ctx    context.Context
	o      Options
	dir    string
	err    error
	db     *store
	truth  *truthWriter
	tokens uint64
	staff  map[string][]agent // account -> its agents
	defs   map[string]int64   // account -> the form builder's phone field
	files  *exportFiles
	outer  *imports
	events map[string]*eventFile // account -> the open file
	anon   uint64                // anonymous visitors so far
}

type agent struct {
	id    int64
	phone string
}

// Sized reports an error when no world can have so many people.
func Sized(people int) error {
	if people < MinPeople || people > maxPeople {
		return fmt.Errorf("the number must be between %d and %d", MinPeople, maxPeople)
	}
	return nil
}

// Build makes a world in dir, which must not hold one already, and returns its
// truth. The caller writes the key file that sutra.yaml names. Memory does not
// grow with the number of people.
func Build(ctx context.Context, dir string, o Options) (_ *Truth, err error) {
	if o.People == 0 {
		o.People = 2000
	}
	if err := Sized(o.People); err != nil {
		return nil, fmt.Errorf("build a world of %d people: %w", o.People, err)
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Now = o.Now.In(ist).Truncate(time.Second)
	for _, name := range []string{"crm.db", "truth"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("build a world: %s is there already", filepath.Join(dir, name))
		}
	}
	for _, d := range []string{"recordings", "analytics", "exports", "imports/drop", "imports/indiamart", "imports/justdial", "imports/facebook", "imports/google", "imports/whatsapp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("build a world: %w", err)
		}
	}
	w := &builder{ctx: ctx, o: o, dir: dir, staff: map[string][]agent{}, defs: map[string]int64{}, events: map[string]*eventFile{}}
	w.files, w.outer = newExportFiles(w), newImports(w)
	t := &Truth{Dir: dir, Seed: o.Seed, Now: o.Now, People: o.People}
	if w.truth, err = newTruthWriter(t); err != nil {
		return nil, err
	}
	defer func() { err = closing(err, w.truth.close) }()
	if w.db, err = newStore(ctx, filepath.Join(dir, "crm.db")); err != nil {
		return nil, err
	}
	defer func() { err = closing(err, w.db.close) }()
	w.people()
	w.files.finish()
	w.outer.finish()
	w.finishEvents()
	w.progress("database", 0, 1)
	w.do(func() error { return w.db.finish(ctx) })
	w.progress("database", 1, 1)
	w.do(func() error { return writeConfig(dir, t.at) })
	w.do(w.truth.finish)
	return t, w.err
}

// people plants everybody, one after another.
func (w *builder) people() {
	w.company()
	for n := 0; n < w.o.People && w.err == nil; n++ {
		if w.err = w.ctx.Err(); w.err != nil {
			return
		}
		s := w.soul(n)
		w.person(s)
		w.do(func() error { return w.truth.people.put(s.Person) })
		if n%1000 == 0 || n == w.o.People-1 {
			w.progress("people", n+1, w.o.People)
		}
	}
}

func (w *builder) progress(stage string, done, total int) {
	if w.o.Progress != nil && w.err == nil {
		w.o.Progress(stage, done, total)
	}
}

// do runs a step unless an earlier one failed.
func (w *builder) do(f func() error) {
	if w.err == nil {
		w.err = f()
	}
}

// token hands out the next content token.
func (w *builder) token() string {
	w.tokens++
	return tokenAt(w.o.Seed, w.tokens)
}

// plant writes a copy to the truth. at is the start of its retention clock, zero
// for none.
func (w *builder) plant(c Copy, at time.Time) {
	if c.Role == "" {
		c.Role = "subject"
	}
	if c.Expect == "" {
		c.Expect = ExpectGone
	}
	if c.Class == "" {
		c.Class = classCRM
	}
	if !at.IsZero() {
		c.Date = at.In(ist).Format(time.RFC3339)
	}
	c.Due = due(c.Class, accountByID(c.Account), at, w.o.Now)
	if c.Due {
		w.truth.t.Due++
	}
	c.ID = fmt.Sprintf("C%08d", w.truth.t.Copies)
	w.truth.t.Copies++
	w.do(func() error { return w.truth.copies.put(c) })
}

// row inserts a CRM row and plants it as a copy of s (nil: nobody's).
func (w *builder) row(s *soul, c Copy, table string, pk string, at time.Time, values ...any) {
	c.Source, c.Dataset, c.Unit, c.Locator, c.Class = "crm", "crm."+table, table, "pk="+pk, classOf(table)
	if s != nil {
		c.Person, c.Account = s.ID, s.Account
	}
	w.insert(table, values...)
	w.plant(c, at)
}

func (w *builder) insert(table string, values ...any) {
	w.do(func() error { return w.db.insert(w.ctx, table, values...) })
}

// mentions plants the mention of a person in the row that was planted last.
func (w *builder) mentions(p *soul, table, pk string, at time.Time) {
	w.plant(Copy{Person: p.ID, Account: p.Account, Source: "crm", Dataset: "crm." + table, Unit: table, Locator: "pk=" + pk,
		Class: classOf(table), Role: "mention", Expect: ExpectRedact}, at)
}
