package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/cmd/sutra/internal/world"
	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

func (a *app) demoCmd() *cobra.Command {
	var people int
	var seed uint64
	var h housing
	c := &cobra.Command{
		Use: "demo [DIR]", Short: "Build a world with planted truth and run the whole story on it", Args: cobra.MaximumNArgs(1),
		Long: `Build a world with planted truth and run the whole story on it: scan, where, access, erase, retain, verify.

The world stands in DIR. With --crm its CRM stands in a server: in the database of CRM_DSN when that is set, a scratch
database in which the tables of an earlier demo are dropped and tables of anybody else are refused; else in a server that
is started for the run and ends with it. With --s3 every folder stands in a new bucket that keeps versions: of the server
that AWS_ENDPOINT_URL names when it is set, where the bucket stays; else of one that is started for the run.`,
		RunE: func(c *cobra.Command, args []string) error {
			dir := "sutra-demo"
			if len(args) > 0 {
				dir = args[0]
			}
			if crmNames[h.crm] == "" {
				return usageError{fmt.Errorf("--crm %s: it must be sqlite, postgres or mysql", h.crm)}
			}
			if err := world.Sized(people); err != nil {
				return usageError{fmt.Errorf("--people %d: %w", people, err)}
			}
			d := &demo{app: a, dir: dir, started: time.Now(), housing: h}
			err := d.run(c.Context(), people, seed)
			return errors.Join(err, d.end())
		},
	}
	c.Flags().IntVar(&people, "people", 2000, "how many people the world has")
	c.Flags().Uint64Var(&seed, "seed", 1, "the same seed makes the same world")
	c.Flags().StringVar(&h.crm, "crm", "sqlite", "where the CRM stands: sqlite, postgres or mysql")
	c.Flags().BoolVar(&h.s3, "s3", false, "the folders stand in a bucket that keeps versions")
	return c
}

// demo is one run of the story.
type demo struct {
	*app
	housing
	dir     string
	started time.Time
	truth   *world.Truth
	copies  []pipeline.CopyLine
	cast    []world.Person
	before  *world.Snap
	after   *world.Snap
	bad     []string
	gaps    int
}

// demoSummary is what the demo prints last.
type demoSummary struct {
	Type     string  `json:"type"`
	People   int     `json:"people"`
	Planted  int     `json:"planted"`
	Erased   int     `json:"erased"`
	Missed   int     `json:"missed"`
	Damaged  int     `json:"damaged"`
	Kept     int     `json:"kept_by_law"`
	PeakMiB  int     `json:"peak_mib"`
	Seconds  float64 `json:"seconds"`
	Findings int     `json:"findings"`
	CRM      string  `json:"crm"`           // sqlite, postgres or mysql
	URL      string  `json:"url,omitempty"` // of the bucket
	Objects  int     `json:"objects"`       // in the bucket, at the end
	Leftover int     `json:"leftover"`      // old versions, markers and unfinished uploads in the bucket
}

func (d *demo) say(format string, args ...any) {
	if !d.json {
		fmt.Fprintf(d.stdout, format+"\n", args...)
	}
}

func (d *demo) step(name string, since time.Time) {
	d.out.remark(fmt.Sprintf("%-28s %6.1f s", name, time.Since(since).Seconds()))
}

func (d *demo) run(ctx context.Context, people int, seed uint64) error {
	if err := d.build(ctx, people, seed); err != nil {
		return err
	}
	s, err := d.site(ctx)
	if err != nil {
		return err
	}
	sum, err := d.story(ctx, s)
	peak := peakMiB() // before the judge, whose memory is not sutra's
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	rep, err := d.judge(ctx)
	if err != nil {
		return err
	}
	sum.Type, sum.People, sum.Planted = "summary", d.truth.People, d.truth.Copies
	sum.Missed, sum.Damaged, sum.Kept = len(rep.Missed), len(rep.Damaged), len(rep.KeptByLaw)
	sum.CRM, sum.URL = d.crm, d.urls
	sum.Objects, sum.Leftover = d.after.Objects(), d.after.Leftovers()
	sum.PeakMiB, sum.Seconds, sum.Findings = peak, time.Since(d.started).Seconds(), len(d.bad)
	return d.report(sum, rep)
}

// build makes the world and its key.
func (d *demo) build(ctx context.Context, people int, seed uint64) error {
	if err := clearDemo(d.dir); err != nil {
		return err
	}
	at := time.Now()
	t, err := world.Build(ctx, d.dir, world.Options{People: people, Seed: seed})
	if err != nil {
		return err
	}
	d.truth = t
	scratch, err := os.MkdirTemp("", "sutra-key-")
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	err = config.Init(filepath.Join(scratch, "init"))
	if err == nil {
		var key []byte
		if key, err = os.ReadFile(filepath.Join(scratch, "init", "sutra.key")); err == nil {
			err = os.WriteFile(filepath.Join(d.dir, "sutra.key"), key, 0o600)
		}
	}
	if err := errors.Join(err, os.RemoveAll(scratch)); err != nil {
		return err
	}
	err = d.house(ctx)
	d.step("world built", at)
	return err
}

