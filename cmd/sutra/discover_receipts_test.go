package main

import (
	"fmt"
	"strings"
	"testing"
)

// Invoices and receipts by the short names that they have in many databases: the law keeps
// them as it does those whose names are spelled out.
func TestDiscoverReceiptsByShortNames(t *testing.T) {
	var b strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		for _, q := range []string{
			fmt.Sprintf("cust_mst VALUES (%d, '%s %s', '%s')", i, first, last, clinicPhone(1, i)),
			fmt.Sprintf("fee_inv VALUES (%d, %d, 500, '2026-06-15')", 300+i, i),
			fmt.Sprintf("fee_rcpt VALUES (%d, %d, '%s %s', '2026-06-20')", 500+i, 300+i, first, last),
			fmt.Sprintf("emi_pymt VALUES (%d, %d, '%s', '2026-06-20')", 700+i, i, clinicPhone(1, i)),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	s := proposed(t, `CREATE TABLE cust_mst (cust_id INTEGER PRIMARY KEY, cust_nm TEXT, mob_no TEXT);
		CREATE TABLE fee_inv (inv_no INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES cust_mst, amt REAL, inv_dt TEXT);
		CREATE TABLE fee_rcpt (rcpt_no INTEGER PRIMARY KEY, inv_no INTEGER REFERENCES fee_inv, payer_nm TEXT, paid_dt TEXT);
		CREATE TABLE emi_pymt (pymt_id INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES cust_mst, mob_no TEXT, paid_on TEXT);`+b.String())
	text := s.file("crm.yaml")
	for table, at := range map[string]string{"fee_inv": "inv_dt", "fee_rcpt": "paid_dt", "emi_pymt": "paid_on"} {
		_, after, _ := strings.Cut(text, "- name: "+table+"\n")
		meta, _, _ := strings.Cut(after, "fields:")
		if !strings.Contains(meta, "class: billing, ") || !strings.Contains(meta, "trigger: "+at+", erase: keep") {
			t.Errorf("%s is taken for %s", table, meta)
		}
	}
	s.run("erase", clinicPhone(1, 7), "-o", "plan")
	s.run("apply", "plan")
	rows := s.crmRows()
	for _, key := range []string{"fee_inv 307", "fee_rcpt 507", "emi_pymt 707"} {
		if rows[key] == "" {
			t.Errorf("%s is gone, which the law keeps", key)
		}
	}
	for key, row := range rows {
		if strings.Contains(row, clinicPhone(1, 7)) {
			t.Errorf("%s still has her number: %q", key, row)
		}
	}
}
