package main

import (
	"fmt"
	"strings"
	"testing"
)

// Django's way: a model is named by the number of its row in a table of models, the table of a
// model's history has its name in one word, and a log calls the row by a text.
const djangoSchema = `
CREATE TABLE django_content_type (id INTEGER PRIMARY KEY, app_label TEXT, model TEXT);
CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT, email TEXT, is_staff INTEGER, password TEXT);
CREATE TABLE crm_contact (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT);
CREATE TABLE crm_deal (id INTEGER PRIMARY KEY, title TEXT, contact_id INTEGER REFERENCES crm_contact);
CREATE TABLE crm_note (id INTEGER PRIMARY KEY, object_id INTEGER, text TEXT, content_type_id INTEGER REFERENCES django_content_type);
CREATE TABLE django_admin_log (id INTEGER PRIMARY KEY, object_id TEXT, object_repr TEXT, action_flag INTEGER, content_type_id INTEGER REFERENCES django_content_type, user_id INTEGER REFERENCES auth_user);
CREATE TABLE crm_historicalcontact (history_id INTEGER PRIMARY KEY, id INTEGER, full_name TEXT, mobile TEXT);
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, phone TEXT);
CREATE TABLE replies (id INTEGER PRIMARY KEY, item_type TEXT, item_id INTEGER, body TEXT);
INSERT INTO django_content_type VALUES (7, 'crm', 'contact'), (8, 'crm', 'deal'), (9, 'auth', 'user');
INSERT INTO auth_user VALUES (1, 'admin', 'desk@example.net', 1, 'x'), (2, 'root', 'root@example.net', 1, 'x');
`

func djangoRows() string {
	var b strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		other, name := personName(i + 40)
		deal := 1 + (i+4)%20 // the numbers of deals are those of other people's contacts
		for _, q := range []string{
			fmt.Sprintf("crm_contact VALUES (%d, '%s %s', '%s')", i, first, last, personPhone(i)),
			fmt.Sprintf("crm_deal VALUES (%d, 'Flat', %d)", deal, i),
			fmt.Sprintf("crm_note VALUES (%d, %d, 'note of %d.', 7)", 100+i, i, i),
			fmt.Sprintf("crm_note VALUES (%d, %d, 'note of the deal of %d.', 8)", 200+i, deal, i),
			fmt.Sprintf("django_admin_log VALUES (%d, '%d', 'contact called %d.', 2, 7, 1)", 300+i, i, i),
			fmt.Sprintf("crm_historicalcontact VALUES (%d, %d, '%s', '97%08d')", 400+i, i, first, i*137911),
			fmt.Sprintf("people VALUES (%d, '%s %s', '%s')", i, other, name, personPhone(i+40)),
			fmt.Sprintf("replies VALUES (%d, 'Person', %d, 'reply to %d.')", 500+i, i, i+40),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// The rows of a number and a key are whose row has that key in the table which the number
// means, and what an emptied row of a log called her by goes with the rest of it.
func TestDiscoverContentTypes(t *testing.T) {
	s := proposed(t, djangoSchema+djangoRows())
	for _, i := range []int{7, 47} {
		s.run("erase", personPhone(i), "-o", fmt.Sprintf("plan%d", i))
		s.run("apply", fmt.Sprintf("plan%d", i))
	}
	after := strings.Join(s.values(), "\n")
	for i := 1; i <= 60; i++ {
		for _, word := range []string{"note of %d.", "note of the deal of %d.", "contact called %d.", "reply to %d."} {
			if reply := word == "reply to %d."; reply == (i < 41) || !reply && i > 20 {
				continue
			}
			if word = fmt.Sprintf(word, i); strings.Contains(after, word) == (i == 7 || i == 47) {
				t.Errorf("%q is there: %v", word, i == 7 || i == 47)
			}
		}
	}
	if strings.Contains(after, "crm_historicalcontact 407") {
		t.Errorf("what she was called before is there:\n%s", after)
	}
	if !strings.Contains(after, "django_admin_log 307") {
		t.Errorf("the row of the log is gone:\n%s", after)
	}
}
