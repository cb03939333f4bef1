package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

// deadly is a context that kills the process when it was asked for the n-th time.
type deadly struct {
	context.Context
	left *atomic.Int64
}

func (d deadly) tick() {
	if d.left.Add(-1) == 0 {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (d deadly) Err() error {
	d.tick()
	return d.Context.Err()
}

func (d deadly) Done() <-chan struct{} {
	d.tick()
	return d.Context.Done()
}

// killedProgram is the name under which the test binary is rightsKilled.
const killedProgram = "rights-killed"

// rightsKilled is the program that TestRightsModel kills in the middle of a job. Its arguments
// are the folder of a site, the job, the time and after how many looks at its context it dies.
func rightsKilled() {
	if err := killedJob(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func killedJob(dir, job, at, looks string) error {
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(looks, 10, 64)
	if err != nil {
		return err
	}
	c, _, err := config.Load(filepath.Join(dir, "sutra.yaml"), os.LookupEnv, all.Kinds())
	if err != nil {
		return err
	}
	ctx := deadly{Context: context.Background(), left: &atomic.Int64{}}
	s, err := pipeline.Open(ctx.Context, c, all.Kinds(), true, func(any) {})
	if err != nil {
		return err
	}
	s.Now = func() time.Time { return now }
	ctx.left.Store(n)
	switch job {
	case "scan":
		_, err = s.Scan(ctx, nil)
	case "nightly":
		_, err = s.Nightly(ctx, now, false)
	default:
		_, err = s.Apply(ctx, job, false)
	}
	fmt.Println(err, n-ctx.left.Load(), s.Close())
	return nil
}

// killed runs a job that is killed somewhere, or ends before.
func (m *rightsModel) killed(p *madePlan, job string) {
	if m.gaps["crm"] == "broken" || m.gaps["exports"] == "broken" || m.gaps["rec"] == "broken" {
		return
	}
	before, held := m.snap(), m.held()
	n := 1 << m.rng.IntN(9)
	n += m.rng.IntN(n)
	cmd := exec.CommandContext(m.t.Context(), os.Args[0], m.dir, job, m.now.Format(time.RFC3339), strconv.Itoa(n))
	cmd.Args[0] = killedProgram // by which TestMain knows it
	cmd.Env = append(os.Environ(), "TMPDIR="+m.dir)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() > 0 { // it was neither killed nor came to its end
		m.fail("the job %s did not begin: %s", filepath.Base(job), out)
	}
	after := m.snap()
	c := changedIn(before, after)
	if err == nil {
		m.say("%s", strings.ReplaceAll(string(out), "\n", " "))
	}
	m.say("killed %s at %d: %v changed %v", filepath.Base(job), n, err, c)
	m.seen = maps.Clone(m.seen)
	for _, k := range c {
		delete(m.seen, k)
	}
	switch {
	case job == "scan" && len(c) > 0:
		m.fail("a scan changed %v", c)
	case job == "nightly":
		m.nightOnly(c, held)
	case p != nil:
		m.allowed(p, c, before, after, held)
		for _, k := range c {
			p.did[k] = true
		}
		p.tried, p.failed = p.tried || len(c) > 0, true
		if p.kind == "erase" && len(c) > 0 {
			for _, who := range p.who {
				m.tried[who] = m.now
			}
		}
	}
}

// amend plans another address for somebody.
func (m *rightsModel) amend(who int) {
	if who < 2 || who > 5 || len(m.group(who)) > 1 {
		return
	}
	p := &madePlan{path: filepath.Join(m.dir, fmt.Sprintf("%d.plan", len(m.plans))), kind: "correct", who: []int{who}, seen: m.known(m.seen), held: m.held(), asOf: m.now, floors: m.floors, did: map[string]bool{},
		old: m.people[who].email, set: fmt.Sprintf("new%d.%d@example.com", len(m.plans), who)}
	err := m.job(func(s *pipeline.Site) (err error) {
		_, err = s.Correct(m.t.Context(), pipeline.CorrectOptions{Ident: p.old, Account: m.people[who].account, Set: []string{"user.contact.email=" + p.set}}, p.path)
		return err
	})
	m.say("plan %d correct %d to %s: %v", len(m.plans), who, p.set, err)
	if err == nil {
		m.plans = append(m.plans, p)
	}
}

// amended takes over what a correction changed.
func (m *rightsModel) amended(p *madePlan, changed []string, before, after map[string]string, held map[int]bool) {
	for _, k := range changed {
		r := m.records[k]
		if r.owner != p.who[0] || held[r.owner] || after[k] != strings.ReplaceAll(before[k], p.old, p.set) {
			m.fail("the correction made of %s: %s", before[k], after[k])
		}
		if before[k] == r.text {
			r.text, r.line = after[k], strings.ReplaceAll(r.line, p.old, p.set)
		}
		m.people[r.owner].email = p.set
	}
	if len(changed) > 0 {
		m.was[p.who[0]] = append(m.was[p.who[0]], p.old)
	}
}
