package extract

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// A number whose country stands beside it is not one of India that has the same digits.
func TestDialled(t *testing.T) {
	for _, tc := range []struct{ doc, want string }{
		{`{"phoneNumbers": [{"code": "US", "value": "9820647153", "dialCode": "+1"}]}`, "+19820647153"},
		{`{"phoneNumbers": [{"code": "IN", "value": "9820647153", "dialCode": "+91"}]}`, "+919820647153"},
		{`{"phoneNumbers": [{"code": "IN", "value": "98206 47153", "dialCode": 91}]}`, "+919820647153"},
		{`{"country_code": "0044", "mobile": "07911 553456"}`, "+447911553456"},
		{`{"country_code": "971", "mobile": "971504647153"}`, "+971504647153"},
		{`{"country_code": "+1", "mobile": "+919820647153"}`, "+919820647153"},
		{`{"country_code": "IN", "mobile": "9820647153"}`, "+919820647153"},
		{`{"country_code": 356, "mobile": "9820647153"}`, "+919820647153"},
		{`{"id": 1, "mobile": 9820647153}`, "+919820647153"},
		{`{"isd": "", "mobile": "9820647153"}`, "+919820647153"},
	} {
		var got []string
		for _, p := range lookInto(nil, tc.doc, context{}, 0, false).parts {
			for _, h := range p.hits {
				if h.Kind == KindPhone {
					got = append(got, h.Value)
				}
			}
		}
		if !slices.Equal(got, []string{tc.want}) {
			t.Errorf("%s: %v, want %s", tc.doc, got, tc.want)
		}
	}
}

// A number in a column whose country stands in another is of that country, if it is one there:
// an American's is not that of a customer of Mumbai with the same ten digits. Her copy shows it.
func TestDialledColumns(t *testing.T) {
	type cell struct{ name, value string }
	for _, tc := range []struct {
		row  []cell
		want string
	}{
		{[]cell{{"isd", "+1"}, {"phone", "7025550123"}}, "+17025550123"},
		{[]cell{{"isd_code", "1"}, {"phone", "7025550123"}}, "+17025550123"},
		{[]cell{{"isd", "1"}, {"phone", "4155550123"}}, "+14155550123"},
		{[]cell{{"country_code", "0044"}, {"mobile_number", "07400 123457"}}, "+447400123457"},
		{[]cell{{"mobile_country_code", "971"}, {"mobile", "971504647153"}, {"office", "9820647153"}}, "+971504647153"},
		{[]cell{{"isd", "+91"}, {"phone", "7025550123"}}, "+917025550123"},
		{[]cell{{"isd", "1"}, {"phone", "+917025550123"}}, "+917025550123"},
		{[]cell{{"isd", ""}, {"phone", "7025550123"}}, "+917025550123"},
		{[]cell{{"isd", "1"}, {"phone", "9820647153"}}, "+919820647153"}, // none there: a form's default
		{[]cell{{"std_code", "1"}, {"phone", "7025550123"}}, "+917025550123"},
		{[]cell{{"country_code", "356"}, {"phone", "9820647153"}}, "+919820647153"},
		{[]cell{{"isd", "49"}, {"phone", "04921 234567"}}, "+494921234567"},
		{[]cell{{"isd", "65"}, {"phone", "6598712053"}}, "+6598712053"},
		{[]cell{{"isd", "65"}, {"phone", "98712053"}}, "+6598712053"},
		{[]cell{{"isd", "1"}, {"country_code", "US"}, {"phone", "7025550123"}}, "+17025550123"},
		{[]cell{{"country_code", "US"}, {"dial_code", "1"}, {"phone", "7025550123"}}, "+17025550123"},
		{[]cell{{"isd", "91"}, {"country_code", "IN"}, {"phone", "7025550123"}}, "+917025550123"},
		{[]cell{{"alt_phone_country_code", "1"}, {"alt_phone", "7025550123"}, {"office", "9820647153"}}, "+17025550123"},
		{[]cell{{"mobile_country_code", "1"}, {"alt_mobile", "7025550123"}, {"office", "9820647153"}}, "+917025550123"},
		{[]cell{{"isd", "1"}, {"phone", "7025550123"}, {"office", "9820647153"}}, "+917025550123"}, // of which of them?
	} {
		var fields []connectors.Field
		for _, c := range tc.row {
			f := connectors.Field{Name: c.name}
			if slices.Contains([]string{"phone", "mobile", "mobile_number", "office", "alt_phone", "alt_mobile"}, c.name) {
				f.Identity = KindPhone
			}
			fields = append(fields, f)
		}
		b := connectors.NewBuilder(memory.DefaultAllocator, "leads", fields)
		b.Row("row 1")
		for i, c := range tc.row {
			b.Set(i, c.value)
		}
		x := &Extractor{Hash: shaHash{}, Dates: isoDate}
		got := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{Key: "u"}, b.Flush(), false)
		want := shaHash{}.Token(KindPhone, tc.want)
		if len(got) != 1 || !slices.ContainsFunc(got[0].Edges, func(e lineage.Edge) bool { return e.Token == want && e.Role == lineage.Subject }) {
			t.Errorf("%v is not %s: %+v", tc.row, tc.want, got)
		}
		b.Release()
	}
	m := &Masker{Mine: func(_, v string) bool { return v == "+17025550123" }, Shown: func(string, string) bool { return false }, Masked: map[string]int{}}
	for value, hers := range map[string]bool{"7025550123": true, "9820647153": false} {
		if got, _ := m.Value(connectors.Field{Name: "phone", Identity: KindPhone}, value); (got == value) != hers {
			t.Errorf("%s is shown as %s", value, got)
		}
	}
}

