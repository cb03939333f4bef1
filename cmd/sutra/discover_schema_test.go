package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The schema of a CRM that nobody here designed: names of three vendors' habits,
// foreign keys only where their authors cared, cycles, self references, pairs of
// type and id, a form builder, payloads, logs, tables about nobody.
const foreignSchema = `
CREATE TABLE tenants (id INTEGER PRIMARY KEY, company_name TEXT, gstin TEXT, contact_phone TEXT, plan TEXT, created_at TEXT, terminated_on TEXT);
CREATE TABLE staff_users (id INTEGER PRIMARY KEY, tenant_id INTEGER REFERENCES tenants(id), full_name TEXT, email TEXT, mobile TEXT, password_hash TEXT, role TEXT, manager_id INTEGER REFERENCES staff_users(id), team_id INTEGER REFERENCES teams(id));
CREATE TABLE teams (id INTEGER PRIMARY KEY, tenant_id INTEGER REFERENCES tenants(id), name TEXT, lead_user_id INTEGER REFERENCES staff_users(id));
CREATE TABLE organizations (id INTEGER PRIMARY KEY, tenant_id INTEGER, organization_name TEXT, phone TEXT, website TEXT, city TEXT);
CREATE TABLE persons (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL REFERENCES tenants(id), first_name TEXT, last_name TEXT, email TEXT, mobile_no TEXT, alt_phone TEXT, dob TEXT, organization_id INTEGER REFERENCES organizations(id), address_id INTEGER REFERENCES addresses(id), merged_into_id INTEGER REFERENCES persons(id), main_deal_id TEXT REFERENCES deals(id), created_at TEXT, deleted_at TEXT);
CREATE TABLE addresses (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES persons(id), line1 TEXT, city TEXT, pincode TEXT);
CREATE TABLE crm_lead (name TEXT PRIMARY KEY, tenant_id INTEGER, person INTEGER REFERENCES persons(id), lead_name TEXT, email TEXT, mobile_no TEXT, organization_id INTEGER, status TEXT, lead_owner INTEGER REFERENCES staff_users(id), source_payload TEXT, creation TEXT, deleted_at TEXT);
CREATE TABLE deals (id TEXT PRIMARY KEY, tenant_id INTEGER, lead TEXT REFERENCES crm_lead(name), stage_id INTEGER REFERENCES stages(id), amount REAL, creation TEXT);
CREATE TABLE stages (id INTEGER PRIMARY KEY, label TEXT, position INTEGER);
CREATE TABLE products (id INTEGER PRIMARY KEY, sku TEXT, title TEXT, price REAL);
CREATE TABLE deal_products (deal_id TEXT REFERENCES deals(id), product_id INTEGER REFERENCES products(id), qty INTEGER, PRIMARY KEY (deal_id, product_id));
CREATE TABLE deal_tasks (id INTEGER PRIMARY KEY, deal_id TEXT REFERENCES deals(id), title TEXT, description TEXT, due_at TEXT);
CREATE TABLE meetings (id INTEGER PRIMARY KEY, tenant_id INTEGER, subject TEXT, starts_at TEXT, organizer_id INTEGER REFERENCES staff_users(id));
CREATE TABLE meeting_attendees (meeting_id INTEGER REFERENCES meetings(id), lead_name TEXT REFERENCES crm_lead(name), reply TEXT, PRIMARY KEY (meeting_id, lead_name));
CREATE TABLE call_log (id TEXT PRIMARY KEY, tenant_id INTEGER, from_no TEXT, to_no TEXT, reference_doctype TEXT, reference_docname TEXT, caller INTEGER REFERENCES staff_users(id), start_time TEXT, duration INTEGER, note TEXT);
CREATE TABLE crm_note (name TEXT PRIMARY KEY, title TEXT, content TEXT, reference_doctype TEXT, reference_docname TEXT, owner INTEGER REFERENCES staff_users(id), creation TEXT);
CREATE TABLE comments (id INTEGER PRIMARY KEY, entity TEXT, entity_id TEXT, body TEXT, parent_id INTEGER REFERENCES comments(id), created_at TEXT);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, tenant_id INTEGER, person_id INTEGER REFERENCES persons(id), subject TEXT, body TEXT, status TEXT, created_at TEXT, closed_at TEXT);
CREATE TABLE ticket_replies (id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL REFERENCES tickets(id), author TEXT, body TEXT, sent_at TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, tenant_id INTEGER, person_id INTEGER REFERENCES persons(id), number TEXT, billed_to_name TEXT, billed_to_phone TEXT, billing_address TEXT, total REAL, invoice_date TEXT);
CREATE TABLE invoice_lines (id INTEGER PRIMARY KEY, invoice_id INTEGER REFERENCES invoices(id), product_id INTEGER REFERENCES products(id), qty INTEGER);
CREATE TABLE form_records (id INTEGER PRIMARY KEY, tenant_id INTEGER, form TEXT, created_at TEXT);
CREATE TABLE field_defs (id INTEGER PRIMARY KEY, form TEXT, label TEXT, kind TEXT);
CREATE TABLE field_values (record_id INTEGER REFERENCES form_records(id), field_def_id INTEGER REFERENCES field_defs(id), value_text TEXT, PRIMARY KEY (record_id, field_def_id));
CREATE TABLE webhook_log (id INTEGER PRIMARY KEY, tenant_id INTEGER, headers TEXT, body TEXT, received_at TEXT);
CREATE TABLE audit_trail (id INTEGER PRIMARY KEY, tenant_id INTEGER, doctype TEXT, docname TEXT, before TEXT, after TEXT, changed_by INTEGER REFERENCES staff_users(id), changed_at TEXT);
CREATE TABLE deleted_document (id INTEGER PRIMARY KEY, tenant_id INTEGER, doctype TEXT, docname TEXT, data TEXT, deleted_at TEXT);
CREATE TABLE import_batches (id INTEGER PRIMARY KEY, file TEXT, imported_by INTEGER REFERENCES staff_users(id), at TEXT);
CREATE TABLE import_rows (id INTEGER PRIMARY KEY, tenant_id INTEGER, batch_id INTEGER REFERENCES import_batches(id), raw TEXT, at TEXT);
CREATE TABLE device_contacts (id INTEGER PRIMARY KEY, tenant_id INTEGER, user_id INTEGER REFERENCES staff_users(id), name TEXT, phone TEXT, synced_at TEXT);
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE lead_tags (lead_name TEXT REFERENCES crm_lead(name), tag_id INTEGER REFERENCES tags(id), PRIMARY KEY (lead_name, tag_id));
CREATE TABLE referrals (id INTEGER PRIMARY KEY, tenant_id INTEGER, referrer_id INTEGER REFERENCES persons(id), referred_id INTEGER REFERENCES persons(id), remark TEXT);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE exchange_rates (day TEXT, currency TEXT, rate REAL, PRIMARY KEY (day, currency));
`

