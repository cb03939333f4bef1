package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/cratio/sutra/pipeline/config"
)

const correctConfig = `sources:
  crm: {connector: sqlite, url: "file:crm.db", catalog: crm.yaml}
  files: {connector: files, url: "file:exports/", catalog: exports.yaml, account: A1}
  google: {connector: google, url: "file:google/", account: A1}
  indiamart: {connector: indiamart, url: "file:indiamart/", account: A1}
`

const correctCRM = `dataset:
  - fides_key: crm
    name: CRM
    collections:
      - name: users
        meta: {sutra: {staff: true, class: account_crm, account: account_id, erase: keep}}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
      - name: contacts
        meta: {sutra: {class: account_crm, account: account_id, erase: delete, order: 60}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: full_name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: email_alt, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: wa_id, data_categories: [user.contact.phone_number], fides_meta: {identity: wa_id}}
          - {name: city, data_categories: [user.contact.address.city]}
      - name: leads
        meta: {sutra: {class: account_crm, account: account_id, erase: delete, order: 50}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: first_name, data_categories: [user.name]}
          - {name: last_name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: payload, data_categories: [user], fides_meta: {data_type: object}}
          - {name: notes, data_categories: [user.content]}
      - name: import_rows
        meta: {sutra: {class: account_crm, account: account_id, erase: redact}}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: raw, data_categories: [user], fides_meta: {data_type: object}}]
      - name: access_log
        meta: {sutra: {class: account_crm, account: account_id, erase: keep}}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
      - name: invoices
        meta: {sutra: {class: billing, account: account_id, trigger: issued_at, erase: keep}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: billed_to_email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: issued_at}
`

const correctSQL = `
CREATE TABLE users (id INTEGER PRIMARY KEY, account_id TEXT, email TEXT);
INSERT INTO users VALUES (1, 'A1', 'agent@cratio.example');
CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id TEXT, full_name TEXT, email TEXT UNIQUE, email_alt TEXT, phone TEXT, wa_id TEXT, city TEXT);
INSERT INTO contacts VALUES
 (1, 'A1', 'Asha Verma', 'Asha.Old@example.com', NULL, '98201 45678', '919820145678', 'Pune'),
 (2, 'A1', 'Vikram Verma', 'vikram@example.com', NULL, '+91 98201 45999', NULL, 'Pune'),
 (3, 'A1', 'Chetan Rao', 'chetan@example.com', NULL, '+91 98201 45998', NULL, 'Pune'),
 (4, 'A1', 'Two Mails', 'one@example.com', 'two@example.com', NULL, NULL, NULL),
 (5, 'A2', 'Asha Elsewhere', 'asha.old@example.com ', NULL, NULL, NULL, NULL),
 (6, 'A1', 'Family Son', 'son@example.com', NULL, '9820133333', NULL, NULL),
 (7, 'A1', 'Family Mother', 'mother@example.com', NULL, '9820133333', NULL, NULL);
CREATE TABLE leads (id TEXT PRIMARY KEY, account_id TEXT, contact_id INTEGER REFERENCES contacts(id), first_name TEXT, last_name TEXT, email TEXT, phone INTEGER, payload TEXT, notes TEXT);
INSERT INTO leads VALUES
 ('L1', 'A1', 1, 'Asha', 'Verma', 'ASHA.OLD@EXAMPLE.COM', 9820145678, '{"lead": {"e-mail": "asha.old@example.com", "mobile": 9820145678, "full_name": "Asha  Verma"}, "receiver_email": "agent@cratio.example"}', 'write to asha.old@example.com'),
 ('L2', 'A1', 2, 'Vikram', 'Verma', 'vikram@example.com', 9820145999, '{"email": "vikram@example.com", "remark": "brother of asha.old@example.com"}', NULL);
CREATE TABLE import_rows (id INTEGER PRIMARY KEY, account_id TEXT, raw TEXT);
INSERT INTO import_rows VALUES
 (1, 'A1', '{"batch": 7, "leads": [{"name": "Asha Verma", "email": "asha.old@example.com", "city": "Pune"}, {"name": "Chetan Rao", "email": "chetan@example.com", "city": "Pune"}]}');
CREATE TABLE access_log (id INTEGER PRIMARY KEY, account_id TEXT, email TEXT);
INSERT INTO access_log VALUES (1, 'A1', 'asha.old@example.com');
CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id TEXT, contact_id INTEGER REFERENCES contacts(id), billed_to_email TEXT, issued_at TEXT);
INSERT INTO invoices VALUES (1, 'A1', 1, 'asha.old@example.com', '2026-05-02');
`

const correctFiles = `dataset:
  - fides_key: files
    name: Exports
    collections:
      - name: people
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: city, data_categories: [user.contact.address.city]}
`

