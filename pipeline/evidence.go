package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/policy"
)

// evidenceTally counts what a certificate says, by store and class: it grows with
// the classes, not with the records.
type evidenceTally struct {
	site      *Site
	scope     map[scopeKey]*audit.Scope
	first     map[scopeKey]lineage.Date
	last      map[scopeKey]lineage.Date
	residuals map[audit.Residual]int // by all but the count
	accounts  map[string]bool
	emptied   emptiedAt               // records that stay
	beside    map[audit.Leftover]bool // what the changes themselves left where they do not reach
}

type scopeKey struct{ store, class, rule string }

func newTally(s *Site) evidenceTally {
	return evidenceTally{s, map[scopeKey]*audit.Scope{}, map[scopeKey]lineage.Date{}, map[scopeKey]lineage.Date{}, map[audit.Residual]int{}, map[string]bool{}, emptiedAt{}, map[audit.Leftover]bool{}}
}

// line returns the line of a store, a class and a rule.
func (t *evidenceTally) line(store, class, rule string) (scopeKey, *audit.Scope) {
	k := scopeKey{store, cmp.Or(class, "unclassified"), cmp.Or(rule, "request")}
	if t.scope[k] == nil {
		t.scope[k] = &audit.Scope{Store: k.store, Class: k.class, Rule: k.rule}
	}
	return k, t.scope[k]
}

// done counts a step that was carried out. Of the deletions, shells stayed as empty
// rows because others refer to them.
func (t *evidenceTally) done(st planStep, shells int) {
	for _, e := range st.Edits {
		k, l := t.line(st.Source, e.Class, e.Rule)
		l.Found++
		if e.Delete && shells == 0 {
			l.Erased++
		} else {
			l.Redacted++
			t.emptied.add(st.Source, e)
			if e.Delete {
				shells--
			}
		}
		t.date(k, e)
	}
}

// failed counts a step that was not carried out.
func (t *evidenceTally) failed(st planStep) {
	for _, e := range st.Edits {
		k, l := t.line(st.Source, e.Class, e.Rule)
		l.Found++
		l.Failed++
		t.date(k, e)
	}
}

func (t *evidenceTally) date(k scopeKey, e planEdit) {
	if e.Rule == "" {
		return
	}
	t.accounts[e.Account] = true
	if !policy.Real(e.Trigger) || e.Trigger == 0 || t.site.Policy.Rules[e.Rule].Trigger == policy.TriggerTerminated {
		return
	}
	if d, ok := t.first[k]; !ok || e.Trigger < d {
		t.first[k] = e.Trigger
	}
	if d, ok := t.last[k]; !ok || e.Trigger > d {
		t.last[k] = e.Trigger
	}
}

// kept counts a record that stays. One that law keeps is emptied of what is not
// needed, and stands among the redacted ones already.
func (t *evidenceTally) kept(k KeptLine) {
	if k.Reason != "law" {
		_, l := t.line(k.Source, k.Class, "")
		l.Found++
		l.Kept++
	}
	r := audit.Residual{Class: cmp.Or(k.Class, "unclassified"), Reason: k.Reason, Citation: k.Rule, ReleaseOn: firstDay(k.Until)}
	if k.Reason == "hold" && !k.Released {
		r.ReleaseOn = "" // the day of its review is not its end
	}
	if cite := t.site.Policy.FloorCite(k.Rule); cite != "" {
		r.Citation += ": " + cite
	}
	t.residuals[r]++
}

