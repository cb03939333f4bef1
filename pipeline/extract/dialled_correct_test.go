package extract

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// A number beside the code of another country is corrected as it is read, and written so that
// it is the new one beside that code.
func TestCorrectDialled(t *testing.T) {
	field := connectors.Field{Name: "mobile", Identity: KindPhone}
	for _, tc := range []struct{ code, was, old, set, want string }{
		{"1", "9820647153", "+919820647153", "9845012345", "+919845012345"}, // ten digits are an American's there
		{"1", "9820647153", "+919820647153", "9820647198", "9820647198"},
		{"1", "7025550123", "+17025550123", "+17025550199", "7025550199"},
		{"1", "7025550123", "+917025550123", "9845012345", ""}, // an American's, and not to be set
		{"1", "17025550123", "+17025550123", "+17025550199", "17025550199"},
		{"1", "+917025550123", "+917025550123", "9845012345", "+919845012345"},
		{"971", "050 464 7153", "+971504647153", "+971507654321", "507654321"},
		{"971", "971504647153", "+971504647153", "9845012345", "919845012345"},
		{"", "9820647153", "+919820647153", "+17025550199", "+17025550199"}, // the digits alone are no number
		{"", "9820647153", "+919820647153", "9845012345", "9845012345"},
	} {
		c := &Corrector{Extent: Whole, Mine: func(_, v string) bool { return v == tc.old }, Near: func(string, string) bool { return false }, Codes: map[string]string{"mobile": tc.code},
			Settings: []Setting{{Category: phoneCategory, Kind: KindPhone, Value: tc.set, Old: func(_, v string) bool { return v == tc.old }}}}
		got, _ := c.Rewrite(field, tc.was)
		if got != tc.want || got != "" && !c.Done(field, got, 0) {
			t.Errorf("%s beside %q: %q, want %q", tc.was, tc.code, got, tc.want)
		}
	}
	c := &Corrector{Extent: Whole, Mine: func(_, v string) bool { return v == "+17025550123" }, Near: func(string, string) bool { return false },
		Settings: []Setting{{Category: phoneCategory, Kind: KindPhone, Value: "9845012345", Old: func(_, v string) bool { return v == "+17025550123" }}}}
	json := connectors.Field{Name: "body", Look: connectors.LookJSON, Categories: []string{"user"}}
	if got, _ := c.Rewrite(json, `{"dialCode": "+1", "phone": "7025550123"}`); got != `{"dialCode": "+1", "phone": "+919845012345"}` {
		t.Errorf("in JSON: %q", got)
	}
}
