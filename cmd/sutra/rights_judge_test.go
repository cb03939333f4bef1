package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/audit"
)

// told compares the copies that are told to have come back with those that were put back.
func (m *rightsModel) told() {
	told := map[string]bool{}
	for _, l := range m.lines {
		if b, ok := l.(pipeline.BackLine); ok {
			told[b.Unit+" "+b.Locator] = true
			who := -1
			for k, r := range m.records {
				if at := m.where(k); at != "" && at == b.Dataset+" "+b.Locator {
					who = r.owner
				}
			}
			if who >= 0 && m.tried[who].IsZero() && !m.pair(who) {
				m.fail("%+v is of %d, who was never erased", b, who)
			}
		}
	}
	for k, r := range m.records {
		if m.back[k] && r.strong && (r.owner < 6 || !m.catalog["no mail"]) && !m.gone[r.owner].IsZero() && m.seen[k] == r.text && !strings.HasPrefix(k, "contacts") && len(m.holds) == 0 {
			if n := len(told); n == 0 {
				m.fail("%s of %d came back, and nothing is told", k, r.owner)
			}
		}
	}
}

// pair reports the two whose number is one.
func (m *rightsModel) pair(who int) bool { return who < 2 }

// where is the dataset and locator of a row of the CRM.
func (m *rightsModel) where(key string) string {
	table, id, _ := strings.Cut(key, ":")
	if strings.Contains(table, "/") || table == "rec" {
		return ""
	}
	return "crm." + table + " pk=" + id
}

// due says whether a record is past its period: 1 yes, -1 no, 0 within two days of it.
func (m *rightsModel) due(r *planted, at time.Time) int {
	account := m.people[r.owner].account
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	crm := far
	if e := m.ended[account]; !e.IsZero() {
		crm = e.AddDate(0, 0, 30)
	}
	end := far
	switch {
	case r.class == "account_crm":
		end = crm
	case r.class == "support_ticket" && !r.date.IsZero():
		if end = r.date.AddDate(2, 0, 0); m.floors {
			end = r.date.AddDate(4, 0, 0)
		}
	case r.class == "billing":
		y := r.date.Year()
		if r.date.Month() > 3 {
			y++
		}
		end = time.Date(y+7, 3, 31, 0, 0, 0, 0, audit.IST)
	case r.class == "call_recording":
		n := m.days[account]
		if n == 0 {
			n = 90
		}
		if end = r.date.AddDate(0, 0, n); crm.Before(end) {
			end = crm
		}
	}
	switch {
	case at.After(end.Add(48 * time.Hour)):
		return 1
	case at.Before(end.Add(-24 * time.Hour)):
		return -1
	}
	return 0
}

// allowed holds that a plan changed nothing but what it was to change.
func (m *rightsModel) allowed(p *madePlan, changed []string, before, after map[string]string, held map[int]bool) {
	if p.kind == "correct" {
		m.amended(p, changed, before, after, held)
		return
	}
	for _, k := range changed {
		r := m.records[k]
		if held[r.owner] && !m.pair(r.owner) {
			m.fail("%s of %d is held", k, r.owner)
		}
		if m.floors && r.class == "support_ticket" && m.due(r, m.now) < 0 && after[k] == "" {
			m.fail("%s is kept by law", k)
		}
		switch {
		case p.kind == "retain":
			if m.due(r, m.now) < 0 || m.due(r, p.asOf) < 0 {
				m.fail("%s is not due", k)
			}
		case slices.Contains(p.who, r.owner) || m.pair(r.owner) && (slices.Contains(p.who, 0) || slices.Contains(p.who, 1)):
			if now := m.group(p.who[0]); now[0] == p.who[0] && len(now) < len(p.who) {
				m.fail("%s: who was one person for the plan is not any more", k)
			}
		case r.names >= 0 && slices.Contains(p.who, r.names):
			if !strings.Contains(after[k], "words") {
				m.fail("%s lost more than a mention", k)
			}
		default:
			m.fail("%s is of %d", k, r.owner)
		}
	}
}

// proven verifies a certificate at once.
func (m *rightsModel) proven(p *madePlan, certificate string, before map[string]string) {
	err := m.job(func(s *pipeline.Site) error {
		v, err := s.Verify(m.t.Context(), certificate)
		if err == nil && v.Residue > 0 && maps.Equal(p.seen, before) {
			return fmt.Errorf("residue %d", v.Residue)
		}
		return err
	})
	if err != nil {
		m.fail("verify: %v", err)
	}
}

