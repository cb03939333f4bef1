package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// An array is longer than the reader's buffer, which is then filled again: the
// elements keep their numbers all the same.
func TestLongArrayKeepsItsLocators(t *testing.T) {
	var elements, want []string
	for n := 1; n <= 500; n++ {
		elements = append(elements, fmt.Sprintf(`{"n":%d,"remark":"%s"}`, n, strings.Repeat("x", 40)))
		want = append(want, elemN(n))
	}
	var got []string
	see := func(locator string, _, _ []string, _ func() any) { got = append(got, locator) }
	if err := readJSON(strings.NewReader("["+strings.Join(elements, ",")+"]"), see); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d locators, of them %d are no elements'; want %d elements", len(got), strings.Count(strings.Join(got, " "), "object"), len(want))
	}
}
