package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A courier: a parcel has a sender and a receiver, an order has no number of its own, and
// whoever took a delivery in or paid for it may be anybody.
const courierSchema = `
CREATE TABLE customers (cust_id INTEGER PRIMARY KEY, cust_name TEXT, cust_mobile TEXT);
CREATE TABLE consignees (consignee_id INTEGER PRIMARY KEY, consignee_name TEXT, mobile TEXT, house TEXT);
CREATE TABLE shipments (awb TEXT PRIMARY KEY, shipper INTEGER REFERENCES customers, consignee INTEGER REFERENCES consignees, handling TEXT);
CREATE TABLE orders (order_no TEXT PRIMARY KEY, cust_id INTEGER REFERENCES customers, placed TEXT);
CREATE TABLE parcels (parcel_no TEXT PRIMARY KEY, order_no TEXT REFERENCES orders, size TEXT);
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, parcel_no TEXT REFERENCES parcels, phone TEXT, remark TEXT);
CREATE TABLE otps (order_no TEXT, mob TEXT, otp TEXT);
CREATE TABLE riders (rider_id INTEGER PRIMARY KEY, rider_mob TEXT, emerg_ph TEXT, wife_mob TEXT);
CREATE TABLE reminders (id INTEGER PRIMARY KEY, order_no TEXT REFERENCES orders, phone TEXT, remark TEXT);
`

