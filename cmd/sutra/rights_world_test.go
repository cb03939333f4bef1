package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/config"
)

// A small company whose every record has a planted owner, a class and a date, and a clock
// that a test sets: what may change, what must and what must not is known without the graph.

const rightsConfig = `policy: policy.yaml
sources:
  crm: {connector: sqlite, url: "file:crm.db", catalog: crm.yaml}
  exports: {connector: files, url: "file:exports/", catalog: exports.yaml}
  rec: {connector: recordings, url: "file:rec/", account: {path: 1}}
`

const rightsCRM = `dataset:
  - fides_key: crm
    collections:
      - name: accounts
        meta: {sutra: {accounts: true, class: account_crm, account: id, trigger: ended, erase: keep}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: ended}
          - {name: rec_days, meta: {sutra: {override: call_recording}}}
      - name: contacts
        meta: {sutra: {class: account_crm, erase: delete, account: account_id, recorded_at: made, contacts: true, order: 50}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account_id}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: made}
          - {name: dnd, meta: {sutra: {consent: dnd}}}
      - name: tickets
        meta: {sutra: {class: support_ticket, trigger: closed, recorded_at: opened, erase: delete, account: account_id, order: 20}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account_id}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
          - {name: opened}
          - {name: closed}
      - name: notes
        meta: {sutra: {class: account_crm, erase: delete, account: account_id, recorded_at: made, order: 20}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account_id}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
          - {name: made}
      - name: invoices
        meta: {sutra: {class: billing, erase: keep, trigger: dated, account: account_id, order: 20}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account_id}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: name, data_categories: [user.name], meta: {sutra: {erase: keep}}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: dated}
`

const rightsExports = `dataset:
  - fides_key: exports
    collections:
      - name: people
        meta: {sutra: {class: account_crm, erase: delete, account: account, recorded_at: made}}
        fields:
          - {name: rid}
          - {name: account}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: made}
`

const rightsSQL = `
CREATE TABLE accounts (id TEXT PRIMARY KEY, ended TEXT, rec_days INTEGER);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id TEXT, name TEXT, phone TEXT, email TEXT, made TEXT, dnd TEXT);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, account_id TEXT, contact_id INTEGER REFERENCES contacts (id), body TEXT, opened TEXT, closed TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, account_id TEXT, contact_id INTEGER REFERENCES contacts (id), body TEXT, made TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id TEXT, contact_id INTEGER REFERENCES contacts (id), name TEXT, phone TEXT, dated TEXT);
INSERT INTO accounts VALUES ('A1', NULL, NULL), ('A2', NULL, NULL);
`

// planted is one record: whose it is, and what starts its clock.
type planted struct {
	key    string // table:id, file:rid or rec:key
	owner  int
	class  string
	date   time.Time // zero: an open ticket
	names  int       // who else is named in it; -1: nobody
	text   string    // of the store, as it was put there
	line   string    // the statement or line that puts it there
	strong bool      // it carries the number and the address
	only   bool      // it carries nothing but the number
}

type someone struct {
	account, name, phone, email string
	contact                     int
}

type rightsWorld struct {
	t       *testing.T
	dir     string
	rng     *rand.Rand
	now     time.Time
	people  []someone
	records map[string]*planted
	ended   map[string]time.Time
	days    map[string]int
	next    int
	db      *sql.DB
	lines   []any
	log     []string
	gaps    map[string]string // by source: away, or broken
	faults  connectortest.Faults
}

