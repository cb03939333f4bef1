package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// An old database of a recruiter: no foreign key is declared, every key is called after its
// table in short and has that name wherever it is referred to, names stand in columns of
// another language, and further fields in a table of entities and their values.
const legacySchema = `
CREATE TABLE tb_bewerber (bew_id INTEGER PRIMARY KEY, vname TEXT, nname TEXT, e_post TEXT, tel_nr TEXT);
CREATE TABLE tb_bewerbung (bwb_id INTEGER PRIMARY KEY, bew_id INTEGER, stand TEXT);
CREATE TABLE tb_gespraech (gsp_id INTEGER PRIMARY KEY, bwb_id INTEGER, notiz TEXT);
CREATE TABLE tb_anschrift (ans_id INTEGER PRIMARY KEY, bew_id INTEGER, strasse TEXT);
CREATE TABLE tb_zusatz (bew_id INTEGER PRIMARY KEY, wunsch TEXT);
CREATE TABLE tb_zusage (bew_id INTEGER, zweck TEXT, PRIMARY KEY (bew_id, zweck));
CREATE TABLE tb_familie (fam_id INTEGER PRIMARY KEY, bew_id INTEGER, verwandt_name TEXT, verwandt_tel TEXT);
CREATE TABLE tb_rechnung (r_id INTEGER PRIMARY KEY, bew_id INTEGER, nr TEXT, datum TEXT);
CREATE TABLE eav_entity (entity_id INTEGER PRIMARY KEY, entity_type TEXT);
CREATE TABLE eav_attribute (attribute_id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE eav_value (value_id INTEGER PRIMARY KEY, entity_id INTEGER, attribute_id INTEGER, value TEXT);
CREATE TABLE tb_ausgang (id INTEGER PRIMARY KEY, an TEXT, anrede TEXT);
CREATE TABLE tb_stadt (stadt_id INTEGER PRIMARY KEY, stadt TEXT);
`

func legacyRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 6; i++ {
		add("tb_stadt VALUES (%d, 'Stadt %d')", i, i)
		add("eav_attribute VALUES (%d, 'code%d')", i, i)
	}
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		a, z := personName(i + 50)
		add("tb_bewerber VALUES (%d, '%s', '%s', '%s', '%s')", i, first, last, personMail(i), clinicPhone(1, i))
		add("tb_bewerbung VALUES (%d, %d, 'neu')", 500+i, i)
		add("tb_gespraech VALUES (%d, %d, 'wirkt nett %d.')", i, 500+i, i)
		add("tb_anschrift VALUES (%d, %d, 'Ring %d')", i, i, i)
		add("tb_zusatz VALUES (%d, 'will Tee %d.')", i, i)
		add("tb_zusage VALUES (%d, 'werbung')", i)
		add("tb_familie VALUES (%d, %d, '%s %s', '%s')", i, i, a, z, clinicPhone(2, i))
		add("tb_rechnung VALUES (%d, %d, 'RE-%d', '2026-01-05')", i, i, i)
		add("eav_entity VALUES (%d, 'profil')", i)
		add("eav_value VALUES (%d, %d, 1, '+91%s'), (%d, %d, 2, '%s'), (%d, %d, 3, 'Segeln %d')", 10*i, i, clinicPhone(1, i), 10*i+1, i, personMail(i), 10*i+2, i, i)
		add("tb_ausgang VALUES (%d, '%s', 'Liebe %s')", i, personMail(i), first)
	}
	return b.String()
}

// All that an old database has of a person is found by keys that are called alike, without
// her relative's; what was erased of her is gone, and the invoice stays.
func TestDiscoverLegacyNames(t *testing.T) {
	s := proposed(t, legacySchema+legacyRows())
	want := []string{"eav_entity pk=7", "eav_value pk=70", "eav_value pk=71", "eav_value pk=72", "tb_anschrift pk=7", "tb_ausgang pk=7", "tb_bewerber pk=7",
		"tb_bewerbung pk=507", "tb_familie pk=7", "tb_gespraech pk=7", "tb_rechnung pk=7", "tb_zusage pk=7,werbung", "tb_zusatz pk=7"}
	var got []string
	for _, c := range s.answer(personMail(7), "") {
		f := strings.Fields(c)
		got = append(got, strings.TrimPrefix(f[0], "crm.")+" "+f[2])
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("she has %v, and is handed %v", want, got)
	}
	if got := s.run("where", clinicPhone(2, 7)); strings.Contains(got, `"role":"subject"`) || !strings.Contains(got, "tb_familie") {
		t.Errorf("her relative is handed: %s", got)
	}
	text := s.file("crm.yaml")
	for _, f := range []string{"vname", "nname"} {
		if !strings.Contains(text, "{name: "+f+", data_categories: [user.name]}") {
			t.Errorf("%s is not taken for a name", f)
		}
	}
	if strings.Contains(text, "{name: anrede, data_categories: [user.name]}") {
		t.Error("how somebody is addressed is taken for a name")
	}
	before := s.rowsByKey()
	s.run("erase", personMail(7), "-o", "plan")
	s.run("apply", "plan")
	after := s.rowsByKey()
	for key, was := range before {
		table, pk, _ := strings.Cut(key, " ")
		hers := slices.ContainsFunc(want, func(w string) bool { return w == table+" pk="+pk || strings.HasPrefix(w, table+" pk="+pk+",") })
		now, there := after[key]
		switch {
		case table == "tb_rechnung" && now != was:
			t.Errorf("the invoice %s was %s and is %s", key, was, now)
		case hers && table != "tb_rechnung" && table != "tb_bewerber" && there:
			t.Errorf("%s is still there: %s", key, now)
		case table == "tb_bewerber" && hers && (strings.Contains(now, personWord(7)) || strings.Contains(now, personMail(7))):
			t.Errorf("%s still names her: %s", key, now)
		case !hers && now != was:
			t.Errorf("%s was %s and is %s", key, was, now)
		}
	}
}
