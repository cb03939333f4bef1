package parquet

import (
	"strings"
	"testing"
)

// TestShortenedBound: a bound that was cut after its last whole letter, which is then the next
// letter of the alphabet for a largest value, is known as made of the value, also where the
// next letter has other bytes than in the last place.
func TestShortenedBound(t *testing.T) {
	l := &leaf{typ: pBytes, sense: stringSense}
	for _, c := range []struct {
		value, bound string
		gone         bool
	}{
		{strings.Repeat("a", 80), strings.Repeat("a", 63) + "b", true},
		{strings.Repeat("क", 20) + "ि रही", strings.Repeat("क", 20) + "ी", true},
		{strings.Repeat("क", 20) + "\U00000fff रही", strings.Repeat("क", 20) + "\u1000", true},
		{strings.Repeat("क", 20) + "ि रही", strings.Repeat("क", 19) + "खी", false},
	} {
		e := newExtent(l, nil, []byte(c.bound))
		e.gone([]byte(c.value))
		if e.maxGone != c.gone {
			t.Errorf("%q of %q: gone %v", c.bound, c.value, e.maxGone)
		}
	}
}
