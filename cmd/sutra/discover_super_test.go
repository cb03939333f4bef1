package main

import (
	"fmt"
	"strings"
	"testing"
)

// As some CRMs have it: one table gives every record its id and says of each who made it and
// what it is called, the rest stands in tables whose key is that id, and names of columns are
// written in one word.
const superSchema = `
CREATE TABLE vt_crmentity (crmid INTEGER PRIMARY KEY, smownerid INTEGER, setype TEXT, description TEXT, label TEXT);
CREATE TABLE vt_account (accountid INTEGER PRIMARY KEY REFERENCES vt_crmentity(crmid) ON DELETE CASCADE, accountname TEXT);
CREATE TABLE vt_contactdetails (contactid INTEGER PRIMARY KEY REFERENCES vt_crmentity(crmid) ON DELETE CASCADE, accountid INTEGER, firstname TEXT, lastname TEXT, mobile TEXT);
CREATE TABLE vt_contactscf (contactid INTEGER PRIMARY KEY REFERENCES vt_contactdetails(contactid) ON DELETE CASCADE, cf_851 TEXT);
CREATE TABLE vt_modtracker (id INTEGER PRIMARY KEY, crmid INTEGER, module TEXT);
CREATE TABLE vt_campaigncontrel (contactid INTEGER, campaignid INTEGER, campaignrelstatus TEXT);
`

func superRows() string {
	var b strings.Builder
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(&b, "INSERT INTO vt_crmentity VALUES (%d, 1, 'Accounts', NULL, 'Firm %d');\nINSERT INTO vt_account VALUES (%d, 'Firm %d');\n", i, i, i, i)
	}
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		for _, q := range []string{
			fmt.Sprintf("vt_crmentity VALUES (%d, 1, 'Contacts', 'wants a quote, says %d.', '%s %s')", 100+3*i, i, first, last),
			fmt.Sprintf("vt_contactdetails VALUES (%d, %d, '%s', '%s', '%s')", 100+3*i, 1+i%3, first, last, personPhone(i)),
			fmt.Sprintf("vt_contactscf VALUES (%d, 'likes %d.')", 100+3*i, i),
			fmt.Sprintf("vt_modtracker VALUES (%d, %d, 'Contacts')", 500+i, 100+3*i),
			fmt.Sprintf("vt_campaigncontrel VALUES (%d, 7, 'called %d.')", 100+3*i, i),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// A row of the table of all ids is of whom the row is that has its key; it is no account, and
// a column that is called like the key leads there also when its name is one word.
func TestDiscoverTableOfAllRecords(t *testing.T) {
	s := proposed(t, superSchema+superRows())
	s.run("erase", personPhone(7), "-o", "plan")
	s.run("apply", "plan")
	after := strings.Join(s.values(), "\n")
	first, last := personName(7)
	onlyGone(t, after, 20, []string{"says %d.", "likes %d.", "called %d."}, 7)
	if strings.Contains(after, first+" "+last) || strings.Contains(after, "vt_modtracker 507") {
		t.Errorf("something of hers is left:\n%s", after)
	}
	for i := 1; i <= 3; i++ {
		if n := strings.Count(after, fmt.Sprintf("Firm %d", i)); n != 2 {
			t.Errorf("firm %d is named %d times, not twice", i, n)
		}
	}
	if catalog := s.file("crm.yaml"); strings.Contains(catalog, "accounts: true") {
		t.Errorf("the table of all records is taken for the accounts:\n%s", catalog)
	}
}