// foreign is the content of the schema, and whose each row is.
type foreign struct {
	sql   strings.Builder
	owner map[string]int // "table key" → person; 0: nobody
	fate  map[string]string
}

func (w *foreign) add(who int, fate, table string, values ...any) {
	var list []string
	for _, v := range values {
		switch x := v.(type) {
		case nil:
			list = append(list, "NULL")
		case string:
			list = append(list, "'"+strings.ReplaceAll(x, "'", "''")+"'")
		default:
			list = append(list, fmt.Sprint(x))
		}
	}
	fmt.Fprintf(&w.sql, "INSERT INTO %s VALUES (%s);\n", table, strings.Join(list, ", "))
	key := table + " " + fmt.Sprint(values[0])
	if table == "deal_products" || table == "meeting_attendees" || table == "field_values" || table == "lead_tags" {
		key = table + " " + fmt.Sprint(values[0]) + "|" + fmt.Sprint(values[1])
	}
	w.owner[key], w.fate[key] = who, fate
}

// The people of the foreign schema: 60, the first 40 of them of tenant 1.
const foreignPeople = 60

var syllables = []string{"ra", "vi", "ka", "lo", "mi", "sha", "ne", "tu", "di", "pa"}

func personName(i int) (first, last string) {
	a, b := syllables[i%10], syllables[(i/10)%10]
	return strings.ToUpper(a[:1]) + a[1:] + b + "na", strings.ToUpper(b[:1]) + b[1:] + a + "kar"
}