// correctTexts are the objects whose formats are text, before the correction.
var correctTexts = map[string]string{
	"exports/people/a.csv": "name,email,phone,city\r\n\"Verma, Asha\",asha.old@example.com,+91-98201-45678,Pune\r\nChetan Rao,chetan@example.com,9820145998,Pune\r\n" +
		"Vikram,vikram@example.com,9820145999,\"tell asha.old@example.com\"\r\n",
	"exports/people/b.tsv":         "name\temail\tphone\tcity\nChetan Rao\tchetan@example.com\t09820145998\tPune\nAsha Verma\tASHA.OLD@example.com\t098201 45678\t\n",
	"exports/people/c.jsonl":       `{"name":"Asha Verma","email":"asha.old@example.com","phone":919820145678,"more":{"email":"asha.old@example.com"}}` + "\n" + `{"name":"Chetan","email":"chetan@example.com"}` + "\n",
	"exports/people/d.json":        `[ {"email": "chetan@example.com", "name": "Chetan"}, {"email": "asha.old@example.com", "name": "Asha \u0056erma", "phone": "+91 98201 45678"} ]`,
	"google/contacts/book.vcf":     "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Asha Verma\r\nEMAIL;TYPE=HOME:asha.old@example.com\r\nEMAIL;TYPE=WORK:asha.work@example.com\r\nTEL;TYPE=CELL:+91 98201 45678\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Chetan Rao\r\nEMAIL:chetan@example.com\r\nEND:VCARD\r\n",
	"indiamart/leads/2026-05.json": `{"CODE":200,"STATUS":"SUCCESS","RESPONSE":[{"UNIQUE_QUERY_ID":"1001","QUERY_TIME":"2026-05-02 10:00:00","SENDER_NAME":"Asha Verma","SENDER_MOBILE":"+91-9820145678","SENDER_EMAIL":"asha.old@example.com"},{"UNIQUE_QUERY_ID":"1002","QUERY_TIME":"2026-05-02 10:00:00","SENDER_NAME":"Chetan Rao","SENDER_MOBILE":"+91-9820145998","SENDER_EMAIL":"chetan@example.com"}]}`,
}

type exported struct {
	Name  string `parquet:"name"`
	Email string `parquet:"email"`
	Phone int64  `parquet:"phone"`
	City  string `parquet:"city"`
}

var exportedRows = []exported{{"Chetan Rao", "chetan@example.com", 9820145998, "Pune"}, {"Asha Verma", "asha.old@example.com", 919820145678, "Pune"}, {"Vikram", "vikram@example.com", 9820145999, "Pune"}}

// newBareSite makes a folder with a key and the given files.
func newBareSite(t *testing.T, lists ...map[string]string) *site {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: t.TempDir(), bin: bin}
	if err := config.Init(filepath.Join(s.dir, "new")); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(s.dir, "new", "sutra.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range append(lists, map[string]string{"sutra.key": string(key)}) {
		for name, text := range files {
			path := filepath.Join(s.dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// inSite is a site whose files below in/ are one collection of records with an e-mail
// address, which an erasure deletes. meta and fields say more of it, as YAML.
func inSite(t *testing.T, collection, meta, fields string) *site {
	return newBareSite(t, map[string]string{
		"sutra.yaml": "sources:\n  files: {connector: files, url: \"file:in/\", catalog: files.yaml}\n",
		"files.yaml": "dataset:\n  - fides_key: files\n    collections:\n      - name: " + collection + "\n        meta: {sutra: {erase: delete, " + meta + "}}\n" +
			"        fields:\n          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}\n" + fields,
	})
}

// correctSite builds the world of these tests and scans it.
func correctSite(t *testing.T) *site {
	t.Helper()
	s := newBareSite(t, map[string]string{"sutra.yaml": correctConfig, "crm.yaml": correctCRM, "exports.yaml": correctFiles}, correctTexts)
	if err := parquet.WriteFile(filepath.Join(s.dir, "exports/people/e.parquet"), exportedRows); err != nil {
		t.Fatal(err)
	}
	x := excelize.NewFile()
	for i, r := range append([]exported{{Name: "name", Email: "email"}}, exportedRows...) {
		cells := []any{r.Name, r.Email, r.Phone, r.City}
		if i == 0 {
			cells = []any{"name", "email", "phone", "city"}
		}
		if err := x.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.SaveAs(filepath.Join(s.dir, "exports/people/f.xlsx")); err != nil {
		t.Fatal(err)
	}
	s.sql(correctSQL)
	s.run("scan")
	return s
}

// sql runs statements on the CRM.
func (s *site) sql(script string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "crm.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		s.t.Fatal(err)
	}
}

// rows returns every row of every table of the CRM as text.
func (s *site) crmRows() map[string]string {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "crm.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	out := map[string]string{}
	for _, table := range strings.Fields(query(s.t, db, "SELECT group_concat(name, ' ') FROM sqlite_master WHERE type = 'table'")[0]) {
		for _, row := range query(s.t, db, "SELECT * FROM "+table) {
			key, _, _ := strings.Cut(row, "|")
			out[table+" "+key] = row
		}
	}
	return out
}

func query(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rs, err := db.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	cols, err := rs.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rs.Next() {
		v, p := make([]any, len(cols)), make([]any, len(cols))
		for i := range v {
			p[i] = &v[i]
		}
		if err := rs.Scan(p...); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, x := range v {
			if b, ok := x.([]byte); ok {
				x = string(b)
			}
			parts = append(parts, fmt.Sprint(x))
		}
		out = append(out, strings.Join(parts, "|"))
	}
	if err := rs.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *site) file(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// status runs the binary and returns its exit status and output.
func (s *site) status(args ...string) (int, string) {
	s.t.Helper()
	out, err := s.cmd(args...).CombinedOutput()
	var e *exec.ExitError
	if err != nil && !asExit(err, &e) {
		s.t.Fatal(err)
	}
	if e != nil {
		return e.ExitCode(), string(out)
	}
	return 0, string(out)
}

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}

// last decodes the last line of an output.
func last(t *testing.T, out string) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	m := map[string]any{}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &m); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return m
}

// onlyGone holds that of what a text says of people from 1 to n, in words with their
// number, what is of some is gone and what is of all others is there.
func onlyGone(t *testing.T, text string, n int, words []string, erased ...int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		gone := slices.Contains(erased, i)
		for _, word := range words {
			if word = fmt.Sprintf(word, i); strings.Contains(text, word) == gone {
				t.Errorf("%q is there: %v", word, gone)
			}
		}
	}
}

// values returns every row of the database as text.
func (s *site) values() []string {
	s.t.Helper()
	var out []string
	for key, row := range s.rowsByKey() {
		out = append(out, key+" "+row)
	}
	return out
}
