package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/pipeline"
)

// madePlan is a plan that waits for its execution.
type madePlan struct {
	path     string
	kind     string
	who      []int
	seen     map[string]string // the stores as the graph knew them
	held     map[int]bool      // when it was made
	asOf     time.Time
	floors   bool // when it was made
	done     bool
	failed   bool // some of it may have been done, and by whom is not known
	tried    bool
	old, set string          // of a correction
	did      map[string]bool // the records that it changed
}

// rightsModel knows of each record what may become of it.
type rightsModel struct {
	*rightsWorld
	accountChanged bool              // since the last scan
	seen           map[string]string // as of the last scan
	plans          []*madePlan
	holds          map[string]int    // hold to person
	same           map[string][2]int // word to people
	gone           map[int]time.Time // who was erased, and when
	tried          map[int]time.Time // as gone, or in part
	back           map[string]bool   // put after that
	released       map[int]time.Time // the day at which a hold ended
	catalog        map[string]bool   // what it says otherwise
	saved          []saved
	was            map[int][]string // former addresses
	different      []string         // words
	floors         bool             // tickets are kept for four years
}

// TestRightsModel lets requests, retention, holds, words and the clock meet in any order, with
// what happens between two nights: see between. It holds that no plan changes what is not its
// own, leaves what is, or proves what is not so, and that the graph of all those nights
// answers as one that is made anew.
// RIGHTS_SEEDS=1+70 tries seventy worlds from the first.
func TestRightsModel(t *testing.T) {
	from, n := uint64(1), uint64(7)
	if s := os.Getenv("RIGHTS_SEEDS"); s != "" {
		a, b, _ := strings.Cut(s, "+")
		from, _ = strconv.ParseUint(a, 10, 64)
		n, _ = strconv.ParseUint(b, 10, 64)
	}
	for seed := from; seed < from+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &rightsModel{rightsWorld: newRightsWorld(t, seed), holds: map[string]int{}, same: map[string][2]int{}, gone: map[int]time.Time{}, back: map[string]bool{}, released: map[int]time.Time{}, tried: map[int]time.Time{}, catalog: map[string]bool{}, was: map[int][]string{}}
			m.scan()
			for range 25 {
				m.act()
			}
			m.morning()
			if os.Getenv("RIGHTS_LOG") != "" {
				t.Log(strings.Join(m.log, "\n"))
			}
		})
	}
}

// fail ends the test with all that was done until then.
func (m *rightsModel) fail(format string, args ...any) {
	m.t.Helper()
	var lines []string
	for _, l := range m.lines {
		lines = append(lines, fmt.Sprintf("    %+v", l))
	}
	m.t.Fatalf("%s\n%s\n%s", fmt.Sprintf(format, args...), strings.Join(m.log, "\n"), strings.Join(lines, "\n"))
}

// act does one thing.
func (m *rightsModel) act() {
	who := m.rng.IntN(len(m.people))
	if m.rng.IntN(4) == 0 {
		m.between()
		return
	}
	switch x := m.rng.IntN(100); {
	case x < 14:
		m.scan()
	case x < 30:
		m.plan("erase", m.group(who), m.now)
	case x < 37:
		m.plan("retain", nil, m.now.AddDate(0, 0, []int{0, 0, 0, -20, 30}[m.rng.IntN(5)]))
	case x < 60 && len(m.plans) > 0:
		m.apply(m.plans[m.rng.IntN(len(m.plans))])
	case x < 67:
		m.nightly()
	case x < 74:
		m.hold(who)
	case x < 78:
		m.account()
	case x < 82:
		m.word()
	case x < 89:
		r := m.plantAny(who, m.now)
		m.back[r.key] = !m.gone[who].IsZero()
		m.say("new %s of %d", r.key, who)
	case x < 94:
		m.reimport()
	case x < 97:
		m.now = m.now.Add(time.Duration([]int{1, 5, 20, 40, 400}[m.rng.IntN(5)]) * 24 * time.Hour)
		m.say("the clock goes on")
	case x < 98:
		m.now = m.now.Add(-5 * 24 * time.Hour)
		m.say("the clock is set back")
	default:
		m.forge()
	}
}

// between does one of the things that happen between two nights.
func (m *rightsModel) between() {
	who := m.rng.IntN(len(m.people))
	switch x := m.rng.IntN(28); {
	case x < 3:
		m.away()
	case x < 6:
		m.broken()
	case x < 9:
		m.recatalog()
	case x < 12:
		m.backup()
	case x < 14:
		m.apart()
	case x < 15:
		m.floor()
	case x < 18:
		m.amend(who)
	case x < 25 && len(m.plans) > 0:
		p := m.plans[m.rng.IntN(len(m.plans))]
		m.killed(p, p.path)
		if m.rng.IntN(2) == 0 {
			m.apply(p)
		}
	case x < 27:
		m.killed(nil, []string{"scan", "nightly"}[m.rng.IntN(2)])
	default:
		m.consent(who)
	}
}

// group is everybody who is said to be one person with somebody.
func (m *rightsModel) group(who int) []int {
	out := []int{who}
	for again := true; again; {
		again = false
		for _, p := range m.same {
			for i := range 2 {
				if slices.Contains(out, p[i]) && !slices.Contains(out, p[1-i]) {
					out, again = append(out, p[1-i]), true
				}
			}
		}
	}
	return out
}

// job runs something that is not to change any record.
func (m *rightsModel) job(fn func(s *pipeline.Site) error) error {
	before := m.snap()
	err := m.open(fn)
	if c := changedIn(before, m.snap()); len(c) > 0 {
		m.fail("changed %v", c)
	}
	return err
}

