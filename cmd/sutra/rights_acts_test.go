package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/pipeline"
)

// lately reports somebody on whom a hold was today.
func (m *rightsModel) lately(who int) bool {
	return m.released[who].Format(time.DateOnly) == m.now.Format(time.DateOnly) || m.now.Before(m.released[who])
}

// hold puts a hold on somebody, or releases the oldest.
func (m *rightsModel) hold(who int) {
	if len(m.holds) > 0 && m.rng.IntN(2) == 0 {
		id := slices.Min(slices.Collect(maps.Keys(m.holds)))
		m.must(m.job(func(s *pipeline.Site) error { return s.ReleaseHold(m.t.Context(), id) }))
		for _, p := range m.group(m.holds[id]) {
			m.released[p] = m.now
		}
		m.say("hold on %d released", m.holds[id])
		delete(m.holds, id)
		return
	}
	var h pipeline.Hold
	err := m.job(func(s *pipeline.Site) (err error) {
		h, err = s.AddHold(m.t.Context(), m.people[who].email, m.people[who].account, "court", m.now.AddDate(1, 0, 0))
		return err
	})
	m.say("hold on %d: %v", who, err)
	if err != nil && !errors.Is(err, pipeline.ErrRefused) {
		m.fail("hold: %v", err)
	}
	if err == nil {
		m.holds[h.ID] = who
	}
}

// account changes what an account says of itself.
func (m *rightsModel) account() {
	a := []string{"A1", "A2"}[m.rng.IntN(2)]
	var err error
	switch m.rng.IntN(3) {
	case 0:
		m.ended[a] = m.now.AddDate(0, 0, -[]int{1, 20, 60}[m.rng.IntN(3)])
		_, err = m.db.Exec("UPDATE accounts SET ended = ? WHERE id = ?", m.ended[a].Format("2006-01-02"), a)
	case 1:
		delete(m.ended, a)
		_, err = m.db.Exec("UPDATE accounts SET ended = NULL WHERE id = ?", a)
	default:
		m.days[a] = []int{30, 200, 365}[m.rng.IntN(3)]
		_, err = m.db.Exec("UPDATE accounts SET rec_days = ? WHERE id = ?", m.days[a], a)
	}
	m.must(err)
	m.accountChanged = true
	m.say("account %s ended %v days %d", a, m.ended[a], m.days[a])
}

// word says that two of one account are one person, or takes it back.
func (m *rightsModel) word() {
	if len(m.same) > 0 && m.rng.IntN(2) == 0 {
		id := slices.Min(slices.Collect(maps.Keys(m.same)))
		m.must(m.job(func(s *pipeline.Site) error { return s.ReleaseLink(m.t.Context(), id, "mistaken") }))
		m.say("word on %v released", m.same[id])
		delete(m.same, id)
		return
	}
	p := [][2]int{{0, 1}, {0, 5}, {3, 4}, {2, 5}}[m.rng.IntN(4)]
	var l pipeline.LinkLine
	err := m.job(func(s *pipeline.Site) (err error) {
		l, err = s.AddLink(m.t.Context(), true, m.people[p[0]].email, m.people[p[1]].email, m.people[p[0]].account, "she said so")
		return err
	})
	m.say("link same %v: %v", p, err)
	if err == nil {
		m.same[l.ID] = p
	} else if !errors.Is(err, pipeline.ErrRefused) {
		m.fail("link: %v", err)
	}
}

// reimport puts back what is not there any more, or is otherwise.
func (m *rightsModel) reimport() {
	now := m.snap()
	for _, k := range slices.Sorted(maps.Keys(m.records)) {
		r := m.records[k]
		if now[k] == "" && m.rng.IntN(3) == 0 {
			if strings.HasPrefix(k, "tickets") || strings.HasPrefix(k, "notes") || strings.HasPrefix(k, "invoices") {
				if now[fmt.Sprintf("contacts:%d", m.people[r.owner].contact)] == "" {
					continue
				}
			}
			m.put(r)
			m.back[k] = true
			m.say("put back %s of %d", k, r.owner)
			return
		}
	}
}

// forge changes a plan by hand, and a certificate.
func (m *rightsModel) forge() {
	if len(m.plans) > 0 {
		p := m.plans[m.rng.IntN(len(m.plans))]
		data, err := os.ReadFile(p.path)
		m.must(err)
		data[m.rng.IntN(len(data)-2)] ^= 1
		path := filepath.Join(m.dir, "forged.plan")
		m.must(os.WriteFile(path, data, 0o600))
		err = m.job(func(s *pipeline.Site) error {
			_, err := s.Apply(m.t.Context(), path, false)
			return err
		})
		m.say("forged plan: %v", err)
		if err == nil {
			m.fail("a forged plan is taken")
		}
	}
	list, err := filepath.Glob(filepath.Join(m.dir, "state/certificates/*.json"))
	m.must(err)
	for _, c := range list {
		if strings.Contains(c, "report") {
			continue
		}
		data, err := os.ReadFile(c)
		m.must(err)
		data[m.rng.IntN(len(data)-2)] ^= 1
		path := filepath.Join(m.dir, "forged.json")
		m.must(os.WriteFile(path, data, 0o600))
		err = m.job(func(s *pipeline.Site) error {
			_, err := s.Verify(m.t.Context(), path)
			return err
		})
		if err == nil {
			m.fail("a forged certificate is taken")
		}
	}
}
