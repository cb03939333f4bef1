package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
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
	if err := errors.Join(s.TellForgotten(), s.doubtLog()); err != nil {
		return VerifySummary{Type: "summary"}, err
	}
	if certificate != "" {
		return s.verifyOne(ctx, certificate)
	}
	sum := VerifySummary{Type: "summary"}
	var err error
	if sum.Certificates, err = s.certificates(); err != nil {
		return sum, err
	}
	all := func(proof) bool { return true }
	if _, err := s.rescanProofs(ctx, all, true, &sum); err != nil {
		return sum, err
	}
	if sum.Unerased, err = s.tellUnerased(ctx); err != nil {
		return sum, err
	}
	back, err := s.resurrections(ctx)
	if err != nil {
		return sum, err
	}
	for _, b := range back {
		s.emit(b)
	}
	sum.Residue = len(back)
	err = s.stillDue(ctx, all, &sum)
	sum.Gaps = s.Gaps()
	return sum, err
}

// certificates counts the certificates that hold and that can be proven again. The others
// are gaps, and so is one that was issued and is not there any more.
func (s *Site) certificates() (n int, err error) {
	items, err := audit.List(s.statePath("certificates"))
	if err != nil {
		return 0, err
	}
	there := map[string]bool{}
	for _, it := range items {
		there[certificateID(it.Path)] = true
	}
	proven := map[string]bool{}
	err = s.eachProof(func(proof) bool { return true }, func(p proof) error {
		if p.Certificate != "" && !there[p.Certificate] {
			s.gap("state", "certificates/"+p.Certificate+".json", "the certificate is not there any more: put it back from a backup")
			there[p.Certificate] = true
		}
		proven[p.SHA256] = true
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, it := range items {
		if it.Partial {
			continue
		}
		c, err := audit.VerifyCertificate(it.Path, s.Graph.VerifySignature)
		switch {
		case err != nil:
			s.gap("state", "certificates/"+filepath.Base(it.Path), "the certificate does not hold: "+err.Error())
		case c.Verification.Units > 0 && !proven[c.PlanSHA256]:
			s.gap("state", "certificates/"+filepath.Base(it.Path), "the graph does not know any more what its plan touched: it cannot be proven again")
		default:
			n++
		}
	}
	return n, nil
}

// verifyOne proves one certificate.
func (s *Site) verifyOne(ctx context.Context, certificate string) (VerifySummary, error) {
	sum := VerifySummary{Type: "summary"}
	path := certificate
	if !strings.ContainsRune(certificate, filepath.Separator) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = s.statePath("certificates", strings.TrimSuffix(certificate, ".json")+".json")
		}
	}
	if at, err := os.Stat(path); err == nil && at.IsDir() {
		return sum, fmt.Errorf("%w: %s is a folder; give a certificate in it, or nothing to prove all of them", ErrUsage, path)
	}
	if isReport(path) {
		return sum, fmt.Errorf("%w: %s is a report of partial failure, which promises nothing; apply its plan again", ErrUsage, filepath.Base(path))
	}
	c, err := audit.VerifyCertificate(path, s.Graph.VerifySignature)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if err != nil {
		return sum, err
	}
	sum.Certificates = 1
	if err := s.tellMoved(); err != nil {
		return sum, err
	}
	its := func(p proof) bool { return p.SHA256 == c.PlanSHA256 }
	first, err := s.rescanProofs(ctx, its, false, &sum)
	if err != nil {
		return sum, err
	}
	if first == nil {
		return sum, fmt.Errorf("%w: nothing here knows what the plan of certificate %s touched: it is of another installation", ErrRefused, c.CertificateID)
	}
	err = s.stillThere(ctx, c, first.Returned, &sum)
	if err == nil {
		err = s.stillDue(ctx, its, &sum)
	}
	sum.Gaps = s.Gaps()
	return sum, err
}