func (d *demo) site(ctx context.Context) (*pipeline.Site, error) {
	c, _, err := config.Load(filepath.Join(d.dir, "sutra.yaml"), d.lookup, all.Kinds())
	if err != nil {
		return nil, err
	}
	s, err := pipeline.Open(ctx, c, all.Kinds(), true, d.take)
	if err != nil {
		return nil, err
	}
	s.Workers, s.Version = d.workers, version
	return s, nil
}

// take gathers what the jobs print.
func (d *demo) take(line any) {
	switch l := line.(type) {
	case pipeline.CopyLine:
		d.copies = append(d.copies, l)
	case pipeline.GapLine:
		d.gaps++
		if d.gaps <= 5 {
			d.say("  gap: %s %s: %s", l.Source, l.Unit, l.Reason)
		}
		d.bad = append(d.bad, "a gap in "+l.Source)
	}
}

// story is what the three kinds of users do, one after the other.
func (d *demo) story(ctx context.Context, s *pipeline.Site) (demoSummary, error) {
	var sum demoSummary
	d.say("\nA small CRM company: %d people, %d planted copies, in %s", d.truth.People, d.truth.Copies, strings.Join(append([]string{d.dir}, d.words...), "; "))
	if err := d.choose(ctx); err != nil {
		return sum, err
	}
	at := time.Now()
	var err error
	if d.before, err = d.truth.Snapshot(ctx, d.dir, world.SnapOptions{Watch: d.ids()}); err != nil {
		return sum, err
	}
	d.step("world read by the judge", at)
	if err := d.scan(ctx, s); err != nil {
		return sum, err
	}
	for _, p := range d.cast { // all are asked for first: an erasure moves the rows behind it
		if err := d.where(ctx, s, p); err != nil {
			return sum, err
		}
	}
	for i, p := range d.cast {
		if err := d.person(ctx, s, i, p, &sum); err != nil {
			return sum, err
		}
	}
	return sum, d.finish(ctx, s, &sum)
}

// choose casts the people of the story.
func (d *demo) choose(ctx context.Context) error {
	for _, tag := range []string{world.TagRich, world.TagSwitchboard, world.TagFamily, world.TagTwoAccounts, world.TagMerged, world.TagConference, "ordinary"} {
		list, err := d.truth.Pick(ctx, tag)
		if err != nil {
			return err
		}
		for _, p := range list[:min(1, len(list))] {
			if !slices.ContainsFunc(d.cast, func(q world.Person) bool { return q.ID == p.ID }) {
				d.cast = append(d.cast, p)
			}
		}
	}
	return nil
}

func (d *demo) ids() []string {
	var out []string
	for _, p := range d.cast {
		out = append(out, p.ID)
	}
	return out
}

func (d *demo) scan(ctx context.Context, s *pipeline.Site) error {
	sum, err := s.Scan(ctx, nil)
	if err != nil {
		return err
	}
	d.say("scan      %d records in %d units, %d sightings, %d gaps, %.1f s", sum.Records, sum.Units, sum.Sightings, sum.Gaps, sum.Seconds)
	again, err := s.Scan(ctx, nil)
	if err != nil {
		return err
	}
	d.say("scan      again: %d of %d units skipped, %.1f s", again.Skipped, again.Units, again.Seconds)
	return nil
}

// kind names a person of the cast by what is special about her.
func kind(p world.Person) string {
	if len(p.Tags) == 0 {
		return "ordinary"
	}
	return strings.Join(p.Tags, ", ")
}

// where asks for one person and compares the answer with what was planted.
func (d *demo) where(ctx context.Context, s *pipeline.Site, p world.Person) error {
	d.copies = nil
	if _, err := s.Where(ctx, p.Emails[:1], p.Account); err != nil {
		return fmt.Errorf("where is person %s (%s): %w", p.ID, kind(p), err)
	}
	found, strangers, err := d.truth.CompareWhere(ctx, d.reported(), p.ID)
	if err != nil {
		return err
	}
	for _, c := range found {
		d.bad = append(d.bad, fmt.Sprintf("where missed a copy of %s in %s %s %s (%s)", p.ID, c.Dataset, c.Unit, c.Locator, c.Role))
	}
	for _, c := range strangers {
		d.bad = append(d.bad, fmt.Sprintf("where showed %s a stranger's record in %s %s %s", p.ID, c.Dataset, c.Unit, c.Locator))
	}
	d.say("where     %-32s %3d copies", kind(p), len(d.copies))
	return nil
}

