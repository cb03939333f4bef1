package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestCrowdInOneValue looks into lists of very many people, half of them names alone, and at
// two records of very many names: the time grows with their length. Were it with its square,
// the test would not come to its end.
func TestCrowdInOneValue(t *testing.T) {
	people := 120_000
	if testing.Short() {
		people = 12_000
	}
	name := func(i int) string {
		letters := []byte("Aaaa")
		for k := range letters {
			letters[k] += byte(i % 26)
			i /= 26
		}
		return string(letters) + " Verma" + string(letters[1:])
	}
	var half strings.Builder
	var long [2]strings.Builder
	for i := range people {
		fmt.Fprintf(&half, `,{"name":"%s"},{"name":"%s","phone":"%d"}`, name(i), name(i+people), 9000000000+i)
		fmt.Fprintf(&long[i%2], `,{"name":"%s","phone":"%d"}`, name(i), 9000000000+i)
	}
	for in, most := range map[string]int{
		`{"list":[` + half.String()[1:] + `]}`: 2 * people,
		fmt.Sprintf(`{"part1":{"p":[%s]},"part2":{"p":[%s]}}`, long[0].String()[1:], long[1].String()[1:]): people,
	} {
		if d := look(&connectors.Field{Name: "payload", Look: connectors.LookJSON}, in); len(d.parts) < people || len(d.parts) > most+3 {
			t.Errorf("%d parts, want about %d", len(d.parts), most)
		}
	}
}
