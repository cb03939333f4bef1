package yamltree

import (
	"bytes"
	"errors"
	"fmt"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxBytes is the size of the largest file that is read, in bytes.
const MaxBytes = 8 << 20

const (
	maxDepth  = 100       // nesting of values
	maxColumn = 1000      // of a block indicator: deeper indentation is no file of a person
	maxNodes  = 2_000_000 // values after resolving aliases
)

// Parse reads one YAML document into a tree and reports mistakes to r. The
// result is nil when the text is no YAML at all, and a Null node when it is
// empty. Duplicate keys are mistakes; the first value stands.
func Parse(r *Report, data []byte) (root *Node) {
	if len(data) > MaxBytes {
		r.Errorf(Pos{}, "", "the file is larger than %d MiB", MaxBytes>>20)
		return nil
	}
	defer func() {
		// The YAML library is not proof against every malformed text.
		if p := recover(); p != nil {
			r.Errorf(Pos{}, "", "not readable as YAML")
			root = nil
		}
	}()
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // editors of Windows begin a file with a mark
	tokens := lexer.Tokenize(string(data))
	if pos, deep := tooDeep(tokens); deep {
		r.Errorf(pos, "", "values are nested too deeply")
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.add(syntaxError(err))
		return nil
	}
	c := converter{r: r, anchors: map[string]ast.Node{}}
	root = &Node{Kind: Null, Pos: Pos{Line: 1, Column: 1}}
	seen := false
	for _, d := range f.Docs {
		if d == nil || d.Body == nil {
			continue
		}
		if _, ok := d.Body.(*ast.CommentGroupNode); ok {
			continue
		}
		if seen {
			r.Errorf(posOf(d.Body), "remove the line \"---\" or split the file", "a second YAML document in one file")
			break
		}
		seen = true
		root = c.node(d.Body, 0)
	}
	if c.full {
		r.Errorf(Pos{}, "", "the file is too large once its aliases are resolved")
		return nil
	}
	return root
}

func syntaxError(err error) (Pos, string, string) {
	var ye yaml.Error
	if errors.As(err, &ye) {
		return tokenPos(ye.GetToken()), "", "not YAML: " + ye.GetMessage()
	}
	return Pos{}, "", "not YAML"
}

// tooDeep guards the recursive parser: it looks at indicators only.
func tooDeep(tokens token.Tokens) (Pos, bool) {
	flow, run := 0, 0
	for _, t := range tokens {
		if t == nil || t.Position == nil {
			continue
		}
		structural := true
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
			structural = false
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Column > maxColumn {
				return tokenPos(t), true
			}
		case token.MappingValueType:
			if flow <= 0 && t.Position.Column > maxColumn {
				return tokenPos(t), true
			}
			structural = false
		case token.TagType, token.AnchorType:
		default:
			structural = false
		}
		if run++; !structural {
			run = 0
		}
		if flow > maxDepth || run > 2*maxDepth {
			return tokenPos(t), true
		}
	}
	return Pos{}, false
}

func tokenPos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{}
	}
	return Pos{Line: t.Position.Line, Column: t.Position.Column}
}

func posOf(n ast.Node) Pos {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return posOf(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return posOf(m.Key)
	}
	return tokenPos(n.GetToken())
}

// quote renders a key for a message, cut to a length fit for a line.
func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return fmt.Sprintf("%q", s)
}
