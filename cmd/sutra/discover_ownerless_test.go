package main

import (
	"fmt"
	"strings"
	"testing"
)

// Comments whose column of references is called otherwise, and letters that name nobody: what
// stands there is found by no question. The catalogue of products is no such thing.
func TestDiscoverTellsTablesThatLeadToNobody(t *testing.T) {
	var b strings.Builder
	b.WriteString(`
CREATE TABLE contacts (contactid INTEGER PRIMARY KEY, firstname TEXT, lastname TEXT, mobile TEXT);
CREATE TABLE modcomments (modcommentsid INTEGER PRIMARY KEY, commentcontent TEXT, related_uid INTEGER);
CREATE TABLE letters (letterid INTEGER PRIMARY KEY, firstname TEXT, lastname TEXT, wording TEXT);
CREATE TABLE calls (callid INTEGER PRIMARY KEY, contactid INTEGER, comment TEXT);
CREATE TABLE products (productid INTEGER PRIMARY KEY, title TEXT, price INTEGER);
`)
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		fmt.Fprintf(&b, "INSERT INTO contacts VALUES (%d, '%s', '%s', '%s');\n", 100+i, first, last, personPhone(i))
		fmt.Fprintf(&b, "INSERT INTO modcomments VALUES (%d, 'she wants the garden side, and %d rooms in it', %d);\n", 9000+i, i, 52000+7*i)
		fmt.Fprintf(&b, "INSERT INTO letters VALUES (%d, '%s', '%s', 'dear customer');\n", 3000+i, first, last)
		fmt.Fprintf(&b, "INSERT INTO calls VALUES (%d, %d, 'she asked for number %d in the second row');\n", 700+i, 100+i, i)
		fmt.Fprintf(&b, "INSERT INTO products VALUES (%d, 'chair %d', %d);\n", 20+i, i, 10*i)
	}
	s := proposed(t, b.String())
	catalog := s.file("crm.yaml")
	for _, want := range []string{
		"# review: its texts (commentcontent) are nobody's: if they are about people, no question finds its rows until references or refs say whose they are (of which table is related_uid the key?)",
		"# review: personal data (firstname, lastname), and nothing leads to a person: no question finds its rows until references or refs say whose they are",
	} {
		if strings.Count(catalog, want) != 1 {
			t.Errorf("the proposal does not say %s:\n%s", want, catalog)
		}
	}
	if n := strings.Count(catalog, "no question finds its rows"); n != 2 {
		t.Errorf("%d tables lead to nobody:\n%s", n, catalog)
	}
	got := s.run("check")
	if n := strings.Count(got, "leads to nobody"); n != 1 || !strings.Contains(got, "crm.letters has personal data (firstname, lastname) and leads to nobody") {
		t.Errorf("check tells of %d tables: %s", n, got)
	}
}