func personMail(i int) string {
	first, last := personName(i)
	return strings.ToLower(first + "." + last + "@example.com")
}

func personPhone(i int) string { return fmt.Sprintf("98201%05d", 41234+i*37) }

func foreignWorld() *foreign {
	w := &foreign{owner: map[string]int{}, fate: map[string]string{}}
	for t := 1; t <= 2; t++ {
		w.add(0, "", "tenants", t, fmt.Sprintf("Tenant %d Pvt Ltd", t), "27AAPFU0939F1ZV", fmt.Sprintf("02222%06d", 345670+t), "gold", "2024-01-02", nil)
		for u := 1; u <= 6; u++ {
			id := t*10 + u
			w.add(0, "", "staff_users", id, t, "Agent "+syllables[u]+"esh", fmt.Sprintf("agent%d@tenant%d.example", u, t), fmt.Sprintf("+9199300%05d", id*111), "x1", "sales", t*10+1, t)
		}
		w.add(0, "", "teams", t, t, "North", t*10+1)
		for o := 1; o <= 4; o++ {
			w.add(0, "", "organizations", t*10+o, t, fmt.Sprintf("Shakti Traders %d", o), fmt.Sprintf("+9198330%05d", t*1000+o*7), "https://shakti.example", "Pune")
		}
	}
	for i, s := range []string{"New", "Won", "Lost"} {
		w.add(0, "", "stages", i+1, s, i)
		w.add(0, "", "products", i+1, "SKU-"+s, "Pump "+s, 100.5)
		w.add(0, "", "tags", i+1, "tag "+s)
	}
	for i, l := range []string{"Contact Name", "Mobile", "E-Mail ID", "Budget"} {
		w.add(0, "", "field_defs", i+1, "Enquiry", l, "text")
	}
	for i := 1; i <= 8; i++ {
		w.add(0, "", "meetings", i, 1+i%2, "Review of the week", "2026-03-01 10:00:00", 11)
		w.add(0, "", "import_batches", i, fmt.Sprintf("drop-%d.csv", i), 11, "2026-03-01")
		w.add(0, "", "settings", fmt.Sprintf("key%d", i), "on")
		w.add(0, "", "exchange_rates", fmt.Sprintf("2026-03-%02d", i), "USD", 83.2)
	}
	for i := 1; i <= foreignPeople; i++ {
		w.person(i)
	}
	return w
}

