package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A broker of flats: a tenant is who rents one, no account of the CRM. Brokers serve many of
// them, a lease names who vouches for the tenant, and the owner is paid for a lease.
const flatsSchema = `
CREATE TABLE brokers (id INTEGER PRIMARY KEY, brokerName TEXT, brokerMobile TEXT, brokerEmail TEXT);
CREATE TABLE owners (id INTEGER PRIMARY KEY, ownerFirst TEXT, ownerLast TEXT, mobileNo TEXT, emailId TEXT);
CREATE TABLE flats (id INTEGER PRIMARY KEY, ownerId INTEGER, brokerId INTEGER, rent REAL);
CREATE TABLE tenants (id INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, phoneNumber TEXT, emails TEXT);
CREATE TABLE leases (id INTEGER PRIMARY KEY, tenantId INTEGER, flatId INTEGER, guarantorName TEXT, guarantorPhone TEXT, terms TEXT);
CREATE TABLE rentReceipts (id INTEGER PRIMARY KEY, leaseId INTEGER, tenantId INTEGER, payerName TEXT, payerUpi TEXT, paidOn TEXT);
CREATE TABLE ownerPayouts (id INTEGER PRIMARY KEY, ownerId INTEGER, leaseId INTEGER, paidOn TEXT);
CREATE TABLE prospects (id INTEGER PRIMARY KEY, fullName TEXT, phone TEXT, email TEXT, tenantId INTEGER, brokerId INTEGER);
CREATE TABLE comments (id INTEGER PRIMARY KEY, commentableType TEXT, commentableId INTEGER, body TEXT, brokerId INTEGER);
CREATE TABLE calls (id INTEGER PRIMARY KEY, callerNumber TEXT, calledNumber TEXT, brokerId INTEGER, summary TEXT);
`

func flatsRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 6; i++ {
		add("brokers VALUES (%d, 'Broker %s', '%s', 'broker%d@flats.example')", i, personWord(i+60), clinicPhone(6, i), i)
	}
	for i := 1; i <= 40; i++ {
		first, last := personName(i)
		of, ol := personName(i + 41)
		gf, gl := personName(i + 43)
		mails := personMail(i)
		if i%2 == 1 {
			mails += fmt.Sprintf(", second%d@example.org", i)
		}
		add("owners VALUES (%d, '%s', '%s', '%s', '%s')", i, of, ol, clinicPhone(4, i), personMail(i+41))
		add("flats VALUES (%d, %d, %d, 100)", 100+i, i, 1+i%6)
		add("tenants VALUES (%d, '%s', '%s', '%s', '%s')", i, first, last, clinicPhone(1, i), mails)
		add("leases VALUES (%d, %d, %d, '%s %s', '%s', 'no pets %d.')", 500+i, i, 100+1+(i+5)%40, gf, gl, clinicPhone(3, i), i)
		add("rentReceipts VALUES (%d, %d, %d, '%s %s', 'handle%d@okaxis', '2026-01-05')", i, 500+i, i, first, last, i)
		add("ownerPayouts VALUES (%d, %d, %d, '2026-01-06')", i, 1+(i+5)%40, 500+i)
		add("prospects VALUES (%d, '%s %s', '%s', '%s', %d, %d)", i, first, last, clinicPhone(1, i), personMail(i), i, 1+i%6)
		add("comments VALUES (%d, 'Tenant', %d, 'polite %d.', %d)", i, i, i, 1+i%6)
		add("calls VALUES (%d, '0%s', '%s', %d, 'asked %d.')", i, clinicPhone(1, i), clinicPhone(6, 1+i%6), 1+i%6, i)
	}
	return b.String()
}

// Who rents a flat is a person with all that is hers, whoever vouches for her, brokers or
// owns the flat.
func TestDiscoverTenantsArePeople(t *testing.T) {
	s := proposed(t, flatsSchema+flatsRows())
	has := []string{"calls pk=7", "comments pk=7", "leases pk=507", "prospects pk=7", "rentReceipts pk=7", "tenants pk=7"}
	for who, want := range map[string][]string{
		personMail(7):         has,
		"second7@example.org": has,
		clinicPhone(3, 7):     nil,
		clinicPhone(4, 7):     {"flats pk=107", "owners pk=7"},
	} {
		var got []string
		for _, c := range s.answer(who, "") {
			f := strings.Fields(c)
			if place := strings.TrimPrefix(f[0], "crm.") + " " + f[2]; !slices.Contains(f, "mention") && !strings.HasPrefix(place, "ownerPayouts") {
				got = append(got, place)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, and is handed %v", who, want, got)
		}
	}
	before := s.rowsByKey()
	s.run("erase", personMail(7), "-o", "plan")
	s.run("apply", "plan")
	after := s.rowsByKey()
	for key, was := range before {
		place := strings.Replace(key, " ", " pk=", 1)
		now, there := after[key]
		switch {
		case strings.HasPrefix(key, "rentReceipts 7"):
			if strings.Contains(now, "okaxis") || !there {
				t.Errorf("the receipt is %q", now)
			}
		case slices.Contains(has, place):
			if strings.Contains(now, personWord(7)) || strings.Contains(now, clinicPhone(1, 7)) || strings.Contains(now, " 7.") {
				t.Errorf("%s still holds what is hers: %s", key, now)
			}
		case now != was:
			t.Errorf("%s was %s and is %s", key, was, now)
		}
	}
}
