package pipeline

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/pipeline/audit"
)

// What the log says of holds and words is in force until it says that it was ended; a plan
// erased something when it did so in truth.
func TestHistory(t *testing.T) {
	var h history
	for _, e := range []audit.Entry{
		{Event: "hold.placed", At: "1", Fields: map[string]any{"hold": "H1"}},
		{Event: "hold.placed", At: "2", Fields: map[string]any{"hold": "X"}},
		{Event: "link.said", At: "3", Fields: map[string]any{"link": "X"}},
		{Event: "hold.released", Fields: map[string]any{"hold": "X"}}, // not the word of the same name
		{Event: "link.said", At: "4", Fields: map[string]any{"link": "L2"}},
		{Event: "link.released", Fields: map[string]any{"link": "L2"}},
		{Event: "plan.applied", Fields: map[string]any{"kind": "erase", "erased": json.Number("2"), "redacted": json.Number("0")}},
		{Event: "plan.applied", Fields: map[string]any{"kind": "retain", "erased": json.Number("0"), "redacted": json.Number("1")}},
		{Event: "plan.applied", Fields: map[string]any{"kind": "erase", "erased": json.Number("0"), "redacted": json.Number("0")}},
		{Event: "plan.applied", Fields: map[string]any{"kind": "correct", "erased": json.Number("0"), "redacted": json.Number("1")}},
		{Event: "plan.applied", Fields: map[string]any{"kind": "erase", "erased": json.Number("1"), "simulated": true}},
		{Event: "scan.finished", Fields: map[string]any{"records": json.Number("9")}},
	} {
		h.add(e)
	}
	if d := cmp.Diff([]forgotten{{"hold", "H1", "1"}, {"link", "X", "3"}}, h.said); d != "" {
		t.Error(d)
	}
	if h.plans != 2 {
		t.Errorf("%d plans erased something", h.plans)
	}
}
