package extract

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestAmountsAreNobodys: an amount that equals her number stays what it is in somebody else's
// record, in a column and in JSON, and is shown as it is. What is no plain number is cut.
func TestAmountsAreNobodys(t *testing.T) {
	r := Redactor{Extent: Partial, Mine: mine("+919820145678")}
	m := Masker{Mine: mine("+919820145999"), Shown: mine()}
	for _, c := range []struct {
		f     connectors.Field
		value string
		stays bool
	}{
		{connectors.Field{Name: "amount"}, "9820145678", true}, {connectors.Field{Name: "order_total"}, "9820145678.00", true},
		{connectors.Field{Name: "price", Categories: []string{"user.financial"}}, "9820145678.0", true}, {connectors.Field{Name: "paidAmount"}, "-9820145678", true},
		{connectors.Field{Name: "rest", Look: connectors.LookJSON}, `{"amount":9820145678,"balance":"9820145678.50"}`, true},
		{connectors.Field{Name: "rest", Look: connectors.LookJSON}, `{"paid":9.820145678E9}`, true},
		{connectors.Field{Name: "amount"}, "paid by 9820145678", false}, {connectors.Field{Name: "amount"}, "+919820145678", false},
		{connectors.Field{Name: "paid_by"}, "9820145678", false}, {connectors.Field{Name: "amount", Identity: KindPhone}, "9820145678", false},
		{connectors.Field{Name: "reference"}, "9820145678", false}, {connectors.Field{Name: "rest", Look: connectors.LookJSON}, `{"paid_by":9820145678}`, false},
	} {
		if got, v := r.Rewrite(c.f, c.value); (v == connectors.Same) != c.stays {
			t.Errorf("%s %s: %v %s", c.f.Name, c.value, v, got)
		}
		if got, _ := m.Value(c.f, c.value); (got == c.value) != c.stays {
			t.Errorf("%s %s is shown as %s", c.f.Name, c.value, got)
		}
	}
}