func newRightsWorld(t *testing.T, seed uint64) *rightsWorld {
	t.Helper()
	w := &rightsWorld{t: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 11, 2, 10, 0, 0, 0, audit.IST), records: map[string]*planted{},
		ended: map[string]time.Time{}, days: map[string]int{}, gaps: map[string]string{}}
	keys := filepath.Join(w.dir, "keys")
	w.must(config.Init(keys))
	w.must(os.Rename(filepath.Join(keys, "sutra.key"), filepath.Join(w.dir, "sutra.key")))
	for name, text := range map[string]string{"sutra.yaml": rightsConfig, "crm.yaml": rightsCRM, "exports.yaml": rightsExports, "policy.yaml": "floors: {}\n"} {
		w.must(os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
	}
	for _, d := range []string{"exports/people", "rec/A1/x", "rec/A2/x"} {
		w.must(os.MkdirAll(filepath.Join(w.dir, d), 0o700))
	}
	w.reopen()
	t.Cleanup(func() { w.must(w.db.Close()) })
	_, err := w.db.Exec(rightsSQL)
	w.must(err)
	names := []string{"Asha Verma", "Bharat Menon", "Chetan Rao", "Devika Pillai", "Esha Grewal", "Farid Khan", "Farid Khan", "Gita Nair", "Harish Iyer", "Indira Bose"}
	for i, n := range names {
		p := someone{account: []string{"A1", "A1", "A1", "A2", "A2", "A1", "A1", "A1", "A1", "A1"}[i], name: n, phone: fmt.Sprintf("98451%05d", 12345+i*1117), email: fmt.Sprintf("%s%d@example.com", strings.ToLower(n[:strings.Index(n, " ")]), i), contact: 100 + i}
		switch i { // everything but the address is the same; and one person's twin in the other account
		case 1:
			p.phone, p.name = w.people[0].phone, w.people[0].name
		case 4:
			p.phone, p.email, p.name = w.people[2].phone, w.people[2].email, w.people[2].name
		case 6, 7, 8, 9: // the switchboard
			p.phone = "9845177777"
		}
		w.people = append(w.people, p)
	}
	for i := range w.people {
		w.plant(i, "contacts", w.ago(900), -1)
		for range 4 {
			w.plantAny(i, w.ago([]int{3, 40, 120, 800, 1200, 4000}[w.rng.IntN(6)]))
		}
	}
	return w
}

// reopen opens the database where it stands now.
func (w *rightsWorld) reopen() {
	w.t.Helper()
	if w.db != nil {
		w.must(w.db.Close())
	}
	db, err := sql.Open("sqlite", "file:"+w.at("crm"))
	w.must(err)
	w.db = db
}

func (w *rightsWorld) ago(days int) time.Time { return w.now.AddDate(0, 0, -days) }

func (w *rightsWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v\n%s", err, strings.Join(w.log, "\n"))
	}
}

func (w *rightsWorld) plantAny(who int, at time.Time) *planted {
	kind := []string{"tickets", "notes", "invoices", "people", "rec", "people", "open"}[w.rng.IntN(7)]
	if who > 5 && kind == "rec" {
		kind = "notes" // who called is not known
	}
	if w.records[fmt.Sprintf("contacts:%d", w.people[who].contact)] == nil && kind != "rec" {
		kind = "people" // what refers to nobody is nobody's
	}
	names := -1
	if kind == "notes" && w.rng.IntN(2) == 0 {
		if names = w.rng.IntN(len(w.people)); names == who || w.people[names].account != w.people[who].account {
			names = -1
		}
	}
	return w.plant(who, kind, at, names)
}

// plant puts a record of somebody.
func (w *rightsWorld) plant(who int, kind string, at time.Time, names int) *planted {
	p := w.people[who]
	w.next++
	id, day := w.next, at.Format("2006-01-02")
	r := &planted{owner: who, date: at, names: names}
	switch kind {
	case "contacts":
		r.key, r.class, r.strong = fmt.Sprintf("contacts:%d", p.contact), "account_crm", true
		r.line = fmt.Sprintf("INSERT INTO contacts VALUES (%d,'%s','%s','%s','%s','%s','0')", p.contact, p.account, p.name, p.phone, p.email, day)
	case "tickets", "open":
		closed := "'" + day + "'"
		if kind == "open" {
			closed, r.date = "NULL", time.Time{}
		}
		r.key, r.class = fmt.Sprintf("tickets:%d", id), "support_ticket"
		r.line = fmt.Sprintf("INSERT INTO tickets VALUES (%d,'%s',%d,'words%d of hers','%s',%s)", id, p.account, p.contact, id, at.AddDate(0, 0, -2).Format("2006-01-02"), closed)
	case "notes":
		body := fmt.Sprintf("words%d of hers", id)
		if names >= 0 {
			body += ", ask " + w.people[names].email
		}
		r.key, r.class = fmt.Sprintf("notes:%d", id), "account_crm"
		r.line = fmt.Sprintf("INSERT INTO notes VALUES (%d,'%s',%d,'%s','%s')", id, p.account, p.contact, body, day)
	case "invoices":
		r.key, r.class = fmt.Sprintf("invoices:%d", id), "billing"
		r.line = fmt.Sprintf("INSERT INTO invoices VALUES (%d,'%s',%d,'%s','%s','%s')", id, p.account, p.contact, p.name, p.phone, day)
	case "people":
		r.key, r.class, r.strong = fmt.Sprintf("people/%d.csv:%d", w.rng.IntN(3), id), "account_crm", true
		r.line = fmt.Sprintf("%d,%s,%s,%s,%s,%s", id, p.account, p.name, p.phone, p.email, day)
	case "rec":
		r.key, r.class, r.only = fmt.Sprintf("rec:%s/%s_%02d%02d00.000+0530_in_+91%s.m4a", p.account, at.Format("20060102"), 8+id%10, id%60, p.phone), "call_recording", true
		r.line = fmt.Sprintf("voice%d", id)
	}
	w.put(r)
	return r
}

