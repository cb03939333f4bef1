package extract

import (
	"slices"
	"testing"
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
