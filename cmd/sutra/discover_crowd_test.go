package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// An insurance broker: advisors serve clients and surveyors look at their claims, neither
// called by a word that says so; a plan of an insurer is many people's; a policy names a
// nominee, and who reported a claim is now the client and now somebody who saw it.
const brokerSchema = `
CREATE TABLE saathis (id INTEGER PRIMARY KEY, full_name TEXT, email TEXT, mobile TEXT, password_hash TEXT, reports_to INTEGER REFERENCES saathis(id));
CREATE TABLE insurers (id INTEGER PRIMARY KEY, label TEXT, email TEXT);
CREATE TABLE plans (id INTEGER PRIMARY KEY, insurer_id INTEGER REFERENCES insurers(id), code TEXT);
CREATE TABLE inspectors (id INTEGER PRIMARY KEY, full_name TEXT, phone TEXT);
CREATE TABLE clients (client_no TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, mobile TEXT, merged_into_client TEXT REFERENCES clients(client_no));
CREATE TABLE nominees (nominee_id INTEGER PRIMARY KEY, policy_id INTEGER REFERENCES policies(policy_id), nominee_name TEXT, mobile TEXT);
CREATE TABLE policies (policy_id INTEGER PRIMARY KEY, holder TEXT REFERENCES clients(client_no), plan_id INTEGER REFERENCES plans(id), saathi_id INTEGER REFERENCES saathis(id), nominee_id INTEGER REFERENCES nominees(nominee_id), start_on TEXT);
CREATE TABLE claims (claim_no TEXT PRIMARY KEY, policy_id INTEGER REFERENCES policies(policy_id), informant_name TEXT, informant_mobile TEXT, inspector_id INTEGER REFERENCES inspectors(id), story TEXT);
CREATE TABLE endorsements (id INTEGER PRIMARY KEY, policy_id INTEGER REFERENCES policies(policy_id), line_text TEXT);
`

const brokerClients = 40

func brokerRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 6; i++ {
		add("saathis VALUES (%d, 'Saathi %s', 'saathi%d@broker.example', '%s', 'x', 1)", i, personWord(i+60), i, clinicPhone(6, i))
	}
	for i := 1; i <= 5; i++ {
		first, last := personName(i + 70)
		add("inspectors VALUES (%d, '%s %s', '%s')", i, first, last, clinicPhone(7, i))
		add("insurers VALUES (%d, 'Insurer %d', 'desk@insurer%d.example')", i, i, i)
		add("plans VALUES (%d, %d, 'P%d')", i, i, i)
	}
	for i := 1; i <= brokerClients; i++ {
		first, last := personName(i)
		add("clients VALUES ('C-%d', '%s', '%s', '%s', '%s', NULL)", i, first, last, personMail(i), clinicPhone(1, i))
		nominee := "NULL"
		if i%2 == 0 {
			nominee = fmt.Sprint(i)
			a, z := personName(i + 41)
			add("nominees VALUES (%d, %d, '%s %s', '%s')", i, 100+i, a, z, clinicPhone(2, i))
		}
		add("policies VALUES (%d, 'C-%d', %d, %d, %s, '2026-01-01')", 100+i, i, 1+i%5, 1+i%6, nominee)
		name, phone := first+" "+last, clinicPhone(1, i)
		if i%2 == 0 {
			a, z := personName(i + 42)
			name, phone = a+" "+z, clinicPhone(3, i)
		}
		add("claims VALUES ('CLM-%d', %d, '%s', '%s', %d, 'the wall fell %d.')", i, 100+i, name, phone, 1+i%5, i)
		add("endorsements VALUES (%d, %d, 'moved house %d.')", i, 100+i, i)
	}
	add("clients VALUES ('C-99', '%s', 'Rao', 'second@example.com', '%s', 'C-7')", personWord(7), clinicPhone(4, 7))
	return b.String()
}

// What a client has is hers and nothing else is, whoever serves her, and whoever reported
// her claim is handed nothing of it.
func TestDiscoverCrowds(t *testing.T) {
	s := proposed(t, brokerSchema+brokerRows())
	has := func(who int) []string {
		return []string{fmt.Sprintf("claims pk=CLM-%d", who), fmt.Sprintf("clients pk=C-%d", who), fmt.Sprintf("endorsements pk=%d", who), fmt.Sprintf("policies pk=%d", 100+who)}
	}
	for who, want := range map[string][]string{
		personMail(7):     append(has(7), "clients pk=C-99"),
		personMail(8):     append(has(8), "nominees pk=8"),
		clinicPhone(4, 7): append(has(7), "clients pk=C-99"),
		clinicPhone(2, 8): nil,
		clinicPhone(7, 3): {"inspectors pk=3"},
		clinicPhone(6, 3): nil,
		clinicPhone(3, 8): nil,
	} {
		var got []string
		for _, c := range s.answer(who, "") {
			if f := strings.Fields(c); !slices.Contains(f, "mention") {
				got = append(got, strings.TrimPrefix(f[0], "crm.")+" "+f[2])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, and is handed %v", who, want, got)
		}
	}
	if text := s.file("crm.yaml"); !strings.Contains(text, "taken for staff: the records of many persons lead to each of its rows") || strings.Count(text, "staff: true") != 1 {
		t.Error("those who serve the clients are not taken for staff")
	}
}
