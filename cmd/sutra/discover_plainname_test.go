package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A broker's people stand in tables that no trade's word tells, their names in columns that
// are called name and no more: parties, whom a table in between ties to covers, and
// enquiries, of which a couple made two from one telephone, and to which others referred them.
const plainSchema = `
CREATE TABLE parties (party_no TEXT PRIMARY KEY, nm TEXT, cell TEXT);
CREATE TABLE covers (cover_no INTEGER PRIMARY KEY, holder_no TEXT REFERENCES parties(party_no), nominee_nm TEXT, nominee_cell TEXT, memo TEXT);
CREATE TABLE cover_members (cover_no INTEGER REFERENCES covers(cover_no), party_no TEXT REFERENCES parties(party_no), memo TEXT, PRIMARY KEY (cover_no, party_no));
CREATE TABLE enquiries (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, email TEXT, ref_name TEXT, ref_phone TEXT, memo TEXT);
`

func plainRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		a, z := personName(i + 41)
		add("parties VALUES ('P-%d', '%s %s', '%s')", i, first, last, clinicPhone(1, i))
		add("covers VALUES (%d, 'P-%d', '%s %s', '%s', 'asked for more %d.')", 100+i, i, a, z, clinicPhone(2, i), i)
		add("cover_members VALUES (%d, 'P-%d', 'pays %d.'), (%d, 'P-%d', 'is insured %d.')", 100+i, i, i, 100+i, i%30+1, i)
		mail := "NULL"
		if i%3 == 0 {
			mail = "'" + strings.ToLower(last) + fmt.Sprint(i) + "@example.com'"
		}
		add("enquiries VALUES (%d, '%s %s', '%s', %s, '%s %s', '%s', 'wants a price %d.')", i, a, z, clinicPhone(3, i), mail, first, last, clinicPhone(1, i), i)
	}
	first, last := personName(77)
	add("enquiries VALUES (99, '%s %s', '%s', 'second@example.com', NULL, NULL, 'wants another.')", first, last, clinicPhone(3, 7))
	return b.String()
}

// Each is found in her own rows, and of a couple on one telephone neither is the other.
func TestDiscoverPlainNames(t *testing.T) {
	s := proposed(t, plainSchema+plainRows())
	for who, want := range map[string][]string{
		clinicPhone(1, 7):    {"cover_members pk=106,P-7", "cover_members pk=107,P-7", "covers pk=107", "parties pk=P-7"},
		"second@example.com": {"enquiries pk=99"},
	} {
		var got []string
		for _, c := range s.answer(who, "") {
			f := strings.Fields(c)
			if f[len(f)-1] == "subject" {
				got = append(got, strings.TrimPrefix(f[0], "crm.")+" "+f[2])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, and is handed %v", who, want, got)
		}
	}
	if code, out := s.status("where", clinicPhone(3, 7)); code != 4 {
		t.Errorf("the couple's number: exit %d: %s", code, out)
	}
}