// person adds the rows of one person.
func (w *foreign) person(i int) {
	t, first, last := 1, "", ""
	if i > 40 {
		t = 2
	}
	first, last = personName(i)
	mail, phone, name, lead := personMail(i), personPhone(i), first+" "+last, fmt.Sprintf("CRM-LEAD-2026-%05d", i)
	payload := fmt.Sprintf(`{"full_name": %q, "email": %q, "phone": "+91%s", "campaign": "spring"}`, name, mail, phone)
	day := fmt.Sprintf("2026-02-%02d 10:00:00", 1+i%28)
	w.add(i, "shell", "persons", i, t, first, last, mail, phone, nil, "1990-04-05", t*10+1+i%4, i, nil, nil, day, nil)
	w.add(i, "shell", "addresses", i, i, fmt.Sprintf("%d MG Road", i), "Pune", "411001")
	w.add(i, "shell", "crm_lead", lead, t, i, name, strings.ToUpper(mail), "+91 "+phone[:5]+" "+phone[5:], t*10+1+i%4, "New", t*10+1+i%6, payload, day, nil)
	if i%5 == 0 { // a duplicate that was merged and soft-deleted, and knows another number
		w.add(i, "gone", "persons", 1000+i, t, first, last, "old."+mail, fmt.Sprintf("97690%05d", 1234+i*31), nil, nil, nil, nil, i, nil, day, day)
	}
	deal := fmt.Sprintf("%08x-0000-4000-8000-%012x", i*7919, i)
	w.add(i, "gone", "deals", deal, t, lead, 1+i%3, 5000.5, day)
	w.add(i, "gone", "deal_products", deal, 1+i%3, 2)
	w.add(i, "gone", "deal_tasks", i, deal, "Call "+first, "about the pump", day)
	w.add(i, "gone", "meeting_attendees", 1+(i*2+t)%8, lead, "yes")
	w.add(i, "gone", "call_log", fmt.Sprintf("CA%032x", i*104729), t, "+91"+phone, fmt.Sprintf("+9199300%05d", (t*10+1+i%6)*111), "CRM Lead", lead, t*10+1+i%6, day, 60, "wants a call")
	w.add(i, "gone", "crm_note", fmt.Sprintf("NOTE-%05d", i), "Met "+first, "likes the pump", "CRM Lead", lead, t*10+1, day)
	w.add(i, "shell", "comments", i, "persons", fmt.Sprint(i), "asked twice", nil, day)
	if i > 1 { // an answer to somebody else's comment
		w.add(i, "gone", "comments", 500+i, "persons", fmt.Sprint(i), "me too", i-1, day)
	}
	w.add(i, "gone", "tickets", i, t, i, "Broken", "the pump of "+name, "closed", day, "2026-03-02 11:00:00")
	w.add(i, "gone", "ticket_replies", i, i, "agent", "we come", day)
	w.add(i, "invoice", "invoices", i, t, i, fmt.Sprintf("INV-%d", i), name, phone, fmt.Sprintf("%d MG Road", i), 118.0, "2026-03-05")
	w.add(0, "", "invoice_lines", i, i, 1, 1)
	w.add(i, "gone", "form_records", i, t, "Enquiry", day)
	for k, v := range []string{name, phone, mail, "5000"} {
		w.add(i, "gone", "field_values", i, k+1, v)
	}
	w.add(i, "emptied", "webhook_log", i, t, `{"content-type": "application/json"}`, payload, day)
	w.add(i, "emptied", "audit_trail", i, t, "CRM Lead", lead, `{"status": "New"}`, payload, 11, day)
	w.add(i, "emptied", "deleted_document", i, t, "Contact", fmt.Sprint(3000+i), payload, day)
	w.add(i, "gone", "import_rows", i, t, 1+i%8, payload, day)
	w.add(i, "gone", "device_contacts", i, t, t*10+1+i%6, first, phone, day)
	w.add(i, "gone", "lead_tags", lead, 1+i%3)
	if i%10 == 3 {
		w.add(-1, "either", "referrals", i, t, i, i+1, "friends")
	}
}