// lines returns the scope, the methods and the residuals of a certificate, sorted.
func (t *evidenceTally) lines() (scope []audit.Scope, methods []audit.Method, residuals []audit.Residual) {
	by := func(a, b scopeKey) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.class, b.class), cmp.Compare(a.rule, b.rule))
	}
	erased, redacted := map[string]bool{}, map[string]bool{}
	for _, k := range slices.SortedFunc(maps.Keys(t.scope), by) {
		l := *t.scope[k]
		if d, ok := t.first[k]; ok {
			l.TriggerDateRange = policy.Format(d) + "/" + policy.Format(t.last[k])
		}
		scope = append(scope, l)
		erased[k.class] = erased[k.class] || l.Erased > 0
		redacted[k.class] = redacted[k.class] || l.Redacted > 0
	}
	for _, c := range slices.Sorted(maps.Keys(erased)) {
		if erased[c] {
			methods = append(methods, audit.Method{Class: c, Method: "hard_delete"})
		}
		if redacted[c] {
			methods = append(methods, audit.Method{Class: c, Method: "field_strip", Note: "records that stay: emptied of the personal data in scope"})
		}
	}
	for r, n := range t.residuals {
		r.Count = n
		residuals = append(residuals, r)
	}
	slices.SortFunc(residuals, func(a, b audit.Residual) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Citation, b.Citation), cmp.Compare(a.ReleaseOn, b.ReleaseOn))
	})
	return scope, methods, residuals
}

const proofBucket = "proof"

// proof is what verify needs to prove a plan again.
type proof struct {
	Plan        string    `json:"plan"`
	Kind        string    `json:"kind"`
	SHA256      string    `json:"sha256"`
	AsOf        int64     `json:"as_of"` // Unix seconds
	Certificate string    `json:"certificate"`
	Returned    bool      `json:"returned,omitempty"` // about old copies that came back
	Aged        *int      `json:"aged,omitempty"`     // of retention: how many documents tell what it took out; nil from an older program
	Touched     []touched `json:"touched"`
}

// evidence writes the certificate, the audit log and what verify goes by.
func (a *application) evidence(ctx context.Context) error {
	log, err := a.AuditLog()
	if err != nil {
		return err
	}
	entry, err := log.Append(ctx, a.Now(), actor(), "plan.applied", map[string]any{
		"plan": a.plan.ID, "plan_sha256": a.plan.SHA256, "kind": a.plan.Kind, "erased": a.sum.Erased, "redacted": a.sum.Redacted, "already": a.sum.Already, "kept": a.sum.Kept,
		"stale": a.sum.Stale, "failed": a.sum.Failed, "residue": a.sum.Residue, "simulated": a.simulate,
	})
	if err != nil {
		return err
	}
	c := a.certificate(entry)
	if c.Leftovers, err = a.leftovers(ctx); err != nil {
		return err
	}
	if c.Kind != audit.KindCorrection {
		c.StandIns, err = a.standIns(ctx, a.tally.emptied, func(source string, err error) {
			a.gap(source, "", "which columns could not be emptied is not known: "+err.Error())
		})
		if err != nil {
			return err
		}
		a.tellStandIns(c.StandIns)
	}
	if err := a.eachKnownGap(func(g GapLine) { c.Unread = c.Unread.Add(g.Source) }); err != nil {
		return err
	}
	if h, err := log.Head(); err != nil {
		return err
	} else if h.N == entry.Seq { // nobody wrote in between
		c.Log.Root = h.Root.String()
	}
	path, err := audit.Issue(a.statePath("certificates"), c, a.Graph.Sign)
	if err != nil && !errors.Is(err, audit.ErrPartial) {
		return err
	}
	a.sum.Certificate = path
	return errors.Join(a.remember(), a.rememberNear())
}

// remember stores which units were changed.
func (a *application) remember() error {
	if err := a.rememberAged(); err != nil {
		return err
	}
	aged := (len(a.aged) + agedAtOnce - 1) / agedAtOnce
	i := 0
	return a.touched.each(func(list []touched) error {
		p := proof{Aged: &aged, Plan: a.plan.ID, Kind: a.plan.Kind, SHA256: a.plan.SHA256, AsOf: a.plan.AsOf.Unix(), Certificate: certificateID(a.sum.Certificate), Returned: a.returned != nil, Touched: list}
		doc, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("note what was touched: %w", err)
		}
		i++
		return a.Graph.PutDoc(proofBucket, fmt.Sprintf("%s.%06d", a.plan.ID, i-1), doc)
	})
}

