package config

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

func (l *loader) sources(root *yamltree.Node) {
	n := root.Get("sources")
	if n == nil {
		l.r.Errorf(root.Pos, "a source is written NAME: {connector: ..., url: ...}", "there are no sources")
		return
	}
	if n = l.r.Map(n, "sources"); n == nil {
		return
	}
	if len(n.Entries) == 0 {
		l.r.Errorf(n.Pos, "a source is written NAME: {connector: ..., url: ...}", "there are no sources")
	}
	for _, e := range n.Entries {
		if !nameRule.MatchString(e.Key) {
			l.r.Errorf(e.Pos, "", "source name %q must be lower-case letters, digits, _ and -, beginning with a letter", e.Key)
			continue
		}
		l.source(e)
	}
	for i, s := range l.cfg.Sources {
		l.stateInside(s, n.Entries[0].Pos)
		if l.built[i].file != nil && l.built[i].file.embedded {
			l.cfg.Sources[i].Catalog = ""
		}
	}
	for _, f := range l.order {
		l.unused(f)
	}
}

func (l *loader) source(e yamltree.Entry) {
	where := "sources." + e.Key
	n := e.Value
	if n.Kind == yamltree.Null {
		l.r.Errorf(e.Pos, "", "%s is empty", where)
		return
	}
	if n = l.r.Map(n, where); n == nil {
		return
	}
	l.r.Known(n, where, "connector", "url", "catalog", "account")
	s := Source{Name: e.Key, Line: e.Line}
	word := n.Get("connector")
	if word == nil {
		l.r.Errorf(e.Pos, "known connectors: "+list(known(l.kinds)), "%s has no connector", where)
		return
	}
	if s.Connector = l.r.Word(word, where+".connector"); s.Connector == "" {
		return
	}
	kind, ok := l.kinds[s.Connector]
	if !ok {
		hint := "known connectors: " + list(known(l.kinds))
		if d := yamltree.Suggest(s.Connector, known(l.kinds)); d != "" {
			hint = d + " " + hint
		}
		l.r.Errorf(word.Pos, hint, "unknown connector %q under %s", s.Connector, where)
		return
	}
	s.URL = l.url(n.Get("url"), e.Pos, where, s.Connector)
	s.Account = l.account(n.Get("account"), where, s.Connector)
	b := l.dataset(&s, kind, n.Get("catalog"), e.Pos)
	l.cfg.Sources = append(l.cfg.Sources, s)
	l.built = append(l.built, b)
}

// url checks the url and makes a file: path absolute. It may carry a password,
// so no message shows it.
func (l *loader) url(n *yamltree.Node, at yamltree.Pos, where, connector string) string {
	if n == nil || n.Kind == yamltree.String && n.Text == "" {
		l.r.Errorf(at, "", "%s has no url", where)
		return ""
	}
	u := l.r.Word(n, where+".url")
	if u == "" {
		return ""
	}
	isFile := strings.HasPrefix(u, "file:")
	switch {
	case connector == "sqlite" && !isFile:
		l.r.Errorf(n.Pos, "write file:crm.db", "the url of %s must begin with file:", where)
	case slices.Contains(databases, connector) && connector != "sqlite":
		if isFile || strings.HasPrefix(u, "s3:") {
			l.r.Errorf(n.Pos, "write a "+connector+" DSN, best as ${VAR}", "the url of %s is no database", where)
		}
		return u
	case strings.HasPrefix(u, "s3://"):
		if b, _, _ := strings.Cut(u[len("s3://"):], "/"); b == "" {
			l.r.Errorf(n.Pos, "write s3://BUCKET/PREFIX/", "the url of %s names no bucket", where)
		}
		return u
	case !isFile:
		l.r.Errorf(n.Pos, "", "the url of %s must begin with s3:// or file:", where)
	}
	if !isFile {
		return ""
	}
	return l.fileURL(u, n.Pos, where, connector)
}

func (l *loader) fileURL(u string, at yamltree.Pos, where, connector string) string {
	p := strings.TrimPrefix(u, "file:")
	if rest, ok := strings.CutPrefix(p, "//"); ok {
		if p = strings.TrimPrefix(rest, "localhost"); !strings.HasPrefix(p, "/") {
			l.r.Errorf(at, "write file:PATH, or file:///PATH", "the url of %s names a host", where)
			return ""
		}
	}
	query := ""
	if connector == "sqlite" {
		if i := strings.IndexByte(p, '?'); i >= 0 {
			p, query = p[:i], p[i:]
		}
	}
	if p == "" {
		l.r.Errorf(at, "", "the url of %s has no path", where)
		return ""
	}
	slash := ""
	if strings.HasSuffix(p, "/") {
		slash = "/"
	}
	abs := filepath.ToSlash(l.path(p))
	return "file:" + strings.TrimSuffix(abs, "/") + slash + query
}

// account reads `account: CONSTANT` or `account: {path: N}`.
func (l *loader) account(n *yamltree.Node, where, connector string) (rule connectors.AccountRule) {
	if n == nil {
		return rule
	}
	what := where + ".account"
	if slices.Contains(databases, connector) {
		l.r.Errorf(n.Pos, "the catalog names the field, in meta.sutra.account of a collection", "%s is for objects, not for a database", what)
		return rule
	}
	switch n.Kind {
	case yamltree.String, yamltree.Int:
		rule.Constant = n.Text
		if strings.HasPrefix(n.Text, "{") {
			l.r.Warnf(n.Pos, "without the quotes it is a segment of the key", "%s is the constant %q", what, n.Text)
		}
		if n.Text == "" {
			l.r.Errorf(n.Pos, "leave the key out when records name their account", "%s is empty", what)
		}
	case yamltree.Map:
		l.r.Known(n, what, "path")
		if n.Get("path") == nil {
			l.r.Errorf(n.Pos, "", "%s must be a constant or {path: N}", what)
			return rule
		}
		rule.Segment, _ = l.r.Int(n.Get("path"), what+".path", 1, 100)
	default:
		l.r.Errorf(n.Pos, "", "%s must be a constant or {path: N}, not %s", what, n.Kind)
	}
	return rule
}

// stateInside warns when a scan would read sutra's own state.
func (l *loader) stateInside(s Source, at yamltree.Pos) {
	if slices.Contains(databases, s.Connector) || !strings.HasPrefix(s.URL, "file:") {
		return
	}
	root := strings.TrimPrefix(s.URL, "file:")
	rel, err := filepath.Rel(filepath.FromSlash(root), l.cfg.State)
	if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		l.r.Warnf(yamltree.Pos{Line: s.Line, Column: at.Column}, "move one of them", "the state folder lies inside the folder of source %s", s.Name)
	}
}
