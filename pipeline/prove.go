package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// refresh brings the graph up to date with the units that were changed.
func (a *application) refresh(ctx context.Context) error {
	return a.rescan(ctx, a.touched)
}

// rescan reads units again, whatever their fingerprints.
func (s *Site) rescan(ctx context.Context, list []touched) error {
	if len(list) == 0 {
		return nil
	}
	w, err := s.Graph.Begin()
	if err != nil {
		return err
	}
	run := &scan{Site: s, w: w, force: true}
	bySource := map[string]map[string]touched{}
	for _, t := range list {
		if bySource[t.Source] == nil {
			bySource[t.Source] = map[string]touched{}
		}
		bySource[t.Source][t.Unit.Key] = t
	}
	for name, units := range bySource {
		src, err := s.source(name)
		if err != nil {
			return err
		}
		for u, err := range src.Conn.Units(ctx) {
			if err != nil {
				s.gap(name, u.Key, "the listing failed: "+err.Error())
				continue
			}
			if _, ok := units[u.Key]; ok {
				if err := run.unit(ctx, src, u); err != nil {
					return err
				}
				delete(units, u.Key)
			}
		}
		for key := range units { // not listed any more: it is gone
			if err := w.Remove(name, key); err != nil {
				return err
			}
		}
	}
	return w.Close(ctx)
}

// prove counts what is left of the subject's identifiers after the graph was
// brought up to date from the sources.
func (a *application) prove() error {
	if a.plan.Kind != "erase" {
		return nil
	}
	kept := map[string]bool{}
	for _, k := range a.plan.body.Kept {
		if k.Reason != "law" {
			kept[k.Source+"\x00"+k.Unit] = true
		}
	}
	for t, kind := range a.tokens {
		if a.kinds.link(kind) {
			continue
		}
		rids, err := a.Graph.Postings(t)
		if err != nil {
			return err
		}
		found, err := a.Graph.Load(rids)
		if err != nil {
			return err
		}
		for i := range found {
			f := &found[i]
			if kept[f.Unit.Source+"\x00"+f.Unit.Unit.Key] || f.Record.Account != "" && f.Record.Account != a.plan.Account {
				continue
			}
			if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Own }) {
				a.sum.Residue++
				a.gap(f.Unit.Source, f.Unit.Unit.Key, "an identifier of the person is still in "+f.Record.Collection)
			}
		}
	}
	return nil
}

// suppress puts the person's own identifiers on the ledger.
func (a *application) suppress() error {
	if a.plan.Kind != "erase" {
		return nil
	}
	var list []lineage.Suppression
	for _, x := range a.plan.body.Subjects {
		for t, kind := range x.Tokens {
			tok, ok := parseToken(t)
			if !ok || a.kinds.link(kind) && !namedLinks[kind] {
				continue
			}
			list = append(list, lineage.Suppression{Token: tok, Kind: kind, Account: x.Account, At: a.Now(), Ref: a.plan.ID})
		}
		for t := range x.Shared {
			if tok, ok := parseToken(t); ok {
				if err := a.keepShared(tok, x.Account, a.plan.ID); err != nil {
					return err
				}
			}
		}
	}
	return a.Graph.Suppress(list)
}

const proofBucket = "proof"

// proof is what verify needs to prove an erasure again.
type proof struct {
	Plan    string    `json:"plan"`
	Touched []touched `json:"touched"`
}

// evidence writes the certificate, the audit log and what verify goes by.
func (a *application) evidence(ctx context.Context) error {
	log, err := audit.Open(a.statePath("audit"), a.Graph.Sign, a.Graph.VerifySignature)
	if err != nil {
		return err
	}
	entry, err := log.Append(ctx, a.Now(), "sutra", "plan.applied", map[string]any{
		"plan_sha256": a.plan.SHA256, "kind": a.plan.Kind, "erased": a.sum.Erased, "redacted": a.sum.Redacted, "kept": a.sum.Kept,
		"stale": a.sum.Stale, "failed": a.sum.Failed, "residue": a.sum.Residue, "simulated": a.simulate,
	})
	if err != nil {
		return err
	}
	path, err := audit.Issue(a.statePath("certificates"), a.certificate(entry), a.Graph.Sign)
	if err != nil && !errors.Is(err, audit.ErrPartial) {
		return err
	}
	a.sum.Certificate = path
	doc, err := json.Marshal(proof{Plan: a.plan.ID, Touched: a.touched})
	if err != nil {
		return fmt.Errorf("note what was touched: %w", err)
	}
	return a.Graph.PutDoc(proofBucket, a.plan.ID, doc)
}

