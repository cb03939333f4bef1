package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

const approvalBucket = "approval"

// approval is a person's word that a plan may be applied as it stands.
type approval struct {
	By string    `json:"by"` // a role, never a name
	At time.Time `json:"at"`
}

// ApproveSummary sums up an approval.
type ApproveSummary struct {
	Type   string `json:"type"`
	Plan   string `json:"plan"`
	SHA256 string `json:"sha256"`
	By     string `json:"approved_by"`
}

// Approve notes that somebody in the given role looked at a plan and wants it
// applied as it stands: the approval is tied to its SHA-256, so that it says nothing
// about any other plan. Nothing else is changed.
func (s *Site) Approve(ctx context.Context, path, role string) (ApproveSummary, error) {
	sum := ApproveSummary{Type: "summary", Plan: path, By: role}
	p, err := s.load(path, func(KeptLine) {})
	if err != nil {
		return sum, err
	}
	sum.SHA256 = p.SHA256
	list, err := s.approvals(p.SHA256)
	if err != nil {
		return sum, errors.Join(err, p.close())
	}
	if !slices.ContainsFunc(list, func(a approval) bool { return a.By == role }) {
		list = append(list, approval{role, s.Now()})
	}
	doc, err := json.Marshal(list)
	if err != nil {
		return sum, errors.Join(fmt.Errorf("note the approval: %w", err), p.close())
	}
	// The log comes first: an approval that it refuses (a role that looks like a
	// person) does not come into force.
	err = s.note(ctx, "plan.approved", map[string]any{"plan_sha256": p.SHA256, "by": role})
	if err == nil {
		err = s.Graph.PutDoc(approvalBucket, p.SHA256, doc)
	}
	return sum, errors.Join(err, p.close())
}

func (s *Site) approvals(sha string) ([]approval, error) {
	docs, err := s.Graph.Docs(approvalBucket)
	if err != nil || docs[sha] == nil {
		return nil, err
	}
	var list []approval
	if err := json.Unmarshal(docs[sha], &list); err != nil {
		return nil, fmt.Errorf("read the approvals: %w", err)
	}
	return list, nil
}

// approval refuses a plan that needs a person's approval and has none.
func (a *application) approval() error {
	list, err := a.approvals(a.plan.SHA256)
	if err != nil {
		return err
	}
	for _, x := range list {
		a.approved = append(a.approved, x.By)
	}
	slices.Sort(a.approved)
	if len(list) > 0 {
		return nil
	}
	why := a.plan.Approval
	if why != "" {
		why = "the deletion guard: " + why
	} else if a.Policy.Guards.RequireApproval {
		why = "the policy asks for an approval of every plan"
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("%w: %s; look at the plan's counts, then approve it: sutra apply PLAN --approve ROLE", ErrRefused, why)
}
