package yamltree

import (
	"fmt"
	"strings"
)

// Suggest returns `did you mean "X"?` for the word nearest to s, or "" when
// none is near.
func Suggest(s string, words []string) string {
	if w := Nearest(s, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return ""
}

// Nearest returns the word that takes the fewest edits to reach from s, if that
// is at most a third of its length (and at least one), else "".
func Nearest(s string, words []string) string {
	if len(s) > 100 {
		return ""
	}
	low, best, at := strings.ToLower(s), 1<<30, ""
	for _, w := range words {
		d := Distance(low, strings.ToLower(w))
		if d <= max(1, max(len(low), len(w))/3) && d < best {
			best, at = d, w
		}
	}
	return at
}

// Distance counts insertions, deletions, substitutions and swaps of neighbours.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	prev := make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur := make([]int, len(y)+1)
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(y)]
}
