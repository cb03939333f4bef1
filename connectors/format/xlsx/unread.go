package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// foreign says what may hold personal data and is not read, by a folder in the
// name of the part.
var foreign = map[string]string{
	"pivotcache": "the data behind a pivot table", "embeddings": "embedded files", "externallinks": "values of other workbooks",
	"revisions": "a history of changes", "model": "a data model", "media": "pictures", "richdata": "linked data types", "activex": "controls",
	"macrosheets": "sheets of old macros", "dialogsheets": "sheets that are forms",
}

// unread names the kinds of parts that may hold personal data and are not looked
// into, and the worksheets that cannot be found. It is asked once the worksheets
// have told which parts are theirs.
func (b *book) unread() ([]string, error) {
	found := map[string]bool{}
	if b.named {
		found["defined names that stand for texts or numbers"] = true
	}
	if b.titled {
		found["names of sheets with an address or a number in them"] = true
	}
	if b.signed {
		found["names of authors with an address or a number in them"] = true
	}
	if b.properties() {
		found["document properties with an address or a number in them"] = true
	}
	for name, f := range b.parts {
		if strings.HasSuffix(name, "/") || f.UncompressedSize64 == 0 {
			continue
		}
		for seg := range strings.SplitSeq(path.Dir(name), "/") {
			if seg == "_rels" {
				break
			}
			if what := foreign[seg]; what != "" {
				found[what] = true
			}
		}
		what, err := b.strange(name)
		if err != nil {
			return nil, err
		}
		if what != "" {
			found[what] = true
		}
	}
	var out []string
	for _, what := range slices.Sorted(maps.Keys(found)) {
		out = append(out, "the workbook holds "+what+", not read here")
	}
	return append(out, b.lost...), nil
}

// strange judges a part by its own name.
func (b *book) strange(name string) (string, error) {
	dir, base := path.Split(name)
	switch {
	case b.known[name] || path.Ext(base) != ".xml":
		if strings.HasPrefix(name, "docprops/thumbnail") {
			return "pictures", nil
		}
	case strings.HasSuffix(dir, "worksheets/"):
		return "worksheets that the workbook does not name", nil
	case strings.HasSuffix(dir, "threadedcomments/") || strings.HasPrefix(base, "comments"):
		return "comments of no worksheet", nil
	case strings.HasSuffix(dir, "drawings/") && strings.HasPrefix(base, "drawing"), strings.HasSuffix(dir, "diagrams/"):
		yes, err := b.holds(name, []byte("t>"))
		if yes {
			return "texts in drawings", err
		}
		return "", err
	}
	return "", nil
}

// holds looks for the end of a text element, :t> whatever its prefix, in a part.
func (b *book) holds(name string, end []byte) (bool, error) {
	r, err := b.reader(name, maxSmall)
	if err != nil {
		return false, err
	}
	data, err := io.ReadAll(r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return false, fmt.Errorf("reading a drawing of a workbook: %w", err)
	}
	return bytes.Contains(data, append([]byte(":"), end...)) || bytes.Contains(data, append([]byte("/"), end...)), nil
}
