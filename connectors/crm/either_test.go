package crm

import (
	"fmt"
	"strings"
	"testing"
)

// TestEither: a column that may be the key of a row in one of several tables is followed where no
// id is in two of them. Else it leads to nobody, and the check and the rows that are read say so.
func TestEither(t *testing.T) {
	const longKey = "'003abcdefghijkl%d'"
	for _, c := range []struct {
		name           string
		key            string // the type of keys
		contact, lead  string // the spelling of a key
		n, from        int    // how many leads there are, and from which on
		held           bool   // the database holds each value to both tables
		followed, more bool   // a row of leads says more of the contact with its key
	}{
		{name: "two counters", key: "INTEGER", contact: "%d", lead: "%d", n: 40, from: 1},
		{name: "one counter that goes on", key: "INTEGER", contact: "%d", lead: "%d", n: 40, from: 500, followed: true},
		{name: "few ids between", key: "INTEGER", contact: "2*%d", lead: "2*%d+1", n: 40, from: 1},
		{name: "many ids between", key: "INTEGER", contact: "2*%d", lead: "2*%d+1", n: 150, from: 1, followed: true},
		{name: "nobody there", key: "INTEGER", contact: "%d", lead: "%d", followed: true},
		{name: "numbers as texts", key: "VARCHAR(20)", contact: "'%d'", lead: "'%d'", n: 40, from: 1},
		{name: "long keys", key: "VARCHAR(20)", contact: longKey, lead: strings.Replace(longKey, "003", "00Q", 1), n: 40, from: 1, followed: true},
		{name: "long keys and short ones behind", key: "VARCHAR(20)", contact: "CASE WHEN %[1]d > 120 THEN 'L-%[1]d' ELSE '003abcdefghijkl%[1]d' END", lead: "CASE WHEN %[1]d > 120 THEN 'L-%[1]d' ELSE '00Qabcdefghijkl%[1]d' END", n: 150, from: 1},
		{name: "short codes", key: "VARCHAR(20)", contact: "'K%d'", lead: "'K%d'", n: 40, from: 1},
		{name: "long numbers as texts", key: "VARCHAR(30)", contact: "'100000000000000%d'", lead: "'100000000000000%d'", n: 40, from: 1},
		{name: "random ids", key: "UUID", contact: "'00000000-0000-4000-8000-%012d'", lead: "'00000000-0000-4000-9000-%012d'", n: 40, from: 1, followed: true},
		{name: "held to both", key: "INTEGER", contact: "%d", lead: "%d", n: 150, from: 1, held: true, followed: true},
		{name: "one says more of the other", key: "INTEGER", contact: "%d", lead: "%d", n: 40, from: 1, more: true, followed: true},
	} {
		for _, kind := range []string{"sqlite", "postgres", "mysql"} {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				var contacts, leads []string
				for i := range 150 {
					contacts = append(contacts, fmt.Sprintf("("+c.contact+", '98220%05d')", i+1, i))
					if i < c.n {
						leads = append(leads, fmt.Sprintf("("+c.lead+", '98330%05d')", i+c.from, i))
					}
				}
				rows := "INSERT INTO contacts VALUES " + strings.Join(contacts, ", ") + ";\n"
				if len(leads) > 0 {
					rows += "INSERT INTO leads VALUES " + strings.Join(leads, ", ") + ";\n"
				}
				held, key := "", "id!"
				if c.held {
					held = ", FOREIGN KEY (who_id) REFERENCES contacts (id), FOREIGN KEY (who_id) REFERENCES leads (id)"
				}
				if c.more {
					key = "id!>contacts.id"
				}
				ddl := fmt.Sprintf("CREATE TABLE contacts (id %[1]s PRIMARY KEY, phone VARCHAR(20));\nCREATE TABLE leads (id %[1]s PRIMARY KEY, phone VARCHAR(20));\n"+
					"CREATE TABLE tasks (id INTEGER PRIMARY KEY, who_id %[1]s, body VARCHAR(40)%[2]s);\n", c.key, held) + rows +
					fmt.Sprintf("INSERT INTO tasks VALUES (1, "+c.contact+", 'call')", 1)
				catalog := "contacts: id! phone@phone\nleads: " + key + " phone@phone\ntasks: id! who_id>contacts.id>leads.id body~"
				var f *fixture
				if kind == "sqlite" {
					f = newFixture(t, catalog, ddl)
				} else {
					f = serverFixture(t, kind, catalog, ddl)
				}
				d, err := f.src.Describe(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				tasks, _ := d.Collection("tasks")
				for _, x := range tasks.Fields {
					if x.Name == "who_id" && (x.Role == "mention" && len(x.May) == 2) == c.followed {
						t.Errorf("followed is to be %v, the role is %q", c.followed, x.Role)
					}
				}
				told, err := f.src.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if s := fmt.Sprint(told); strings.Contains(s, "have ids in common") == c.followed {
					t.Errorf("the check says %s", s)
				}
			})
		}
	}
}

// TestEitherForGood: a column that once may have been the key of a contact or of a lead leads to
// nobody also when those who had an id in common are gone: what referred to a lead that was
// erased is not the contact's. What is read goes on to say so.
func TestEitherForGood(t *testing.T) {
	const catalog = "contacts: id! phone@phone\nleads: id! phone@phone\ntasks: id! who_id>contacts.id>leads.id body~"
	f := newFixture(t, catalog, `CREATE TABLE contacts (id INTEGER PRIMARY KEY, phone TEXT); CREATE TABLE leads (id INTEGER PRIMARY KEY, phone TEXT);
		CREATE TABLE tasks (id INTEGER PRIMARY KEY, who_id INTEGER, body TEXT);
		INSERT INTO contacts VALUES (5, '9822031415'); INSERT INTO leads VALUES (5, '9822031416'); INSERT INTO tasks VALUES (1, 5, 'is ill')`)
	for _, change := range []string{"SELECT 1", "DELETE FROM leads"} {
		f.exec(change)
		d, err := f.src.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tasks, _ := d.Collection("tasks")
		who, _ := tasks.Field("who_id")
		if who.Role != "mention" || len(who.May) != 2 || len(f.src.mixed["tasks"]) != 1 {
			t.Errorf("after %q: %+v, told of %v", change, who, f.src.mixed)
		}
	}
}
