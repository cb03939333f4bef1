package files

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// globs are the patterns of one collection.
type globs struct {
	cat  connectors.Collection
	list []*regexp.Regexp
}

// compile reads the paths of a collection.
func compile(cat connectors.Collection) (globs, error) {
	paths := cat.Path
	if len(paths) == 0 {
		paths = []string{cat.Name + "/**", cat.Name + ".*"}
	}
	g := globs{cat: cat}
	for _, p := range paths {
		re, err := regexp.Compile(pattern(p))
		if err != nil {
			return globs{}, fmt.Errorf("collection %s: path %q: %w", cat.Name, p, err)
		}
		g.list = append(g.list, re)
	}
	return g, nil
}

// pattern translates a glob.
func pattern(glob string) string {
	glob = strings.TrimPrefix(glob, "/")
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for glob != "" {
		n := 1
		switch {
		case strings.HasPrefix(glob, "**/"):
			b.WriteString(`(?:.*/)?`)
			n = 3
		case strings.HasPrefix(glob, "**"):
			b.WriteString(`.*`)
			n = 2
		case glob[0] == '*':
			b.WriteString(`[^/]*`)
		case glob[0] == '?':
			b.WriteString(`[^/]`)
		default:
			if n = strings.IndexAny(glob, "*?"); n < 0 {
				n = len(glob)
			}
			b.WriteString(regexp.QuoteMeta(glob[:n]))
		}
		glob = glob[n:]
	}
	b.WriteString(`\z`)
	return b.String()
}

// match reports whether one of the keys (with and without its compression
// suffix) is meant.
func (g globs) match(keys ...string) bool {
	for _, re := range g.list {
		for _, k := range keys {
			if re.MatchString(k) {
				return true
			}
		}
	}
	return false
}