// In a record that only mentions her the bare number of its person is not hers, whatever it
// would be without its country; one that is labelled, written in full or in a column of others is.
func TestNamedAbroad(t *testing.T) {
	r := &Redactor{Extent: Partial, Named: true, Mine: func(_, v string) bool { return v == "+917025550123" }}
	for _, tc := range []struct {
		f     connectors.Field
		value string
		want  connectors.Verdict
	}{
		{connectors.Field{Name: "mobile", Identity: KindPhone}, "702-555-0123", connectors.Same},
		{connectors.Field{Name: "mobile", Identity: KindPhone}, "+91 7025550123", connectors.Empty},
		{connectors.Field{Name: "mobile", Identity: KindPhone, Role: "mention"}, "7025550123", connectors.Empty},
		{connectors.Field{Name: "mobile", Identity: KindPhone, Role: "party"}, "7025550123", connectors.Empty},
		{connectors.Field{Name: "mobile", Identity: KindPhone, Meaning: []string{connectors.LabelledBy + "type"}}, "7025550123", connectors.Empty},
		{connectors.Field{Name: "note"}, "7025550123", connectors.Set},
	} {
		if _, v := r.Rewrite(tc.f, tc.value); v != tc.want {
			t.Errorf("%+v %s: %v, want %v", tc.f, tc.value, v, tc.want)
		}
	}
	r.Named = false
	if _, v := r.Rewrite(connectors.Field{Name: "mobile", Identity: KindPhone}, "7025550123"); v != connectors.Empty {
		t.Errorf("her own number: %v", v)
	}
}

// A bare 1 under isd may say that calls abroad are allowed: a number of India that is one of
// America, too, is either's, and joins nobody by itself. Where more says America it is that.
func TestFlagged(t *testing.T) {
	for _, tc := range []struct {
		code, flag, phone string
		weak              []string
	}{
		{"isd", "1", "9845012345", []string{"+19845012345", "+919845012345"}},
		{"mobile_isd", "1", "09845012345", []string{"+19845012345", "+919845012345"}},
		{"isd", "0", "9845012345", nil},
		{"isd", "1", "9820647153", nil}, // of India only
		{"isd", "1", "4155550123", nil}, // of America only
		{"isd", "+1", "9845012345", nil},
		{"isd_code", "1", "9845012345", nil},
		{"country_code", "1", "9845012345", nil},
		{"isd", "65", "9845012345", nil},
	} {
		b := connectors.NewBuilder(memory.DefaultAllocator, "leads", []connectors.Field{{Name: tc.code}, {Name: "mobile", Identity: KindPhone}})
		b.Row("row 1")
		b.Set(0, tc.flag)
		b.Set(1, tc.phone)
		x := &Extractor{Hash: shaHash{}, Dates: isoDate}
		got := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{Key: "u"}, b.Flush(), false)
		if want := max(1, len(tc.weak)); len(got) != 1 || len(got[0].Edges) != want {
			t.Fatalf("%v: %+v, want %d numbers", tc, got, want)
		}
		for i, e := range got[0].Edges {
			if e.Weak != (tc.weak != nil) || e.Weak && !slices.ContainsFunc(tc.weak, func(v string) bool { return e.Token == shaHash{}.Token(KindPhone, v) }) {
				t.Errorf("%v: number %d is %+v", tc, i, e)
			}
		}
		b.Release()
	}
}
