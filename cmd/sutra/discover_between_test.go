package main

import (
	"fmt"
	"strings"
	"testing"
)

// A call that names nobody but in its title, and the file of an attachment: a table in between
// ties them to a person. So it does a bed, which is not hers.
const tiedSchema = `
CREATE TABLE contacts (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, phone_mobile TEXT);
CREATE TABLE calls (id INTEGER PRIMARY KEY, name TEXT, duration INTEGER);
CREATE TABLE calls_contacts (id INTEGER PRIMARY KEY, call_id INTEGER, contact_id INTEGER);
CREATE TABLE beds (id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE beds_contacts (id INTEGER PRIMARY KEY, bed_id INTEGER, contact_id INTEGER);
CREATE TABLE active_storage_blobs (id INTEGER PRIMARY KEY, filename TEXT, byte_size INTEGER);
CREATE TABLE active_storage_attachments (id INTEGER PRIMARY KEY, record_type TEXT, record_id INTEGER, blob_id INTEGER REFERENCES active_storage_blobs (id));
`

func tiedRows() string {
	var b strings.Builder
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		for _, q := range []string{
			fmt.Sprintf("contacts VALUES (%d, '%s', '%s', '%s')", 100+i, first, last, personPhone(i)),
			fmt.Sprintf("calls VALUES (%d, 'Call with %s %s CALL%dx', %d)", 500+i, first, last, i, i%7),
			fmt.Sprintf("calls_contacts VALUES (%d, %d, %d)", i, 500+i, 100+i),
			fmt.Sprintf("beds VALUES (%d, 'W%d-B%d')", 300+i, i%4, i),
			fmt.Sprintf("beds_contacts VALUES (%d, %d, %d)", i, 300+i, 100+i),
			fmt.Sprintf("active_storage_blobs VALUES (%d, '%s-%s-passport-%d.pdf', %d)", 900+i, first, last, i, 4000+i%7),
			fmt.Sprintf("active_storage_attachments VALUES (%d, 'Contact', %d, %d)", 700+i, 100+i, 900+i),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// What a table in between ties to one person goes with her; what two people came to share since
// is neither's.
func TestDiscoverRowsThatATableInBetweenTies(t *testing.T) {
	s := proposed(t, tiedSchema+tiedRows())
	s.sql("INSERT INTO calls_contacts VALUES (77, 509, 108)") // the call of another, too
	s.run("scan")
	for _, i := range []int{5, 8} {
		s.run("erase", personPhone(i), "-o", fmt.Sprint("plan", i))
		s.run("apply", fmt.Sprint("plan", i))
	}
	after := strings.Join(s.values(), "\n") + "\n"
	onlyGone(t, after, 30, []string{"CALL%dx", "passport-%d.pdf"}, 5, 8)
	for i := 1; i <= 30; i++ {
		if bed := fmt.Sprintf("W%d-B%d", i%4, i); !strings.Contains(after, bed) {
			t.Errorf("the bed %s was taken for a person's", bed)
		}
	}
}
