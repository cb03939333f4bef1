package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const identityYAML = `sources:
  crm: {connector: sqlite, url: "file:crm.db", catalog: crm.yaml}
  files: {connector: files, url: "file:drop/", catalog: drop.yaml, account: {path: 1}}
`

const identityCRM = `dataset:
  - fides_key: crm
    name: CRM
    collections:
      - name: users
        meta: {sutra: {staff: true, class: account_crm, account: account_id, erase: keep}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
      - name: contacts
        meta: {sutra: {class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 60}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: merged_into_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}, meta: {sutra: {link: merged}}}
      - name: leads
        meta: {sutra: {class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 50}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
      - name: tickets
        meta: {sutra: {class: support_ticket, account: account_id, trigger: closed_at, erase: delete, order: 30}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: lead_id, fides_meta: {references: [{dataset: crm, field: leads.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
          - {name: closed_at}
      - name: replies
        meta: {sutra: {class: support_ticket, erase: delete, order: 20}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: ticket_id, fides_meta: {references: [{dataset: crm, field: tickets.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
      - name: notes
        meta: {sutra: {class: account_crm, account: account_id, erase: delete, order: 10, refs: [{type: ref_type, id: ref_id}]}}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: body, data_categories: [user.content]}, {name: ref_type}, {name: ref_id}]
`

const identityDrop = `dataset:
  - fides_key: files
    name: Drops
    collections:
      - name: leads
        meta: {sutra: {class: account_crm, erase: delete, path: "*/*.csv"}}
        fields:
          - {name: name, data_categories: [user.name]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
`

const identitySQL = `
CREATE TABLE users (id INTEGER PRIMARY KEY, account_id TEXT, name TEXT, phone TEXT);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id TEXT, name TEXT, email TEXT, phone TEXT, merged_into_id INTEGER, created_at TEXT);
CREATE TABLE leads (id INTEGER PRIMARY KEY, account_id TEXT, contact_id INTEGER, name TEXT, email TEXT, phone TEXT, created_at TEXT);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, account_id TEXT, lead_id INTEGER, body TEXT, closed_at TEXT);
CREATE TABLE replies (id INTEGER PRIMARY KEY, ticket_id INTEGER, body TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, account_id TEXT, ref_type TEXT, ref_id INTEGER, body TEXT);
-- an office: four people, one landline; each has a number of her own
INSERT INTO contacts VALUES (1,'A1','Asha Verma','asha@example.com','98201 45001',NULL,'2026-01-01'), (2,'A1','Bela Jain','bela@example.com','98201 45002',NULL,'2026-01-01'),
 (3,'A1','Chetan Rao','chetan@example.com','98201 45003',NULL,'2026-01-01'), (4,'A1','Dina Shah','dina@example.com','98201 45004',NULL,'2026-01-01');
INSERT INTO leads VALUES (1,'A1',1,'Asha Verma',NULL,'022-24567890','2026-01-02'), (2,'A1',2,'Bela Jain',NULL,'022-24567890','2026-01-02'),
 (3,'A1',3,'Chetan Rao',NULL,'02224567890','2026-01-02'), (4,'A1',4,'Dina Shah',NULL,'+91 22 2456 7890','2026-01-02');
-- the same ids in every table: nobody is joined by a bare number
INSERT INTO tickets VALUES (1,'A1',2,'the pump of Bela',NULL), (2,'A1',1,'the pump of Asha',NULL);
INSERT INTO replies VALUES (1,1,'we come to Bela'), (2,2,'we come to Asha'), (3,2,'and again');
INSERT INTO notes VALUES (1,'A1','Lead',3,'Chetan is on leave'), (2,'A1','Contact',1,'Asha likes tea'), (3,'A1','Ticket',2,'about the ticket of Asha');
-- merged, and merged again
INSERT INTO contacts VALUES (11,'A1','E Nair','esha.old@example.com','98201 45011',12,'2026-01-01'), (12,'A1','Esha Nair','esha@example.com','98201 45012',13,'2026-01-01'),
 (13,'A1','Esha Nair','esha.n@example.com','98201 45013',NULL,'2026-01-01');
INSERT INTO leads VALUES (11,'A1',11,'Esha','ESHA.OLD@example.com',NULL,'2026-01-02'), (12,'A1',NULL,'Esha N',' Esha@Example.com',NULL,'2026-01-02');
-- one person who is a customer of two accounts
INSERT INTO contacts VALUES (21,'A1','Farah Khan','farah@example.com','98201 45021',NULL,'2026-01-01'), (22,'A2','Farah Khan','farah@example.com','98201 45021',NULL,'2026-01-01');
INSERT INTO leads VALUES (21,'A1',21,'Farah','farah@example.com',NULL,'2026-01-02'), (22,'A2',22,'Farah','farah@example.com',NULL,'2026-01-02');
-- a member of staff who is a customer as well
INSERT INTO users VALUES (1,'A1','Gita Rao','98201 45031');
INSERT INTO contacts VALUES (31,'A1','Gita Rao','gita@example.com','98201 45031',NULL,'2026-01-01'), (32,'A1','Hari Das','hari@example.com','98201 45032',NULL,'2026-01-01');
INSERT INTO leads VALUES (31,'A1',32,'Hari Das','hari@example.com','98201 45031','2026-01-02');
-- a lead with the number of one and the address of another
INSERT INTO contacts VALUES (41,'A1','Indu Pal','indu@example.com','98201 45041',NULL,'2026-01-01'), (42,'A1','Jaya Sen','jaya@example.com','98201 45042',NULL,'2026-01-01');
INSERT INTO leads VALUES (41,'A1',NULL,NULL,'jaya@example.com','98201 45041','2026-01-02');
-- two of one name
INSERT INTO contacts VALUES (51,'A1','Kavya Iyer','kavya1@example.com','98201 45051',NULL,'2026-01-01'), (52,'A1','Kavya Iyer','kavya2@example.com','98201 45052',NULL,'2026-01-01');
`

