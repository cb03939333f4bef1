package extract

import (
	"fmt"
	"testing"

	"github.com/cratio/sutra/lineage"
)

// TestSpellingsThatNeverComeAgain: a desk stops looking for spellings where none is met,
// begins again after a while, and says the same of each all the time.
func TestSpellingsThatNeverComeAgain(t *testing.T) {
	d := newDesk(shaHash{})
	one := func(i int) {
		t.Helper()
		raw := fmt.Sprintf("98%08d", i)
		var got, want lineage.Edge
		ok, wantOK := d.normalised(&got, KindPhone, raw), d.normalise(&want, KindPhone, raw)
		if got != want || ok != wantOK {
			t.Fatalf("number %d is %+v, %v; want %+v, %v", i, got, ok, want, wantOK)
		}
	}
	for i := range identTry {
		one(i)
	}
	if d.skip == 0 {
		t.Error("spellings are looked for though none comes again")
	}
	for i := range identSkip {
		one(i)
	}
	if d.skip != 0 {
		t.Error("no spelling is looked for any more")
	}
	for i := range 2 * identTry {
		one(i % 8)
	}
	if d.skip != 0 {
		t.Error("spellings that come again are not looked for")
	}
	for i := range 2 * identTry {
		one(1_000_000 + i)
	}
	if d.skip == 0 {
		t.Error("spellings are looked for though none comes again any more")
	}
}
