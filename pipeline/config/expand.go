package config

import (
	"regexp"
	"strings"

	"github.com/cratio/sutra/pipeline/config/yamltree"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${VAR} in every text value below n; keys stay as they are.
func (l *loader) expand(n *yamltree.Node) {
	switch n.Kind {
	case yamltree.String:
		n.Text = l.expandText(n)
	case yamltree.Map:
		for _, e := range n.Entries {
			l.expand(e.Value)
		}
	case yamltree.List:
		for _, x := range n.Items {
			l.expand(x)
		}
	}
}

// expandText returns the text with its variables replaced. "$${" stands for a
// literal "${". Values of variables are not looked into again.
func (l *loader) expandText(n *yamltree.Node) string {
	rest := n.Text
	var b strings.Builder
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		if i > 0 && rest[i-1] == '$' {
			b.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		b.WriteString(rest[:i])
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			l.r.Errorf(n.Pos, `write "$${" for a literal "${"`, `"${" without its "}"`)
			return b.String()
		}
		name := rest[i+2 : i+end]
		rest = rest[i+end+1:]
		switch v, ok := l.cfg.env(name); {
		case !variable.MatchString(name):
			l.r.Errorf(n.Pos, "", "a variable is written ${NAME}, with letters, digits and _")
		case !ok:
			l.r.Errorf(n.Pos, `set it, or write "$${" for a literal "${"`, "environment variable %s is not set", name)
		default:
			b.WriteString(v)
		}
	}
}
