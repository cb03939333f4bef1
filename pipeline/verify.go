package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// certificateID is the id of a certificate or report from its path.
func certificateID(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".json"), ".report")
}

// isReport tells a report of partial failure by its name.
func isReport(path string) bool { return strings.HasSuffix(path, ".report.json") }

// Verify reads the changed units of every applied plan again and proves that no
// identifier of an erased person is left. With a certificate, a path or an id, it
// does so for that one: it reads again what its plan touched.
func (s *Site) Verify(ctx context.Context, certificate string) (VerifySummary, error) {
	if err := s.resident(ctx, nil); err != nil {
		return VerifySummary{Type: "summary"}, err
	}
	if certificate != "" {
		return s.verifyOne(ctx, certificate)
	}
	sum := VerifySummary{Type: "summary"}
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
	proofs, err := s.proofs(func(proof) bool { return true })
	if err != nil {
		return sum, err
	}
	if err := s.rescanProofs(ctx, proofs, &sum); err != nil {
		return sum, err
	}
	back, err := s.resurrections(nil)
	if err != nil {
		return sum, err
	}
	for _, b := range back {
		s.emit(b)
	}
	sum.Residue = len(back)
	err = s.stillDue(ctx, proofs, &sum)
	sum.Gaps = s.Gaps()
	return sum, err
}

// verifyOne proves one certificate.
func (s *Site) verifyOne(ctx context.Context, certificate string) (VerifySummary, error) {
	sum := VerifySummary{Type: "summary"}
	path := certificate
	if !strings.ContainsAny(certificate, "/.") {
		path = s.statePath("certificates", certificate+".json")
	}
	if isReport(path) {
		return sum, fmt.Errorf("%w: %s is a report of partial failure, which promises nothing; apply its plan again", ErrUsage, filepath.Base(path))
	}
	c, err := audit.VerifyCertificate(path, s.Graph.VerifySignature)
	if err != nil {
		return sum, err
	}
	sum.Certificates = 1
	proofs, err := s.proofs(func(p proof) bool { return p.SHA256 == c.PlanSHA256 })
	if err != nil {
		return sum, err
	}
	if len(proofs) == 0 {
		return sum, fmt.Errorf("%w: nothing here knows what the plan of certificate %s touched: it is of another installation", ErrRefused, c.CertificateID)
	}
	if err := s.rescanProofs(ctx, proofs, &sum); err != nil {
		return sum, err
	}
	err = s.stillThere(c.SubjectTokens, proofs[0].Returned, &sum)
	if err == nil {
		err = s.stillDue(ctx, proofs, &sum)
	}
	sum.Gaps = s.Gaps()
	return sum, err
}

// stillThere reports copies of the people of one certificate. One that is about old
// copies which had come back promises nothing about what they left since.
func (s *Site) stillThere(tokens []string, returned bool, sum *VerifySummary) error {
	hers := map[lineage.Token]bool{}
	for _, t := range tokens {
		if tok, ok := parseToken(t); ok {
			hers[tok] = true
		}
	}
	list, err := s.comebacks(hers)
	if err != nil {
		return err
	}
	if returned {
		book, err := s.ledger()
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(c comeback) bool { return !book.old(&c.found.Record) })
	}
	lines := backLines(list)
	for _, b := range lines {
		s.emit(b)
	}
	sum.Residue = len(lines)
	return nil
}

// stillDue counts the units of retention plans in which something is left that was
// due when the plan was made.
func (s *Site) stillDue(ctx context.Context, proofs []proof, sum *VerifySummary) (err error) {
	latest := map[[2]string]int64{} // what was due for one plan was due for every later one
	for _, p := range proofs {
		for _, t := range p.Touched {
			if k := [2]string{t.Source, t.Unit.Key}; p.Kind == "retain" {
				latest[k] = max(latest[k], p.AsOf)
			}
		}
	}
	if len(latest) == 0 {
		return nil
	}
	pl, err := s.newPlanner("retain", time.Time{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	r := &retention{planner: pl, ctx: ctx, resolver: s.kinds.resolver(s.Graph)}
	for k, asOf := range latest {
		st, err := s.Graph.Unit(k[0], k[1])
		if err != nil {
			return err
		}
		if st == nil {
			continue
		}
		pl.plan.AsOf = time.Unix(asOf, 0)
		left, err := r.dueIn(st.ID)
		if err != nil {
			return err
		}
		if left {
			sum.Residue++
			s.gap(k[0], k[1], "records that were past their period and were erased are there, or others of their age")
		}
	}
	return ctx.Err()
}

// proofs returns the stored proofs that are wanted, in order.
func (s *Site) proofs(want func(proof) bool) ([]proof, error) {
	docs, err := s.Graph.Docs(proofBucket)
	if err != nil {
		return nil, err
	}
	var out []proof
	for _, id := range lineage.DocIDs(docs) {
		var p proof
		if err := json.Unmarshal(docs[id], &p); err != nil {
			return nil, fmt.Errorf("read a proof: %w", err)
		}
		if want(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// rescanProofs reads the units of proofs again, each once.
func (s *Site) rescanProofs(ctx context.Context, proofs []proof, sum *VerifySummary) error {
	all := map[[2]string]touched{}
	for _, p := range proofs {
		for _, t := range p.Touched {
			all[[2]string{t.Source, t.Unit.Key}] = t
		}
	}
	list := make([]touched, 0, len(all))
	for _, t := range all {
		list = append(list, t)
	}
	sum.Units = len(list)
	ledger, err := s.Graph.Suppressions()
	if err != nil {
		return err
	}
	gone := map[lineage.Token]bool{}
	for _, l := range ledger {
		gone[l.Token] = true
	}
	return s.rescan(ctx, list, func(run *scan) func(context.Context, *Source, connectors.Unit) error {
		return func(ctx context.Context, src *Source, u connectors.Unit) error { return run.inspect(ctx, src, u, gone) }
	})
}

// inspect reads a unit again and looks for identifiers of erased people. The graph
// is written only when the unit is not what the graph knows, or holds one of them.
func (r *scan) inspect(ctx context.Context, src *Source, u connectors.Unit, gone map[lineage.Token]bool) error {
	known, err := r.Graph.Unit(src.Name, u.Key)
	if err != nil {
		return err
	}
	if known == nil || known.Catalog != src.catalog || known.Unit.Fingerprint != u.Fingerprint {
		return r.unit(ctx, src, u)
	}
	for b, err := range src.Conn.Read(ctx, u) {
		if err != nil {
			if ctx.Err() == nil {
				r.gap(src.Name, u.Key, "it cannot be read again: "+err.Error())
			}
			return ctx.Err()
		}
		for _, x := range r.sightings(src, u, b) {
			if slices.ContainsFunc(x.Edges, func(e lineage.Edge) bool { return e.Role != lineage.Own && gone[e.Token] }) {
				_, err := r.read(ctx, src, u)
				return err
			}
		}
	}
	return ctx.Err()
}