// stillThere reports copies of the people of one certificate. One that is about old
// copies which had come back promises nothing about what they left since, and none does
// about who has the same number in another account.
func (s *Site) stillThere(ctx context.Context, c audit.Certificate, returned bool, sum *VerifySummary) error {
	hers := map[lineage.Token]bool{}
	for _, t := range c.SubjectTokens {
		if tok, ok := parseToken(t); ok {
			hers[tok] = true
		}
	}
	list, err := s.comebacks(ctx, hers)
	if err != nil {
		return err
	}
	if c.AccountTokens != nil {
		list = slices.DeleteFunc(list, func(x comeback) bool {
			return !slices.Contains(c.AccountTokens, s.accountTokens([]string{x.account})[0])
		})
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

// stillDue counts the units of retention plans in which something is that they took out.
// Another row of its age came later, or was not due then: the next plan takes it.
func (s *Site) stillDue(ctx context.Context, want func(proof) bool, sum *VerifySummary) (err error) {
	latest := map[uint32]int64{} // by unit that is there: what was due for one plan was due for every later one
	aged := &agedRecords{Site: s, plans: map[string]int{}}
	err = s.eachProof(want, func(p proof) error {
		if p.Kind != "retain" {
			return nil
		}
		if p.Aged != nil {
			aged.plans[p.Plan] = *p.Aged
		} else {
			aged.older = true
		}
		for _, t := range p.Touched {
			st, err := s.Graph.Unit(t.Source, t.Unit.Key)
			if err != nil {
				return err
			}
			if st != nil {
				latest[st.ID] = max(latest[st.ID], p.AsOf)
			}
		}
		return nil
	})
	if err != nil || len(latest) == 0 {
		return err
	}
	undone, err := s.leftUndone()
	if err != nil {
		return err
	}
	noted := leftDue{}
	for _, left := range undone.due {
		maps.Copy(noted, left)
	}
	pl, err := s.newPlanner(ctx, "retain", time.Time{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	r := &retention{planner: pl, ctx: ctx, resolver: s.kinds.resolver(s.Graph)}
	others := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(latest)) {
		if err := r.agedIn(id, latest[id], aged, noted, others, sum); err != nil {
			return err
		}
	}
	if len(others) > 0 {
		s.emit(NoteLine{Type: "note", Text: "records are past their period that no plan has taken yet (" + countsOf(others) + "): the next run of retention does"})
	}
	return ctx.Err()
}

// agedIn counts a unit in which a record is that retention took out; others are counted by
// dataset.
func (r *retention) agedIn(id uint32, asOf int64, aged *agedRecords, noted leftDue, others map[string]int, sum *VerifySummary) error {
	back, more := false, map[string]int{}
	words := "records that were past their period and were erased are there"
	err := r.eachDue(id, asOf, noted, func(f *lineage.Found) (_ bool, err error) {
		if f.Record.Sum == 0 {
			words += ", or others of their age"
		}
		more[f.Unit.Source+"."+f.Record.Collection]++
		back, err = aged.was(f)
		return !back, err
	})
	if err != nil {
		return err
	}
	if !back {
		for name, n := range more {
			others[name] += n
		}
		return nil
	}
	st, err := r.Graph.UnitByID(id)
	if err == nil && st != nil {
		sum.Residue++
		r.gap(st.Source, st.Unit.Key, words)
	}
	return err
}

// eachProof calls fn with the stored proofs that are wanted, in order.
func (s *Site) eachProof(want func(proof) bool, fn func(proof) error) error {
	return s.Graph.EachDoc(proofBucket, func(_ string, doc []byte) error {
		var p proof
		if err := json.Unmarshal(doc, &p); err != nil {
			return fmt.Errorf("read a proof: %w", err)
		}
		if !want(p) {
			return nil
		}
		return fn(p)
	})
}

// rescanProofs reads the units of proofs again, each once, and returns the first of the
// proofs; nil when there is none. With all, the units in which plans of erasure left
// something undone are read again, too.
func (s *Site) rescanProofs(ctx context.Context, want func(proof) bool, all bool, sum *VerifySummary) (first *proof, err error) {
	list := changed{}
	err = s.eachProof(want, func(p proof) error {
		if first == nil {
			first = &p
		}
		for _, t := range p.Touched {
			added, err := list.add(s, t.Source, t.Unit.Key)
			if err != nil {
				return err
			}
			if added {
				sum.Units++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if all {
		if err := s.addUnerased(list, sum); err != nil {
			return nil, err
		}
	}
	ledger, err := s.Graph.Suppressions()
	if err != nil {
		return nil, err
	}
	gone := map[lineage.Token]bool{}
	for _, l := range ledger {
		gone[l.Token] = true
	}
	if err := list.oldVersions(s, maps.Keys(gone)); err != nil {
		return nil, err
	}
	return first, s.rescan(ctx, list, func(run *scan) func(context.Context, *Source, connectors.Unit) error {
		return func(ctx context.Context, src *Source, u connectors.Unit) error { return run.inspect(ctx, src, u, gone) }
	})
}

// addUnerased adds the units in which plans of erasure left something undone.
func (s *Site) addUnerased(list changed, sum *VerifySummary) error {
	left, err := s.leftUndone()
	if err != nil {
		return err
	}
	for _, at := range left.units {
		added, err := list.add(s, at.source, at.unit)
		if err != nil {
			return err
		}
		if added {
			sum.Units++
		}
	}
	return nil
}

// inspect reads a unit again, of a large object that apply rewrote only the places where
// it did, and looks for identifiers of erased people. The graph
// is written only when the unit is not what the graph knows, or holds one of them.
func (r *scan) inspect(ctx context.Context, src *Source, u connectors.Unit, gone map[lineage.Token]bool) error {
	known, err := r.Graph.Unit(src.Name, u.Key)
	if err != nil {
		return err
	}
	if known == nil || known.Catalog != src.meaning || known.Unit.Fingerprint != u.Fingerprint {
		_, err := r.read(ctx, src, u) // whole: a proof takes nobody's word for what did not change
		return err
	}
	if done, err := r.spared(ctx, src, u, known, gone); err != nil || done {
		return err
	}
	for b, err := range src.Conn.Read(ctx, u) {
		if err != nil {
			if ctx.Err() == nil {
				r.gap(src.Name, u.Key, "it cannot be read again: "+err.Error())
			}
			return ctx.Err()
		}
		if carries(r.sightings(src, u, b), gone) {
			_, err := r.read(ctx, src, u)
			return err
		}
	}
	return ctx.Err()
}
