package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

// carried are the documents of a graph that no scan finds: what people said, and what an
// erasure or a retention remembers.
var carried = []string{"link", "shared", "hold", "behind", "emptied", "shells", "unerased", "aged", "proof", "begun", "renamed", "heard", "moved", "scans"}

// fresh holds that the graph which many scans made answers as one of the same sources that
// is made anew: what it knows of whom, and why, and what a copy, an erasure and retention
// would take.
func (m *rightsModel) fresh(copies bool) {
	m.t.Helper()
	m.unmade("fresh")
	m.must(os.WriteFile(filepath.Join(m.dir, "fresh.yaml"), []byte("state: fresh/\n"+rightsConfig), 0o600))
	old, anew := m.site("sutra.yaml"), m.site("fresh.yaml")
	defer func() { m.must(errors.Join(old.Close(), anew.Close())) }()
	for _, bucket := range carried {
		docs, err := old.Graph.Docs(bucket)
		m.must(err)
		for id, doc := range docs {
			m.must(anew.Graph.PutDoc(bucket, id, doc))
		}
	}
	ledger, err := old.Graph.Suppressions()
	m.must(err)
	m.must(anew.Graph.Suppress(ledger))
	_, err = anew.Scan(m.t.Context(), nil)
	m.must(err)
	if a, b := m.overdue(old), m.overdue(anew); a != b {
		m.fail("of what is due the graph says, and a new one (+):\n%s", differ(a, b))
	}
	for who, p := range m.people {
		for _, ask := range []string{p.email, p.phone, fmt.Sprintf("contact:%d", p.contact)} {
			if a, b := m.answers(old, ask, p.account, copies), m.answers(anew, ask, p.account, copies); a != b {
				m.fail("%d by %s: the graph says, and a new one (+):\n%s", who, ask, differ(a, b))
			}
		}
	}
}

// differ lists the lines that only one of two texts has.
func differ(a, b string) (out string) {
	one, two := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range one {
		if !slices.Contains(two, l) {
			out += "- " + l + "\n"
		}
	}
	for _, l := range two {
		if !slices.Contains(one, l) {
			out += "+ " + l + "\n"
		}
	}
	return out
}

// site opens the world with one of its configurations.
func (m *rightsModel) site(name string) *pipeline.Site {
	m.t.Helper()
	c, _, err := config.Load(filepath.Join(m.dir, name), os.LookupEnv, m.kinds())
	m.must(err)
	s, err := pipeline.Open(m.t.Context(), c, m.kinds(), true, func(l any) { m.lines = append(m.lines, l) })
	m.must(err)
	s.Now = func() time.Time { return m.now }
	return s
}

// unmade is the path of a file that is not there yet.
func (m *rightsModel) unmade(name string) string {
	path := filepath.Join(m.dir, name)
	m.must(os.RemoveAll(path))
	return path
}

// overdue is what retention would do.
func (m *rightsModel) overdue(s *pipeline.Site) string {
	m.lines = nil
	plan, err := s.Retain(m.t.Context(), m.now, m.unmade("retain.plan"))
	return m.said(fmt.Sprint(err, plan.Steps, plan.Records, plan.Keep, plan.Undated, plan.Gaps))
}

// said are the lines that were printed, in an order of their own, and others. By which of
// several roads a record is reached is not fixed, and left out; and so is what a journal
// beside the graph tells of.
func (m *rightsModel) said(out ...string) string {
	for _, l := range m.lines {
		switch x := l.(type) {
		case pipeline.NoteLine:
			if strings.HasPrefix(x.Text, "an earlier run of ") {
				continue
			}
		case pipeline.StepLine:
			if x.Join {
				continue
			}
			x.From = ""
			l = x
		case pipeline.CopyLine:
			x.Via = nil
			l = x
		}
		out = append(out, fmt.Sprintf("%+v", l))
	}
	m.lines = nil
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// answers is all that is said of somebody.
func (m *rightsModel) answers(s *pipeline.Site, ask, account string, copies bool) string {
	ctx := m.t.Context()
	m.lines = nil
	_, err := s.Where(ctx, []string{ask}, account)
	sum, err2 := s.Explain(ctx, []string{ask}, account)
	out, data := []string{fmt.Sprint(err, err2, sum)}, ""
	if copies {
		path := m.unmade("copy.zip")
		sum, err := s.Access(ctx, ask, account, path, "")
		out = append(out, fmt.Sprint(err, sum))
		if err == nil {
			data = handed(m.t, path)
		}
		plan, err := s.Erase(ctx, ask, account, m.unmade("erase.plan"))
		out = append(out, fmt.Sprint(err, plan.Steps, plan.Records, plan.Keep, plan.Gaps))
	}
	return m.said(out...) + "\n" + data
}
