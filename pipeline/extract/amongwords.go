package extract

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors/format/json"
)

// JSON stands among words in the lines of a log: received {"name": ...} after 12 ms.

// amongWords puts the JSON, what stands before it and what stands behind it, or behind a
// fault of it, into a list. Further objects are records like those of any list.
func (d *document) amongWords(text string, c context, depth int) {
	d.root = &json.Node{Kind: json.Array, End: len(d.data), Cut: true}
	d.words(0, d.top.Start, c, depth)
	d.add(d.top)
	at := d.top.End
	var p json.Parser
	for {
		n, err := objectIn(&p, text, d.data, at)
		if n == nil || err != nil { // too many values are told, see Extractor.Unsearched
			break
		}
		n = n.Clone() // there may be very many, all of them small
		d.words(at, n.Start, c, depth)
		at = n.End
		d.add(n)
		own := &part{pointer: "/" + strconv.Itoa(n.Start), node: n}
		d.walk(n, own, c, depth)
		d.split(n, own)
		if subjectHits(own) && recordLike(n, own) {
			d.parts = append(d.parts, own)
		} else {
			d.parts[0].hits = append(d.parts[0].hits, own.hits...)
		}
	}
	d.words(at, len(d.data), c, depth)
}

// parsed is the value that data begins with, also one that is cut in the middle; nil when
// there is none that could be looked into. Too many values are an error.
func parsed(p *json.Parser, data []byte) (*json.Node, error) {
	root, err := p.Parse(data)
	if errors.Is(err, json.ErrMany) { // see Extractor.Unsearched
		return nil, json.ErrMany
	}
	if root == nil || err != nil && len(root.Children) == 0 && !(root.Kind == json.String && root.Cut) {
		return nil, nil
	}
	return root, nil
}

// objectIn returns the first object, or list of them, that stands in a text from a place on.
func objectIn(p *json.Parser, text string, data []byte, from int) (*json.Node, error) {
	k := behindWords(text[from:])
	if k < 0 {
		return nil, nil
	}
	n, err := parsed(p, data[from+k:])
	if n != nil {
		shift(n, from+k)
	}
	return n, err
}

// words adds a text that stands beside JSON.
func (d *document) words(from, to int, c context, depth int) {
	if len(bytes.TrimSpace(d.data[from:to])) == 0 {
		return
	}
	n := &json.Node{Kind: json.Broken, Start: from, End: to}
	d.texts[n] = true
	d.add(n)
	d.walk(n, d.parts[0], c, depth)
}

func (d *document) add(n *json.Node) {
	n.Parent, d.root.Children = d.root, append(d.root.Children, n)
}

// behindWords returns where a JSON object begins behind words, as in a line of a log
// (received {"name": ...}); -1 when there is none.
func behindWords(text string) int {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest, quoted := strings.CutPrefix(strings.TrimLeft(text[at:], " \t\r\n"), `"`)
		if !quoted {
			continue
		}
		key := strings.IndexByte(rest, '"')
		if key < 0 || !strings.HasPrefix(strings.TrimLeft(rest[key+1:], " \t\r\n"), ":") {
			continue
		}
		if list := strings.TrimRight(text[:at-1], " \t\r\n"); strings.HasSuffix(list, "[") {
			return len(list) - 1
		}
		return at - 1
	}
}

// shift moves a value that was parsed without what stands before it to its place.
func shift(root *json.Node, by int) {
	if by == 0 {
		return
	}
	json.Walk(root, func(n *json.Node) bool {
		n.Start, n.End = n.Start+by, n.End+by
		if n.KeyEnd > 0 {
			n.KeyStart, n.KeyEnd = n.KeyStart+by, n.KeyEnd+by
		}
		return true
	})
}