// identityFiles are the drops; the last one is a lead that only a file knows.
var identityFiles = map[string]string{
	"drop/A1/march.csv": "name,email,phone\nAsha V.,Asha@EXAMPLE.com,\nsomebody,info@example.com,\nsomebody else,info@example.com,9999999999\nFarah K,,+91-98201-45021\n",
	"drop/A2/march.csv": "name,email,phone\nAsha Elsewhere,asha@example.com,\n",
}

// TestIdentityWorld asks for people whose records invite wrong answers, and erases
// them: what is found is hers, all of it, and nothing of others changes.
func TestIdentityWorld(t *testing.T) {
	s := newBareSite(t, map[string]string{"sutra.yaml": identityYAML, "crm.yaml": identityCRM, "drop.yaml": identityDrop}, identityFiles)
	s.sql(identitySQL)
	s.run("scan")
	for _, c := range []struct {
		name, ident, account string
		code                 int
		want                 []string
	}{
		{"one of an office", "asha@example.com", "A1", 0, []string{"crm.contacts pk=1", "crm.leads pk=1", "crm.notes pk=2", "crm.notes pk=3", "crm.replies pk=2", "crm.replies pk=3", "crm.tickets pk=2", "files.leads row 1"}},
		{"by her number", "9820145002", "A1", 0, []string{"crm.contacts pk=2", "crm.leads pk=2", "crm.replies pk=1", "crm.tickets pk=1"}},
		{"the merged one", "esha.old@example.com", "", 0, []string{"crm.contacts pk=11", "crm.contacts pk=12", "crm.contacts pk=13", "crm.leads pk=11", "crm.leads pk=12"}},
		{"the last of the merged", "9820145013", "", 0, []string{"crm.contacts pk=11", "crm.contacts pk=12", "crm.contacts pk=13", "crm.leads pk=11", "crm.leads pk=12"}},
		{"two accounts", "farah@example.com", "", 4, nil},
		{"the first account", "farah@example.com", "A1", 0, []string{"crm.contacts pk=21", "crm.leads pk=21", "files.leads row 4"}},
		{"the second account", "farah@example.com", "A2", 0, []string{"crm.contacts pk=22", "crm.leads pk=22"}},
		{"staff as a customer", "gita@example.com", "A1", 0, []string{"crm.contacts pk=31"}},
		{"a customer with the agent's number", "hari@example.com", "A1", 0, []string{"crm.contacts pk=32", "crm.leads pk=31"}},
		{"half a lead", "indu@example.com", "A1", 0, []string{"crm.contacts pk=41"}},
		{"the other half", "jaya@example.com", "A1", 0, []string{"crm.contacts pk=42"}},
		{"a namesake", "kavya1@example.com", "", 0, []string{"crm.contacts pk=51"}},
		{"nobody's placeholder", "9999999999", "", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"where", c.ident}
			if c.account != "" {
				args = append(args, "--account", c.account)
			}
			code, out := s.status(args...)
			if code != c.code {
				t.Fatalf("exit %d: %s", code, out)
			}
			var got []string
			for _, l := range copiesIn(t, out) {
				if place, ok := strings.CutSuffix(l, " subject"); ok {
					got = append(got, place)
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	before := s.crmRows()
	for i, who := range [][]string{{"asha@example.com", "A1"}, {"9820145013", "A1"}, {"farah@example.com", "A1"}, {"indu@example.com", "A1"}} {
		plan := filepath.Join(s.dir, "plan"+string(rune('0'+i)))
		s.run("erase", who[0], "--account", who[1], "-o", plan)
		if code, out := s.status("apply", plan); code != 0 {
			t.Errorf("%s: exit %d: %s", who[0], code, out)
		}
	}
	for _, k := range []string{"contacts 1", "leads 1", "notes 2", "notes 3", "replies 2", "replies 3", "tickets 2", "contacts 11", "contacts 12", "contacts 13", "leads 11", "leads 12", "contacts 21", "leads 21", "contacts 41"} {
		delete(before, k)
	}
	before["leads 41"] = strings.Replace(before["leads 41"], "98201 45041", "<nil>", 1) // both have a part in it: hers goes
	if d := cmp.Diff(before, s.crmRows()); d != "" {
		t.Error(d)
	}
	if got, want := s.file("drop/A1/march.csv"), "name,email,phone\nsomebody,info@example.com,\nsomebody else,info@example.com,9999999999\n"; got != want {
		t.Errorf("the file of A1: %s", got)
	}
	if s.file("drop/A2/march.csv") != identityFiles["drop/A2/march.csv"] {
		t.Error("a file of another account changed")
	}
}
