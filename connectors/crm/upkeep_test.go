package crm

import (
	"slices"
	"testing"
)

// TestUpkeep: a table is taken up once after its changes, and what was left is told on.
func TestUpkeep(t *testing.T) {
	var u upkeep
	for _, name := range []string{"leads", "calls", "leads"} {
		u.due(name)
	}
	if got := u.take(); !slices.Equal(got, []string{"calls", "leads"}) {
		t.Errorf("to be tidied: %v", got)
	}
	if got := u.take(); len(got) > 0 {
		t.Errorf("to be tidied twice: %v", got)
	}
	u.leave("leads")
	if !u.left("leads") || u.left("calls") {
		t.Error("other tables were left than those that could not be tidied")
	}
}
