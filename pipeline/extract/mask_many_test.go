package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestCardOfManyNumbers: masking a contact with very many numbers of others goes through the
// contact once, and not once for each of them.
func TestCardOfManyNumbers(t *testing.T) {
	const numbers = 300
	var b strings.Builder
	b.WriteString(`{"who":"98","c":{"name":"Bela","phones":[`)
	for i := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"98%08d"`, i)
	}
	b.WriteString(`]}}`)
	asked := 0
	m := &Masker{Mine: func(string, string) bool { asked++; return false }, Shown: func(string, string) bool { return false }}
	out, _ := m.Value(connectors.Field{Name: "payload", Look: connectors.LookJSON}, b.String())
	if strings.Contains(out, "Bela") || strings.Contains(out, "98000000") {
		t.Error("somebody else's name or number is shown")
	}
	if asked > 20*numbers {
		t.Errorf("for %d numbers it was asked %d times whose one is", numbers, asked)
	}
}