// reread is what the graph knows after an apply: of what was touched, all.
func (m *rightsModel) reread(before, after map[string]string) map[string]string {
	out := maps.Clone(m.seen)
	for _, k := range changedIn(before, after) {
		if after[k] == "" {
			delete(out, k)
		} else {
			out[k] = after[k]
		}
	}
	return out
}

// complete holds that nothing of what a plan was to take is left.
func (m *rightsModel) complete(p *madePlan, before, after map[string]string, held map[int]bool) {
	if p.kind == "correct" {
		return
	}
	for k, text := range before {
		r := m.records[k]
		if p.kind == "erase" && m.former(p, r.owner) {
			continue
		}
		if p.seen[k] != text || text != r.text || p.floors && r.class == "support_ticket" || m.lately(r.owner) || m.pair(r.owner) && (m.lately(0) || m.lately(1)) || m.accountChanged || held[r.owner] || p.held[r.owner] || m.pair(r.owner) && r.only {
			continue
		}
		if p.kind == "retain" {
			if m.pair(r.owner) && (held[0] || held[1] || p.held[0] || p.held[1]) {
				continue
			}
			if m.due(r, p.asOf) > 0 && m.due(r, m.now) > 0 && after[k] == text {
				m.fail("%s is left", k)
			}
			continue
		}
		if slices.Contains(p.who, r.owner) && !m.pair(r.owner) && after[k] == text && !m.bare(k, text) && m.leads(p, r) {
			m.fail("%s of %d is left", k, r.owner)
		}
	}
	if p.kind != "erase" || !maps.Equal(p.seen, before) || len(held)+len(p.held) > 0 {
		return
	}
	for _, who := range p.who {
		if who == 2 || who == 4 {
			continue // whose number and address the twin in the other account has
		}
		words := append([]string{m.people[who].email}, m.was[who]...)
		if !m.pair(who) && who < 6 {
			words = append(words, m.people[who].phone)
		}
		m.search(words)
	}
}

// sameTried reports a plan that another file has, too, which was applied.
func (m *rightsModel) sameTried(p *madePlan) bool {
	mine, err := os.ReadFile(p.path)
	m.must(err)
	return slices.ContainsFunc(m.plans, func(q *madePlan) bool {
		theirs, err := os.ReadFile(q.path)
		m.must(err)
		return q != p && q.tried && bytes.Equal(mine, theirs)
	})
}

// stripped counts what the law keeps, without what it does not.
func (m *rightsModel) stripped(before map[string]string) (n int) {
	for k, text := range before {
		if strings.HasPrefix(k, "tickets") && m.floors && m.catalog["bare texts"] || (strings.HasPrefix(k, "invoices") || strings.HasPrefix(k, "contacts")) && m.bare(k, text) {
			n++
		}
	}
	return n
}

// leads reports a record to which something of hers leads that was known: with her contact
// emptied, neither a ticket nor a recording is found by her address.
func (m *rightsModel) leads(p *madePlan, r *planted) bool {
	k := fmt.Sprintf("contacts:%d", m.people[r.owner].contact)
	return r.strong || p.seen[k] != "" && !m.bare(k, p.seen[k])
}

// bare reports a row without personal data.
func (m *rightsModel) bare(k, text string) bool {
	p := m.people[m.records[k].owner]
	return !strings.Contains(text, p.phone) && !strings.Contains(text, p.email) && !strings.Contains(text, "words") && !strings.HasPrefix(k, "rec:")
}

// search wants no words anywhere in the bytes of the stores, nor in names of files.
func (m *rightsModel) search(words []string) {
	for _, dir := range []string{"exports", "rec", "crm"} {
		err := filepath.WalkDir(m.at(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			for _, w := range words {
				if bytes.Contains(data, []byte(w)) || strings.Contains(path, w) {
					m.fail("%s stands in %s", w, path)
				}
			}
			return err
		})
		m.must(err)
	}
}

// former reports somebody of whom something with a former address was known to a plan.
func (m *rightsModel) former(p *madePlan, who int) bool {
	for k, text := range p.seen {
		if r := m.records[k]; r.owner == who && r.strong && len(m.was[who]) > 0 && !strings.Contains(text, m.people[who].email) {
			return true
		}
	}
	return false
}