func (a *application) certificate(entry audit.Entry) audit.Certificate {
	c := audit.Certificate{
		Schema: "sutra.certificate/1", Kind: "erasure_request", PlanSHA256: a.plan.SHA256, ExecutedBy: "sutra " + a.Version, Simulated: a.simulate,
		Policy:    audit.Policy{ID: a.Policy.ID, Version: a.Policy.Version, SHA256: a.policyDigest()},
		StartedAt: a.started, FinishedAt: a.Now(), Contact: audit.Contact{Name: "Privacy", Email: "support@cratio.com"},
		Log: audit.Anchor{Seq: entry.Seq, EntryHash: entry.Hash},
	}
	if a.plan.Kind == "retain" {
		c.Kind = "retention_purge"
	}
	for _, x := range a.plan.body.Subjects {
		for t, k := range x.Tokens {
			if !a.kinds.link(k) {
				c.SubjectTokens = append(c.SubjectTokens, t)
			}
		}
	}
	slices.Sort(c.SubjectTokens)
	c.Scope = []audit.Scope{{
		Store: "all sources", Class: "all", Rule: a.plan.Kind, Found: a.sum.Erased + a.sum.Redacted + a.sum.Failed + a.sum.Stale,
		Erased: a.sum.Erased, Redacted: a.sum.Redacted, Failed: a.sum.Failed + a.sum.Stale,
	}}
	if a.sum.Erased > 0 || a.sum.Redacted == 0 {
		c.Method = append(c.Method, audit.Method{Class: "all", Method: "hard_delete"})
	}
	if a.sum.Redacted > 0 {
		c.Method = append(c.Method, audit.Method{Class: "all", Method: "field_strip", Note: "records that stay: emptied of what is hers"})
	}
	for _, k := range a.plan.body.Kept {
		c.Residuals = append(c.Residuals, audit.Residual{Class: k.Rule, Count: 1, Reason: k.Reason, Citation: k.Rule, ReleaseOn: firstDay(k.Until)})
	}
	c.Verification = audit.Verification{RescanAt: a.Now(), LiveHits: a.sum.Residue}
	return c
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

// Verify reads the changed units of every applied plan again and proves that no
// identifier of an erased person is left.
func (s *Site) Verify(ctx context.Context) (VerifySummary, error) {
	sum := VerifySummary{Type: "summary"}
	if err := s.resident(ctx, nil); err != nil {
		return sum, err
	}
	docs, err := s.Graph.Docs(proofBucket)
	if err != nil {
		return sum, err
	}
	items, err := audit.List(s.statePath("certificates"))
	if err != nil {
		return sum, err
	}
	for _, it := range items {
		if it.Partial {
			continue
		}
		if _, err := audit.VerifyCertificate(it.Path, s.Graph.VerifySignature); err != nil {
			s.gap("state", "certificates", "a certificate does not hold: "+err.Error())
			continue
		}
		sum.Certificates++
	}
	all := map[string]touched{}
	for _, id := range lineage.DocIDs(docs) {
		var p proof
		if err := json.Unmarshal(docs[id], &p); err != nil {
			return sum, fmt.Errorf("read a proof: %w", err)
		}
		for _, t := range p.Touched {
			all[t.Source+"\x00"+t.Unit.Key] = t
		}
	}
	list := make([]touched, 0, len(all))
	for _, t := range all {
		list = append(list, t)
	}
	sum.Units = len(list)
	if err := s.rescan(ctx, list); err != nil {
		return sum, err
	}
	back, err := s.resurrections()
	if err != nil {
		return sum, err
	}
	for _, b := range back {
		s.emit(b)
	}
	sum.Residue, sum.Gaps = len(back), s.Gaps()
	return sum, nil
}

// firstDay is the date of a stamp, "" when there is none.
func firstDay(stamp string) string {
	if len(stamp) < 10 {
		return ""
	}
	return stamp[:10]
}
