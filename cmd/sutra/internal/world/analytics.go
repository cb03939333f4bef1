package world

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/parquet-go/parquet-go"
)

// The shape of an analytics event as warehouses export it: parameters are a list
// of key and value, of whose members one is set.
type gaEvent struct {
	EventDate      string    `parquet:"event_date"`
	EventTimestamp int64     `parquet:"event_timestamp"`
	EventName      string    `parquet:"event_name"`
	EventParams    []gaParam `parquet:"event_params,list"`
	UserID         *string   `parquet:"user_id,optional"`
	UserPseudoID   *string   `parquet:"user_pseudo_id,optional"`
	FirstTouch     *int64    `parquet:"user_first_touch_timestamp,optional"`
	Geo            gaGeo     `parquet:"geo"`
}

type gaParam struct {
	Key   string  `parquet:"key"`
	Value gaValue `parquet:"value"`
}

type gaValue struct {
	String *string  `parquet:"string_value,optional"`
	Int    *int64   `parquet:"int_value,optional"`
	Double *float64 `parquet:"double_value,optional"`
}

type gaGeo struct {
	Country string `parquet:"country"`
	City    string `parquet:"city"`
}

// eventFile is the open file of an account; each holds one day's events.
type eventFile struct {
	key  string
	day  time.Time
	f    *os.File
	pw   *parquet.GenericWriter[gaEvent]
	buf  []gaEvent
	rows int
	days int // files so far
}

const eventsPerGroup = 2000

// perFile is how many records an export file takes before the next is begun.
func (w *builder) perFile(most int) int { return max(25, min(most, w.o.People/8)) }

// eventsOf returns the account's open file, a new one when it is full.
func (w *builder) eventsOf(account string) (*eventFile, error) {
	e := w.events[account]
	if e == nil {
		e = &eventFile{}
		w.events[account] = e
	}
	if e.f != nil && e.rows < w.perFile(50_000) {
		return e, nil
	}
	if err := e.close(); err != nil {
		return nil, err
	}
	e.days++
	e.day = civil(w.o.Now).AddDate(0, 0, -10-e.days)
	e.key, e.rows = account+"/events_"+e.day.Format("20060102")+".parquet", 0
	path := filepath.Join(w.dir, "analytics", filepath.FromSlash(e.key))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		e.f, err = os.Create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("write analytics: %w", err)
	}
	e.pw = parquet.NewGenericWriter[gaEvent](e.f, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(eventsPerGroup))
	return e, nil
}

func (e *eventFile) flush() error {
	if _, err := e.pw.Write(e.buf); err != nil {
		return fmt.Errorf("write analytics: %w", err)
	}
	e.buf = e.buf[:0]
	return nil
}

func (e *eventFile) close() error {
	if e.f == nil {
		return nil
	}
	err := e.flush()
	err = closing(err, e.pw.Close)
	err = closing(err, e.f.Close)
	e.f = nil
	return err
}

func (w *builder) finishEvents() {
	for _, a := range accounts {
		if e := w.events[a.id]; e != nil {
			w.do(e.close)
		}
	}
}

// addEvent plants an analytics event. kind: email or lead (user_id says who),
// plain (her cookie alone), undated (no first touch), bad (an impossible one),
// url (an anonymous visitor's, with her e-mail and phone in the address).
func (w *builder) addEvent(s *soul, kind, lead string) {
	w.do(func() error {
		e, err := w.eventsOf(s.Account)
		if err != nil {
			return err
		}
		t := w.token()
		cookie, first, at := s.Cookie, s.firstTouch, e.day.Add(time.Duration(9*3600+s.r.IntN(36000))*time.Second)
		loc := "https://www.cratio.example.com/demo?utm=1&plan=" + pick(s.r, "basic", "pro")
		ev := gaEvent{EventDate: e.day.Format("20060102"), EventTimestamp: at.UnixMicro(), EventName: "page_view", Geo: gaGeo{"India", pick(s.r, cities...)[0]}}
		c := Copy{Person: s.ID, Account: s.Account, Token: t, Class: classCookie, Source: "analytics", Dataset: "analytics.events", Unit: e.key}
		switch kind {
		case "email":
			ev.UserID = &s.Emails[0]
		case "lead":
			ev.UserID = &lead
		case "url":
			cookie, first = w.visitor(s)
			loc += "&email=" + encoded(s) + "&phone=" + url.QueryEscape(s.writes("e164"))
			c.Person, c.Expect = "", ExpectKept
		case "visitor":
			cookie, first = w.visitor(s)
			c.Person, c.Expect = "", ExpectKept
		}
		micros, session := first.UnixMicro(), 1_000_000_000+s.r.Int64N(1_000_000_000)
		ev.UserPseudoID, ev.FirstTouch = &cookie, &micros
		switch kind {
		case "undated":
			ev.FirstTouch, first = nil, time.Time{}
		case "bad":
			micros, first = 0, time.Time{}
		}
		title := "Demo " + t
		ev.EventParams = []gaParam{{"page_location", gaValue{String: &loc}}, {"page_title", gaValue{String: &title}}, {"ga_session_id", gaValue{Int: &session}}}
		if e.buf = append(e.buf, ev); len(e.buf) >= 1000 {
			if err := e.flush(); err != nil {
				return err
			}
		}
		e.rows++
		c.Locator = fmt.Sprintf("row %d", e.rows)
		w.plant(c, first)
		if kind == "url" {
			c.Person, c.Token, c.Role, c.Expect = s.ID, "", "mention", ExpectRedact
			w.plant(c, first)
		}
		return w.err
	})
}

// visitor returns the cookie of somebody nobody knows.
func (w *builder) visitor(s *soul) (string, time.Time) {
	w.anon++
	first := w.ago(s.r, pick(s.r, 30, 100, 300, 500))
	return w.cookie(maxPeople+w.anon, first), first
}

// encoded is her e-mail as it stands in an address: percent-encoded, sometimes
// twice.
func encoded(s *soul) string {
	e := url.QueryEscape(s.email())
	if s.r.IntN(5) == 0 {
		e = url.QueryEscape(e)
	}
	return e
}
