package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/cratio/sutra/connectors/connectortest/server"
	"github.com/cratio/sutra/pipeline/audit"
)

// The tables of a small CRM, in words that both servers understand.
const serverTables = `
CREATE TABLE tenants (id INTEGER PRIMARY KEY, company_name VARCHAR(60), terminated_on DATE);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, tenant_id INTEGER REFERENCES tenants(id), full_name VARCHAR(60) NOT NULL, email VARCHAR(80) UNIQUE, mobile BIGINT, created_at TIMESTAMP);
CREATE TABLE enquiries (id CHAR(36) PRIMARY KEY, tenant_id INTEGER, contact_id INTEGER, email VARCHAR(80), payload JSON, created_at TIMESTAMP, FOREIGN KEY (contact_id) REFERENCES contacts(id));
CREATE TABLE visits (email VARCHAR(80), page VARCHAR(20));
CREATE TABLE remarks (id INTEGER PRIMARY KEY, ref_type VARCHAR(20), ref_id VARCHAR(40), body TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, tenant_id INTEGER, contact_id INTEGER, billed_to_name VARCHAR(60), billed_to_email VARCHAR(80), total NUMERIC(10,2), invoice_date DATE, FOREIGN KEY (contact_id) REFERENCES contacts(id))`

// serverRows fills them with twenty people.
func serverRows() []string {
	out := []string{"INSERT INTO tenants VALUES (1, 'One Pvt Ltd', NULL), (2, 'Two Pvt Ltd', NULL)"}
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		name, mail, t := first+" "+last, personMail(i), 1+i%2
		out = append(out,
			fmt.Sprintf("INSERT INTO contacts VALUES (%d, %d, '%s', '%s', 91%s, '2026-02-03 10:00:00')", i, t, name, mail, personPhone(i)),
			fmt.Sprintf(`INSERT INTO enquiries VALUES ('%08d-0000-4000-8000-000000000000', %d, %d, '%s', '{"full_name": "%s", "email": "%s", "n": %d}', '2026-02-03 10:00:00')`, i, t, i, strings.ToUpper(mail), name, mail, i),
			fmt.Sprintf("INSERT INTO visits VALUES ('%s', 'page %d')", mail, i),
			fmt.Sprintf("INSERT INTO remarks VALUES (%d, 'Contact', '%d', 'likes tea'), (%d, 'Enquiry', '%08d-0000-4000-8000-000000000000', 'asked twice')", i, i, 100+i, i),
			fmt.Sprintf("INSERT INTO invoices VALUES (%d, %d, %d, '%s', '%s', 118.50, '2026-02-04')", i, t, i, name, mail))
	}
	return out
}

// TestDiscoverAndCorrectOnServers makes the catalog of a database server by
// discover, corrects an address with it and erases its owner; every row is compared.
func TestDiscoverAndCorrectOnServers(t *testing.T) {
	ctx := context.Background()
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			driver, dsn := "pgx", ""
			if kind == "postgres" {
				srv, err := server.StartPostgres(ctx, "", "fsync=off")
				if err != nil {
					t.Fatal(err)
				}
				defer stopped(t, srv.Stop)
				dsn = srv.DSN("postgres")
			} else {
				srv, err := server.StartMariaDB(ctx, "")
				if err != nil {
					t.Fatal(err)
				}
				defer stopped(t, srv.Stop)
				if dsn, err = srv.Database(ctx, "crm"); err != nil {
					t.Fatal(err)
				}
				driver = "mysql"
			}
			db, err := sql.Open(driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer stopped(t, db.Close)
			for _, q := range append(strings.Split(serverTables, ";\n"), serverRows()...) {
				if _, err := db.Exec(q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
			onServer(t, kind, dsn, db)
		})
	}
}

func stopped(t *testing.T, fn func() error) {
	if err := fn(); err != nil {
		t.Error(err)
	}
}

func onServer(t *testing.T, kind, dsn string, db *sql.DB) {
	conf := fmt.Sprintf("sources:\n  crm: {connector: %s, url: %q", kind, dsn)
	s := newBareSite(t, map[string]string{"sutra.yaml": conf + "}\n"})
	s.run("discover", "crm", "--seed", "2", "-o", "crm.yaml")
	if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte(conf+", catalog: crm.yaml}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// MariaDB makes an index for each foreign key by itself.
	slow := strings.Contains(s.run("check"), `no index of table \"invoices\" begins with contact_id, which refers to table \"contacts\"`)
	if slow != (kind == "postgres") {
		t.Errorf("check names a foreign key without an index: %v", slow)
	}
	s.run("scan")
	rows := func() map[string]string {
		out := map[string]string{}
		for _, table := range []string{"tenants", "contacts", "enquiries", "visits", "remarks", "invoices"} {
			for _, r := range query(t, db, "SELECT * FROM "+table) {
				key, _, _ := strings.Cut(r, "|")
				out[table+" "+key] = r
			}
		}
		return out
	}
	want := rows()
	const now = "new.address@example.org"
	out := s.run("correct", personMail(7), "--set", "user.contact.email="+now, "-o", "plan")
	if !strings.Contains(out, `"dataset":"crm.invoices"`) || !strings.Contains(out, `"reason":"law"`) {
		t.Errorf("the invoice is not listed: %s", out)
	}
	if sum := last(t, s.run("apply", "plan")); sum["redacted"] != 3.0 || sum["residue"] != 0.0 {
		t.Errorf("%v", sum)
	}
	lead := "enquiries 00000007-0000-4000-8000-000000000000"
	want["contacts 7"] = strings.Replace(want["contacts 7"], personMail(7), now, 1)
	want[lead] = strings.NewReplacer(personMail(7), now, strings.ToUpper(personMail(7)), now).Replace(want[lead])
	want["visits "+now] = strings.Replace(want["visits "+personMail(7)], personMail(7), now, 1) // named by its content: there is no key
	delete(want, "visits "+personMail(7))
	if d := cmp.Diff(want, rows()); d != "" {
		t.Fatalf("after the correction: %s", d)
	}
	s.run("erase", now, "-o", "gone")
	if code, out := s.status("apply", "gone"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	certificateNames(t, s, map[string]string{"postgres": "VACUUM FULL", "mysql": "OPTIMIZE TABLE"}[kind])
	after := rows()
	for _, k := range []string{lead, "visits " + now, "remarks 7", "remarks 107"} {
		if row, there := after[k]; there {
			t.Errorf("%s is still there: %s", k, row)
		}
		delete(want, k)
	}
	first, last := personName(7)
	if row := after["contacts 7"]; strings.Contains(row, first) || strings.Contains(row, now) || strings.Contains(row, personPhone(7)) {
		t.Errorf("the contact to which the invoice refers: %s", row)
	}
	if row := after["invoices 7"]; !strings.Contains(row, first+" "+last) || strings.Contains(row, "@") {
		t.Errorf("the invoice: %s", row)
	}
	for _, k := range []string{"contacts 7", "invoices 7"} {
		delete(want, k)
		delete(after, k)
	}
	if d := cmp.Diff(want, after); d != "" {
		t.Errorf("a stranger's row changed: %s", d)
	}
}

// certificateNames asks that a certificate tells what deletion leaves behind in the
// CRM's server.
func certificateNames(t *testing.T, s *site, what string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, "state", "certificates", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d certificates, %v", len(paths), err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var c audit.Certificate
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(c.Leftovers, func(l audit.Leftover) bool { return l.Store == "crm" && strings.Contains(l.What, what) }) {
			t.Errorf("the certificate of a %s says nothing of %s: %v", c.Kind, what, c.Leftovers)
		}
	}
}
