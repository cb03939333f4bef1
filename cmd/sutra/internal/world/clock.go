package world

import (
	"math/rand/v2"
	"time"
)

// ist is the zone of every civil day here.
var ist = time.FixedZone("IST", 19800)

// The retention classes that the catalogs of this world use.
const (
	classCRM       = "account_crm"
	classRecording = "call_recording"
	classTicket    = "support_ticket"
	classBilling   = "billing"
	classCookie    = "cookie_analytics"
)

// account is one customer company.
type account struct {
	id, name, phone string
	gstin           string
	terminated      int // days ago; 0: active
	recordingDays   any // what the column holds
	keepDays        int // what it means
}

var accounts = []account{
	{id: "A1", name: "Deccan Fasteners Pvt Ltd", phone: "+91 712 400 1000", gstin: "27AAPFU0939F1ZV", keepDays: 90},
	{id: "A2", name: "Narmada Cables LLP", phone: "+91 261 400 2000", recordingDays: 180, keepDays: 180},
	{id: "A3", name: "Coastal Studios", phone: "+91 821 400 3000", terminated: 80, keepDays: 90},
	{id: "A4", name: "Vindhya Seeds", phone: "+91 731 400 4000", terminated: 12, keepDays: 90},
	{id: "A5", name: "Konkan Marine Works", phone: "+91 22 4000 5000", recordingDays: -1, keepDays: 90},
}

func accountByID(id string) account {
	for _, a := range accounts {
		if a.id == id {
			return a
		}
	}
	return account{id: id, keepDays: 90}
}

// civil returns the IST day of t, as midnight.
func civil(t time.Time) time.Time {
	y, m, d := t.In(ist).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, ist)
}

// addMonths adds calendar months; where the day does not exist, the month's last.
func addMonths(d time.Time, n int) time.Time {
	y, m, day := d.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, ist)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day, last)-1)
}

// due reports whether a record of the class is past its period at now. A zero
// date is no date: such a record is never due by its own clock.
func due(class string, acc account, at, now time.Time) bool {
	today := civil(now)
	closed := acc.terminated > 0 && today.After(civil(now).AddDate(0, 0, 30-acc.terminated))
	if class == classCRM {
		return closed
	}
	if at.IsZero() || at.Year() < 2000 || civil(at).After(today) {
		return false
	}
	d := civil(at)
	switch class {
	case classRecording:
		return closed || today.After(d.AddDate(0, 0, acc.keepDays))
	case classTicket:
		return today.After(addMonths(d, 24))
	case classCookie:
		return today.After(addMonths(d, 13))
	case classBilling:
		y := d.Year()
		if d.Month() > time.March {
			y++
		}
		return today.After(time.Date(y+7, time.March, 31, 0, 0, 0, 0, ist))
	}
	return false
}

// ago returns a time in office hours so many days before now.
func (w *builder) ago(r *rand.Rand, days int) time.Time {
	d := civil(w.o.Now).AddDate(0, 0, -days)
	return d.Add(time.Duration(9*3600+r.IntN(11*3600)) * time.Second)
}

// recent returns a time between two weeks and seven months ago.
func (w *builder) recent(r *rand.Rand) time.Time { return w.ago(r, 15+r.IntN(185)) }

// stamp writes a time as the CRM does.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.In(ist).Format(time.RFC3339)
}