// TestDiscoverForeignSchema makes the whole catalog by discover, and erases people
// with it: every row of every table is compared with what has to become of it. It
// does so with all rows sampled, with a part of them, and where nobody declared a
// foreign key.
func TestDiscoverForeignSchema(t *testing.T) {
	undeclared := regexp.MustCompile(` REFERENCES \w+\(\w+\)`).ReplaceAllString(foreignSchema, "")
	for _, c := range []struct {
		name, schema, rows string
		people             []int
	}{
		{"declared", foreignSchema, "1000", []int{17, 25, 43}},
		{"sampled in part", foreignSchema, "25", []int{13}},
		{"undeclared", undeclared, "1000", []int{17, 25}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, w := foreignSite(t, c.schema, c.rows)
			for i, who := range c.people {
				before := s.rowsByKey()
				tenant := "1"
				if who > 40 {
					tenant = "2"
				}
				plan := fmt.Sprintf("plan%d.json", i)
				s.run("erase", personMail(who), "--account", tenant, "-o", plan)
				if code, out := s.status("apply", plan); code != 0 {
					t.Fatalf("person %d: exit %d: %s", who, code, out)
				}
				w.compare(t, who, before, s.rowsByKey())
			}
			w.unexpired(t, s)
		})
	}
}

// foreignSite builds the schema, makes the catalog by discover and scans.
func foreignSite(t *testing.T, schema, rows string) (*site, *foreign) {
	t.Helper()
	s := newBareSite(t)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := foreignWorld()
	s.sql("BEGIN;" + schema + w.sql.String() + "COMMIT;")
	write("sources:\n  crm: {connector: sqlite, url: \"file:crm.db\"}\n")
	s.run("discover", "crm", "--seed", "3", "--rows", rows, "-o", "crm.yaml")
	write("sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n")
	s.run("scan")
	return s, w
}

// unexpired: retention erases nothing by a catalog that nobody has read yet, as
// long as nothing is past its period.
func (w *foreign) unexpired(t *testing.T, s *site) {
	t.Helper()
	sum := last(t, s.run("retain", "--as-of", "2026-04-01", "-o", "retain.json"))
	if sum["records"] != 0.0 {
		t.Errorf("retention would erase: %v", sum)
	}
}

// rowsByKey returns every row by table and key.
func (s *site) rowsByKey() map[string]string {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "crm.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	out := map[string]string{}
	for _, table := range query(s.t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'") {
		for _, row := range query(s.t, db, "SELECT * FROM "+table) {
			parts := strings.SplitN(row, "|", 3)
			key := table + " " + parts[0]
			switch table {
			case "deal_products", "meeting_attendees", "field_values", "lead_tags":
				key += "|" + parts[1]
			}
			out[key] = row
		}
	}
	return out
}

// compare checks what became of every row when one person was erased.
func (w *foreign) compare(t *testing.T, who int, before, after map[string]string) {
	t.Helper()
	first, last := personName(who)
	hers := []string{strings.ToLower(first), strings.ToLower(last), personMail(who), personPhone(who), personPhone(who)[:5] + " " + personPhone(who)[5:], fmt.Sprintf("97690%05d", 1234+who*31)}
	for key, row := range before {
		now, there := after[key]
		low := strings.ToLower(now)
		said := ""
		for _, v := range hers {
			if strings.Contains(low, v) {
				said = v
			}
		}
		switch {
		case w.fate[key] == "either":
		case w.owner[key] != who:
			if d := cmp.Diff(row, now); d != "" {
				t.Errorf("person %d: a row of somebody else: %s: %s", who, key, d)
			}
		case w.fate[key] == "invoice":
			if !there || !strings.Contains(now, first+" "+last) || strings.Contains(now, personPhone(who)) {
				t.Errorf("person %d: the invoice %s: %s", who, key, now)
			}
		case w.fate[key] == "emptied" && !there:
			t.Errorf("person %d: %s is gone", who, key)
		case said != "":
			t.Errorf("person %d: %s still holds %q: %s", who, key, said, now)
		case w.fate[key] == "shell" && there: // other rows refer to it by foreign keys
			for _, v := range []string{"MG Road", "asked twice", "me too", "1990"} {
				if strings.Contains(now, v) {
					t.Errorf("person %d: the shell %s still holds %q: %s", who, key, v, now)
				}
			}
		case w.fate[key] == "gone" && there:
			t.Errorf("person %d: %s is still there: %s", who, key, now)
		}
	}
}