// scan knows afterwards what stands in the stores.
func (m *rightsModel) scan() {
	m.say("scan")
	m.must(m.job(func(s *pipeline.Site) error {
		_, err := s.Scan(m.t.Context(), nil)
		return err
	}))
	m.seen, m.accountChanged = m.known(m.snap()), m.accountChanged && m.gaps["crm"] != ""
	m.told()
	if len(m.gaps) == 0 && m.rng.IntN(5) == 0 {
		m.fresh(false)
	}
}

// plan plans, from what the last scan saw.
func (m *rightsModel) plan(kind string, who []int, asOf time.Time) {
	p := &madePlan{path: filepath.Join(m.dir, fmt.Sprintf("%d.plan", len(m.plans))), kind: kind, who: who, seen: m.known(m.seen), held: m.held(), asOf: asOf, floors: m.floors, did: map[string]bool{}}
	err := m.job(func(s *pipeline.Site) (err error) {
		if kind == "retain" {
			_, err = s.Retain(m.t.Context(), asOf, p.path)
			return err
		}
		ask := m.people[who[0]].email
		account := m.people[who[0]].account
		if m.rng.IntN(2) == 0 && m.seen[fmt.Sprintf("contacts:%d", m.people[who[0]].contact)] != "" {
			ask = fmt.Sprintf("contact:%d", m.people[who[0]].contact)
		}
		_, err = s.Erase(m.t.Context(), ask, account, p.path)
		return err
	})
	m.say("plan %d %s of %v: %v", len(m.plans), kind, who, err)
	if err != nil && !errors.Is(err, pipeline.ErrRefused) {
		m.fail("plan: %v", err)
	}
	if err == nil {
		m.plans = append(m.plans, p)
	}
}

// held are the people on whom a hold is.
func (m *rightsModel) held() map[int]bool {
	out := map[int]bool{}
	for _, who := range m.holds {
		for _, p := range m.group(who) {
			out[p] = true
		}
		out[who] = true
	}
	return out
}

// apply carries a plan out and judges what it did.
func (m *rightsModel) apply(p *madePlan) {
	before := m.snap()
	held := m.held()
	var sum pipeline.ApplySummary
	err := m.open(func(s *pipeline.Site) (err error) {
		sum, err = s.Apply(m.t.Context(), p.path, false)
		return err
	})
	after := m.snap()
	c := changedIn(before, after)
	m.say("apply %s: %v %+v changed %v", filepath.Base(p.path), err, sum, c)
	if err != nil {
		if !errors.Is(err, pipeline.ErrRefused) {
			m.fail("apply: %v", err)
		}
		if len(c) > 0 {
			m.fail("refused, and changed %v", c)
		}
		return
	}
	m.seen = m.reread(before, after)
	if p.kind == "erase" {
		for _, who := range p.who {
			m.tried[who] = m.now
		}
	}
	if sum.Note != "" {
		if len(c) > 0 {
			m.fail("done, and changed %v", c)
		}
		return
	}
	for _, k := range c {
		p.did[k] = true
	}
	if says, did := sum.Erased+sum.Redacted, len(p.did); !m.sameTried(p) && sum.Already == 0 && (did > says || did < says-m.stripped(before) && !p.failed) {
		m.fail("changed %d, and says %d", did, says)
	}
	p.tried = true
	m.allowed(p, c, before, after, held)
	whole := sum.Stale+sum.Failed+sum.Residue+sum.Gaps == 0 && !strings.Contains(sum.Certificate, "report")
	p.done = p.done || whole
	if !whole {
		return
	}
	m.complete(p, before, after, held)
	if p.kind == "erase" {
		for _, who := range p.who {
			m.gone[who] = m.now
		}
		maps.DeleteFunc(m.back, func(k string, _ bool) bool { _, there := after[k]; return !there })
	}
	m.proven(p, sum.Certificate, before)
}

// nightly changes what is due, and old copies that came back.
func (m *rightsModel) nightly() {
	before, held := m.snap(), m.held()
	var sum pipeline.NightlySummary
	err := m.open(func(s *pipeline.Site) (err error) {
		sum, err = s.Nightly(m.t.Context(), m.now, false)
		return err
	})
	after := m.snap()
	c := changedIn(before, after)
	m.say("nightly: %v %+v changed %v", err, sum, c)
	if err != nil {
		m.fail("nightly: %v", err)
	}
	m.seen, m.accountChanged = m.known(after), m.accountChanged && m.gaps["crm"] != ""
	if len(c) != sum.Erased+sum.Redacted && len(m.gaps) == 0 {
		m.fail("changed %d, and says %d", len(c), sum.Erased+sum.Redacted)
	}
	m.nightOnly(c, held)
	if len(m.gaps)+len(m.catalog) > 0 || sum.Refused != "" || sum.Failed+sum.Stale+sum.Residue > 0 {
		return
	}
	for k, text := range after {
		r := m.records[k]
		if held[r.owner] || m.pair(r.owner) && (r.only || held[0] || held[1]) || m.bare(k, text) || len(held) > 0 {
			continue
		}
		if m.due(r, m.now) > 0 && text == r.text && !m.lately(r.owner) {
			m.fail("%s is due and stays", k)
		}
	}
}

// nightOnly holds that a night changed nothing else.
func (m *rightsModel) nightOnly(c []string, held map[int]bool) {
	for _, k := range c {
		r := m.records[k]
		old := r.date.Before(m.tried[r.owner])
		if held[r.owner] && !m.pair(r.owner) {
			m.fail("%s of %d is held", k, r.owner)
		}
		if m.due(r, m.now) < 0 && !old {
			m.fail("%s is neither due nor an old copy", k)
		}
	}
}
