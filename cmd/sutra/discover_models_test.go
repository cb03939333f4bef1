package main

import (
	"fmt"
	"strings"
	"testing"
)

// A system that names its models with dots where its tables have signs, and calls the columns
// of a reference to any of them model and res_id; what it calls a move is an invoice.
const modelsSchema = `
CREATE TABLE res_partner (id INTEGER PRIMARY KEY, name TEXT, mobile TEXT);
CREATE TABLE crm_lead (id INTEGER PRIMARY KEY, partner_id INTEGER REFERENCES res_partner, description TEXT);
CREATE TABLE mail_message (id INTEGER PRIMARY KEY, model TEXT, res_id INTEGER, body TEXT);
CREATE TABLE ir_attachment (id INTEGER PRIMARY KEY, res_model TEXT, res_id INTEGER, description TEXT);
CREATE TABLE visits (rowid_ INTEGER PRIMARY KEY, fk_res_partner INTEGER, note TEXT);
CREATE TABLE res_partner_extrafields (rowid_ INTEGER PRIMARY KEY, fk_object INTEGER, remark TEXT);
CREATE TABLE account_move (id INTEGER PRIMARY KEY, partner_id INTEGER REFERENCES res_partner, partner_display_name TEXT, invoice_date TEXT, amount_total NUMERIC);
`

func modelsRows() string {
	var b strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		for _, q := range []string{
			fmt.Sprintf("res_partner VALUES (%d, '%s %s', '%s')", i, first, last, personPhone(i)),
			fmt.Sprintf("crm_lead VALUES (%d, %d, 'lead of %d.')", 100+i, i, i),
			fmt.Sprintf("mail_message VALUES (%d, 'crm.lead', %d, 'said of the lead of %d.')", 200+i, 100+i, i),
			fmt.Sprintf("mail_message VALUES (%d, 'res.partner', %d, 'said of %d.')", 300+i, i, i),
			fmt.Sprintf("ir_attachment VALUES (%d, 'res.partner', %d, 'file of %d.')", 400+i, i, i),
			fmt.Sprintf("visits VALUES (%d, %d, 'visit of %d.')", 600+i, i, i),
			fmt.Sprintf("res_partner_extrafields VALUES (%d, %d, 'more of %d.')", 700+i, i, i),
			fmt.Sprintf("account_move VALUES (%d, %d, '%s %s', '2026-05-04', 100)", 500+i, i, first, last),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// A word that spells a table with other signs means that table, so does the name of a column
// behind fk or id, and a row with the date of an
// invoice is kept by law.
func TestDiscoverModelsWithDots(t *testing.T) {
	s := proposed(t, modelsSchema+modelsRows())
	s.run("erase", personPhone(7), "-o", "plan")
	s.run("apply", "plan")
	after := strings.Join(s.values(), "\n")
	onlyGone(t, after, 20, []string{"said of the lead of %d.", "said of %d.", "file of %d.", "visit of %d.", "more of %d."}, 7)
	if !strings.Contains(after, "account_move 507") {
		t.Errorf("her invoice is gone:\n%s", after)
	}
}