func (a *application) certificate(entry audit.Entry) audit.Certificate {
	c := audit.Certificate{
		Schema: "sutra.certificate/1", Kind: audit.KindErasure, PlanSHA256: a.plan.SHA256, ExecutedBy: "sutra " + a.Version, Simulated: a.simulate,
		Policy:    audit.Policy{ID: a.Policy.ID, Version: a.Policy.Version, SHA256: a.policyDigest()},
		StartedAt: a.started, FinishedAt: a.Now(), Contact: audit.Contact{Name: "Privacy", Email: "support@cratio.com"},
		Log: audit.Anchor{Seq: entry.Seq, EntryHash: entry.Hash}, ApprovedBy: a.approved,
	}
	switch a.plan.Kind {
	case "retain":
		c.Kind = audit.KindRetention
		c.AccountTokens = a.accountTokens(slices.Sorted(maps.Keys(a.tally.accounts)))
	case "erase":
		c.AccountTokens = a.accountTokens(slices.Sorted(maps.Keys(a.tokens)))
	}
	if a.plan.Kind == correcting {
		c.Kind = audit.KindCorrection
	}
	for _, f := range a.Policy.FloorsInForce(c.FinishedAt) {
		x := audit.Floor{ID: f.ID, Mode: f.Mode}
		if policy.Real(f.EffectiveFrom) {
			x.EffectiveFrom = policy.Format(f.EffectiveFrom)
		}
		c.FloorsInForce = append(c.FloorsInForce, x)
	}
	for _, x := range a.plan.body.Subjects {
		for t, k := range x.Tokens {
			if !a.kinds.link(k) {
				c.SubjectTokens = append(c.SubjectTokens, t)
			}
		}
	}
	slices.Sort(c.SubjectTokens)
	c.Scope, c.Method, c.Residuals = a.tally.lines()
	if a.plan.Kind == correcting {
		for i := range c.Method {
			c.Method[i].Method, c.Method[i].Note = "overwrite", "the new value in the place of the old one"
		}
	}
	c.Verification = audit.Verification{RescanAt: a.Now(), LiveHits: a.sum.Residue, Units: a.touched.n}
	if h := a.Policy.Backups.Horizon; !h.IsZero() {
		today := policy.Civil(c.FinishedAt)
		c.Backups = audit.Backups{NewestBackupContaining: policy.Format(today), ClearBy: policy.Format(h.AddTo(today) + 1), TombstoneID: a.plan.ID}
	}
	return c
}

// leftovers asks the stores that were changed what deletion leaves behind in them.
// One that does not answer is a gap, and the certificate says so.
func (a *application) leftovers(ctx context.Context) ([]audit.Leftover, error) {
	var out []audit.Leftover
	for _, name := range slices.Sorted(maps.Keys(a.touched.changed)) {
		src, err := a.source(name)
		if err != nil {
			return nil, err
		}
		store, ok := src.Conn.(connectors.Retainer)
		if !ok {
			continue
		}
		list, err := store.Leftovers(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			a.gap(name, "", "what deletion leaves behind is not known: "+err.Error())
			list = []connectors.Leftover{{What: "the store did not say what deletion leaves behind in it"}}
		}
		for _, l := range list {
			x := audit.Leftover{Store: name, What: l.What}
			if !l.Until.IsZero() {
				x.Until = l.Until.In(audit.IST).Format(time.DateOnly)
			}
			out = append(out, x)
		}
	}
	beside := slices.SortedFunc(maps.Keys(a.tally.beside), func(x, y audit.Leftover) int {
		return cmp.Or(cmp.Compare(x.Store, y.Store), cmp.Compare(x.What, y.What))
	})
	return append(out, beside...), nil
}

// policyDigest is the SHA-256 of the policy in force, in hex; "" when it cannot be
// encoded.
func (s *Site) policyDigest() string {
	data, err := json.Marshal(s.Policy)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// firstDay is the date of a stamp, "" when there is none.
func firstDay(stamp string) string {
	if len(stamp) < 10 {
		return ""
	}
	return stamp[:10]
}

// accountTokens spells accounts as certificates name them.
func (s *Site) accountTokens(accounts []string) (out []string) {
	for _, account := range accounts {
		t := s.Graph.Token("account", account)
		out = append(out, hex.EncodeToString(t[:]))
	}
	return out
}