// person hands one person her copy and erases her.
func (d *demo) person(ctx context.Context, s *pipeline.Site, i int, p world.Person, sum *demoSummary) error {
	who, ident := kind(p), p.Emails[0]
	zip := filepath.Join(d.dir, fmt.Sprintf("bundle-%d.zip", i))
	acc, err := s.Access(ctx, ident, p.Account, zip, "")
	if err != nil {
		return fmt.Errorf("access of person %s (%s): %w", p.ID, who, err)
	}
	if err := os.Remove(zip); err != nil { // a bundle is a copy too
		return fmt.Errorf("remove the bundle: %w", err)
	}
	plan := filepath.Join(d.dir, fmt.Sprintf("plan-%d.json", i))
	pl, err := s.Erase(ctx, ident, p.Account, plan)
	if err != nil {
		return fmt.Errorf("erase person %s (%s): %w", p.ID, who, err)
	}
	ap, err := s.Apply(ctx, plan, false)
	if err != nil {
		return fmt.Errorf("apply the erasure of %s (%s): %w", p.ID, who, err)
	}
	if ap.Stale+ap.Failed+ap.Residue > 0 {
		d.bad = append(d.bad, fmt.Sprintf("apply for %s: %d stale, %d failed, %d residue", p.ID, ap.Stale, ap.Failed, ap.Residue))
	}
	sum.Erased += ap.Erased + ap.Redacted
	d.say("erase     %-32s bundle of %d records and %d recordings; %d units: %d erased, %d redacted, %d kept by law or shared",
		who, acc.Records, acc.Files, pl.Steps, ap.Erased, ap.Redacted, ap.Kept)
	return nil
}

// reported turns what `where` printed into the judge's form.
func (d *demo) reported() []world.Copy {
	var out []world.Copy
	for _, c := range d.copies {
		out = append(out, world.Copy{Account: c.Account, Source: c.Source, Dataset: c.Dataset, Unit: c.Unit, Locator: c.Locator, Role: c.Role})
	}
	return out
}

// finish applies retention and proves the whole.
func (d *demo) finish(ctx context.Context, s *pipeline.Site, sum *demoSummary) error {
	plan := filepath.Join(d.dir, "plan-retain.json")
	pl, err := s.Retain(ctx, s.Now(), plan)
	if err != nil {
		return err
	}
	ap, err := s.Apply(ctx, plan, false)
	if err != nil {
		return err
	}
	if ap.Stale+ap.Failed > 0 {
		d.bad = append(d.bad, fmt.Sprintf("retention: %d stale, %d failed", ap.Stale, ap.Failed))
	}
	d.say("retain    %d records past their period in %d units: %d erased, %d emptied; %d undated ones reported and left", pl.Records, pl.Steps, ap.Erased, ap.Redacted, pl.Undated)
	v, err := s.Verify(ctx, "")
	if err != nil {
		return err
	}
	if v.Residue > 0 {
		d.bad = append(d.bad, fmt.Sprintf("verify found %d copies of erased people", v.Residue))
	}
	d.say("verify    %d certificates, %d units read again, residue %d", v.Certificates, v.Units, v.Residue)
	return nil
}

// judge reads the world again by its own decoders and compares it with the
// truth.
func (d *demo) judge(ctx context.Context) (world.Report, error) {
	at := time.Now()
	var err error
	if d.after, err = d.truth.Snapshot(ctx, d.dir, world.SnapOptions{Watch: d.ids(), Base: d.before}); err != nil {
		return world.Report{}, err
	}
	rep, err := d.truth.CompareAfter(ctx, d.before, d.after, d.ids(), true)
	d.step("world judged", at)
	return rep, err
}

func (d *demo) report(sum demoSummary, rep world.Report) error {
	for _, list := range [][]world.Finding{rep.Missed, rep.Damaged} {
		for _, f := range list[:min(len(list), 12)] {
			d.say("  wrong: %+v", f)
		}
	}
	for _, b := range d.bad[:min(len(d.bad), 20)] {
		d.say("  wrong: %s", b)
	}
	d.say("truth     %d copies missed, %d strangers' records changed, %d rows kept by law; %d other findings", sum.Missed, sum.Damaged, sum.Kept, sum.Findings)
	if d.s3 {
		d.say("versions  %d objects in %s, every version of them read: %d old versions, delete markers or unfinished uploads", sum.Objects, sum.URL, sum.Leftover)
	}
	for _, n := range d.notes {
		d.say("note      %s", n)
	}
	d.say("peak memory %d MiB, %.1f s in all", sum.PeakMiB, sum.Seconds)
	if d.json {
		d.out.summary(sum)
	}
	if !rep.OK() || len(d.bad) > 0 {
		return errors.New("the world is not as it should be: see the lines marked wrong")
	}
	d.say("found = planted, erased = planted, strangers untouched")
	return nil
}

// peakMiB is the process's peak resident memory so far.
func peakMiB() int {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib int
	for _, l := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			if _, err := fmt.Sscanf(rest, "%d", &kib); err != nil {
				return 0
			}
		}
	}
	return kib / 1024
}
