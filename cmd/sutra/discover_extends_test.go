package main

import (
	"fmt"
	"strings"
	"testing"
)

// As some CRMs have it: keys that no counter gives out, no foreign key, what customers added in
// a table of its own with the key of the row, and the text of a mail apart from the mail.
const extendedSchema = `
CREATE TABLE contacts (id CHAR(36) PRIMARY KEY, first_name TEXT, last_name TEXT, phone_mobile TEXT, reports_to_id CHAR(36));
CREATE TABLE contacts_cstm (id_c CHAR(36) PRIMARY KEY, whatsapp_c TEXT, spouse_name_c TEXT);
CREATE TABLE contacts_audit (id CHAR(36) PRIMARY KEY, parent_id CHAR(36), field_name TEXT, before_value TEXT, after_value TEXT);
CREATE TABLE emails (id CHAR(36) PRIMARY KEY, name TEXT, contact_id CHAR(36));
CREATE TABLE leads (id CHAR(36) PRIMARY KEY, first_name TEXT, phone TEXT);
CREATE TABLE tasks (id CHAR(36) PRIMARY KEY, who_id CHAR(36), subject TEXT);
CREATE TABLE emails_text (email_id CHAR(36) PRIMARY KEY, description TEXT);
`

func longKey(kind, i int) string {
	return fmt.Sprintf("%08x-77ac-4e1f-9a30-%012x", 0xc0ffee00+kind*7919+i, 0xa1b2c3d4+kind*65537+i*2654435761)
}

func extendedRows() string {
	var b strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		head, whatsapp := "NULL", "NULL"
		if i%5 == 0 { // the first of five is who the others report to
			head, whatsapp = "'"+longKey(1, i-4)+"'", "'+91"+personPhone(i)+"'"
		}
		for _, q := range []string{
			fmt.Sprintf("contacts VALUES ('%s', '%s', '%s', '%s', %s)", longKey(1, i), first, last, personPhone(i), head),
			fmt.Sprintf("contacts_cstm VALUES ('%s', %s, 'wife of %d.')", longKey(1, i), whatsapp, i),
			fmt.Sprintf("contacts_audit VALUES ('%s', '%s', 'last_name', '%s', '%s')", longKey(2, i), longKey(1, i), first, last),
			fmt.Sprintf("emails VALUES ('%s', 'Re: quote', '%s')", longKey(3, i), longKey(1, i)),
			fmt.Sprintf("leads VALUES ('%s', '%s', '%s')", longKey(4, i), first, personPhone(i+20)),
			fmt.Sprintf("tasks VALUES ('%s', '%s', 'Call')", longKey(5, i), longKey(1+3*(i%2), i)),
			fmt.Sprintf("emails_text VALUES ('%s', 'mail of %d.')", longKey(3, i), i),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// What a row with the key of another says more of it is of the same person, and who reports
// to somebody is not handed what stands there of her.
func TestDiscoverRowsThatSayMore(t *testing.T) {
	s := proposed(t, extendedSchema+extendedRows())
	s.run("erase", personPhone(5), "-o", "plan")
	s.run("apply", "plan")
	s.run("erase", personPhone(7), "-o", "plan7")
	s.run("apply", "plan7")
	after := strings.Join(s.values(), "\n")
	onlyGone(t, after, 20, []string{"wife of %d.", "mail of %d."}, 5, 7)
	catalog := s.file("crm.yaml")
	for _, want := range []string{
		"{name: id_c, data_categories: [system.operations], fides_meta: {primary_key: true, references: [{dataset: crm, field: contacts.id, direction: from}]}}",
		"{name: parent_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}",
		"its values are keys of contacts, leads: no column says of which",
		"refers to contacts.id, not followed: a reference of the table to itself does not say that both are one person",
	} {
		if !strings.Contains(catalog, want) {
			t.Errorf("the proposal does not say %s:\n%s", want, catalog)
		}
	}
}
