package extract

import (
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestSecretIsLeftOut: the secret of Google's lead webhook is in nobody's copy, wherever a
// receiver put the body.
func TestSecretIsLeftOut(t *testing.T) {
	m := &Masker{Mine: func(_, v string) bool { return v == "+919812345604" }, Shown: func(string, string) bool { return false }}
	lead := `{"lead_id":"g1","google_key":"hush","user_column_data":[{"column_id":"PHONE_NUMBER","string_value":"+919812345604"}]}`
	quoted := strings.ReplaceAll(lead, `"`, `\"`)
	for _, text := range []string{
		lead,
		`{"event":{"lead":` + lead + `},"googleKey":"hush"}`,
		`{"body":"` + quoted + `"}`,
		`[{"lead":` + lead + `},{"lead":{"google_key":"hush","phone":"+919812345605"}}]`,
	} {
		field := connectors.Field{Name: "payload", Look: connectors.LookJSON}
		out, _ := m.Value(field, text)
		parts, _ := m.Parts(field, text)
		if strings.Contains(out+parts, "hush") || !strings.Contains(out, "+919812345604") {
			t.Errorf("%s is shown as %s, its parts as %s", text, out, parts)
		}
	}
}