// put writes a record into its store.
func (w *rightsWorld) put(r *planted) {
	w.t.Helper()
	store, id, _ := strings.Cut(r.key, ":")
	switch {
	case strings.HasPrefix(store, "people/"):
		path := filepath.Join(w.at("exports"), store)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			data, err = []byte("rid,account,name,phone,email,made\n"), nil
		}
		w.must(err)
		w.must(os.MkdirAll(filepath.Dir(path), 0o700))
		w.must(os.WriteFile(path, append(data, r.line+"\n"...), 0o600))
	case store == "rec":
		w.must(os.MkdirAll(filepath.Dir(filepath.Join(w.at("rec"), id)), 0o700))
		w.must(os.WriteFile(filepath.Join(w.at("rec"), id), []byte(r.line), 0o600))
		at := r.date
		w.must(os.Chtimes(filepath.Join(w.at("rec"), id), at, at))
	default:
		_, err := w.db.Exec(strings.Replace(r.line, "INSERT", "INSERT OR REPLACE", 1))
		w.must(err)
	}
	w.records[r.key] = r
	r.text = w.snap()[r.key]
}

// snap reads every record of the stores as it stands there.
func (w *rightsWorld) snap() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, table := range []string{"contacts", "tickets", "notes", "invoices"} {
		rows, err := w.db.Query("SELECT * FROM " + table)
		w.must(err)
		cols, err := rows.Columns()
		w.must(err)
		for rows.Next() {
			vals := make([]sql.NullString, len(cols))
			ptrs := make([]any, len(cols))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			w.must(rows.Scan(ptrs...))
			var text []string
			for _, v := range vals {
				text = append(text, v.String)
			}
			out[table+":"+vals[0].String] = strings.Join(text, "|")
		}
		w.must(rows.Err())
		w.must(rows.Close())
	}
	files, err := filepath.Glob(filepath.Join(w.at("exports"), "people/*.csv"))
	w.must(err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		w.must(err)
		for _, l := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
			rid, _, _ := strings.Cut(l, ",")
			out["people/"+filepath.Base(f)+":"+rid] = l
		}
	}
	for _, a := range []string{"A1", "A2"} {
		list, err := filepath.Glob(filepath.Join(w.at("rec"), a, "*.m4a"))
		w.must(err)
		for _, f := range list {
			data, err := os.ReadFile(f)
			w.must(err)
			out["rec:"+a+"/"+filepath.Base(f)] = string(data)
		}
	}
	return out
}

// changedIn lists the records that are otherwise, or gone.
func changedIn(before, after map[string]string) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(before)) {
		if after[k] != before[k] {
			out = append(out, k)
		}
	}
	return out
}

// open runs fn on the site, with the clock of the world.
func (w *rightsWorld) open(fn func(s *pipeline.Site) error) error {
	w.t.Helper()
	w.lines = nil
	kinds := w.kinds()
	c, _, err := config.Load(filepath.Join(w.dir, "sutra.yaml"), os.LookupEnv, kinds)
	w.must(err)
	s, err := pipeline.Open(w.t.Context(), c, kinds, true, func(l any) { w.lines = append(w.lines, l) })
	w.must(err)
	s.Now = func() time.Time { return w.now }
	err = fn(s)
	w.must(s.Close())
	return err
}

func (w *rightsWorld) say(format string, args ...any) {
	w.log = append(w.log, w.now.Format("2006-01-02 15:04 ")+fmt.Sprintf(format, args...))
}