func courierRows(people int) string {
	var b strings.Builder
	for i := 1; i <= people; i++ {
		first, last := personName(i)
		cFirst, cLast := personName(i + 40)
		for _, q := range []string{
			fmt.Sprintf("customers VALUES (%d, '%s %s', '%s')", i, first, last, clinicPhone(1, i)),
			fmt.Sprintf("consignees VALUES (%d, '%s %s', '%s', 'house %d.')", i, cFirst, cLast, clinicPhone(2, i), i),
			fmt.Sprintf("shipments VALUES ('AWB%d', %d, %d, 'keep dry')", i, i, 1+i%people),
			fmt.Sprintf("shipments VALUES ('AWX%d', %d, %d, 'keep dry')", i, i, 1+(i+7)%people),
			fmt.Sprintf("orders VALUES ('ORD-%d', %d, '2026-03-01')", i, i),
			fmt.Sprintf("parcels VALUES ('PAR-%d', 'ORD-%d', 'small')", i, i),
			fmt.Sprintf("deliveries VALUES (%d, 'PAR-%d', '+91%s', 'taken in %d.')", i, i, clinicPhone(3, i), i),
			fmt.Sprintf("otps VALUES ('ORD-%d', '%s', '%d')", i, clinicPhone(6, i), 1000+i*7),
			fmt.Sprintf("riders VALUES (%d, '%s', '%s', '%s')", i, clinicPhone(7, i), clinicPhone(8, i), clinicPhone(9, i)),
			fmt.Sprintf("reminders VALUES (%d, 'ORD-%d', '+91%s', 'reminded %d.')", i, i, clinicPhone(1, i), i),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// proposed fills a database, has its catalog proposed and scans it.
func proposed(t *testing.T, sql string, args ...string) *site {
	t.Helper()
	s := newBareSite(t)
	s.sql("BEGIN;" + sql + "COMMIT;")
	for _, catalog := range []string{"", ", catalog: crm.yaml"} {
		if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte("sources:\n  crm: {connector: sqlite, url: \"file:crm.db\""+catalog+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if catalog == "" {
			s.run(append([]string{"discover", "crm", "--seed", "3", "-o", "crm.yaml"}, args...)...)
		}
	}
	s.run("scan")
	return s
}

// A number in a record that leads to a person over others, and is not hers, leads nobody to
// her data; one that is hers is still hers.
func TestDiscoverNumbersOfOthersAfar(t *testing.T) {
	courierFound(t, proposed(t, courierSchema+courierRows(30)))
}

// So it is where of each table so few rows are drawn that hardly two belong together.
func TestDiscoverNumbersOfOthersAmongMany(t *testing.T) {
	courierFound(t, proposed(t, courierSchema+courierRows(900), "--rows", "30"))
}

func courierFound(t *testing.T, s *site) {
	t.Helper()
	if got := s.run("where", clinicPhone(3, 7)); strings.Contains(got, `"role":"subject"`) || !strings.Contains(got, `"crm.deliveries"`) {
		t.Errorf("who took the delivery in is handed: %s", got)
	}
	for who, in := range map[string]string{clinicPhone(6, 7): "otps", clinicPhone(8, 7): "riders", clinicPhone(9, 7): "riders"} {
		if got := s.run("where", who); strings.Contains(got, `"role":"subject"`) || !strings.Contains(got, `"crm.`+in+`"`) {
			t.Errorf("who is named in %s beside another is handed: %s", in, got)
		}
	}
	got := s.run("where", clinicPhone(1, 7))
	for _, want := range []string{"customers", "otps", "orders", "parcels", "deliveries", "reminders"} {
		if !strings.Contains(got, `"crm.`+want+`"`) {
			t.Errorf("the customer is not found in %s", want)
		}
	}
	if strings.Contains(got, "consignees") {
		t.Errorf("the sender is handed: %s", got)
	}
}

// Who receives parcels of several senders is a person all the same.
func TestDiscoverReceiversArePeople(t *testing.T) {
	s := proposed(t, courierSchema+courierRows(30))
	got := s.run("where", clinicPhone(2, 7))
	if !strings.Contains(got, `"crm.consignees"`) || !strings.Contains(got, `"role":"subject"`) || strings.Contains(got, "customers") {
		t.Errorf("the receiver is handed: %s", got)
	}
	before := s.crmRows()
	s.run("erase", clinicPhone(2, 7), "-o", "e.plan")
	s.run("apply", "e.plan")
	after := s.crmRows()
	for key, row := range before {
		if hers := key == "consignees 7"; hers == (after[key] == row) {
			t.Errorf("%s: hers %v, and now it is %q", key, hers, after[key])
		}
	}
	if first, _ := personName(47); strings.Contains(after["consignees 7"], first) || strings.Contains(after["consignees 7"], "house 7.") {
		t.Errorf("she is still there: %s", after["consignees 7"])
	}
}

// Who shares a room leads to the booking and not to who booked; where nobody shares, what
// leads to a person twice is hers.
func TestDiscoverSharedThings(t *testing.T) {
	var b strings.Builder
	const people = 30
	for i := 1; i <= people; i++ {
		first, last := personName(i)
		fmt.Fprintf(&b, "INSERT INTO guests VALUES (%d, '%s %s', '%s');\n", i, first, last, clinicPhone(1, i))
		fmt.Fprintf(&b, "INSERT INTO bookings VALUES ('BK-%d', %d, NULL, 'wish %d.');\n", i, i, i)
		fmt.Fprintf(&b, "INSERT INTO bills VALUES (%d, 'BK-%d', %d, 'bill %d.');\n", i, i, i, i)
		fmt.Fprintf(&b, "INSERT INTO booking_guests VALUES ('BK-%d', %d, 1);\n", i, i)
		if i%10 == 0 {
			fmt.Fprintf(&b, "INSERT INTO booking_guests VALUES ('BK-%d', %d, 0);\n", i, i-3)
		}
	}
	s := proposed(t, `
CREATE TABLE companies (id INTEGER PRIMARY KEY, company_name TEXT);
CREATE TABLE guests (guest_id INTEGER PRIMARY KEY, guest_name TEXT, mobile TEXT);
CREATE TABLE bookings (booking_ref TEXT PRIMARY KEY, booked_by INTEGER REFERENCES guests, company_id INTEGER REFERENCES companies, wishes TEXT);
CREATE TABLE bills (id INTEGER PRIMARY KEY, booking_ref TEXT REFERENCES bookings, guest_id INTEGER REFERENCES guests, remark TEXT);
CREATE TABLE booking_guests (booking_ref TEXT REFERENCES bookings, guest_id INTEGER REFERENCES guests, main INTEGER, PRIMARY KEY (booking_ref, guest_id));
`+b.String())
	for who, want := range map[int][]string{7: {"guests pk=7", "bookings pk=BK-7", "bills pk=7", "booking_guests pk=BK-7,7", "booking_guests pk=BK-10,7"},
		10: {"guests pk=10", "bookings pk=BK-10", "bills pk=10", "booking_guests pk=BK-10,10"}} {
		var got []string
		for _, c := range s.answer(clinicPhone(1, who), "") {
			f := strings.Fields(c)
			got = append(got, strings.TrimPrefix(f[0], "crm.")+" "+f[2])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("guest %d has %v, and is handed %v", who, want, got)
		}
	}
	if strings.Contains(s.file("crm.yaml"), "account: company_id") {
		t.Error("the firm that pays for a stay is taken for an account")
	}
}
