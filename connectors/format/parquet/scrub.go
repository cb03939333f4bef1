package parquet

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// personalWords are the categories of values that may also stand in the metadata
// of a file and mean one person there.
var personalWords = []string{"user.name", "user.unique_id", "user.contact.email", "user.contact.phone_number", "user.government_id"}

// leastName is how long a value must be to be looked for in the metadata.
const leastName = 5

// national is how many digits an Indian number has without its country code.
const national = 10

// personalLeaves returns the columns that name a person, as the catalog says.
func personalLeaves(cols []column) map[*leaf]bool {
	out := map[*leaf]bool{}
	for _, c := range cols {
		yes := c.field.Identity != ""
		for _, cat := range c.field.Categories {
			for _, w := range personalWords {
				yes = yes || cat == w || strings.HasPrefix(cat, w+".")
			}
		}
		if yes && c.flat != nil {
			out[c.flat] = true
		}
	}
	return out
}

// scrubMetadata blanks erased values that stand in the key-value metadata of the
// footer: as they are, or within base64, as the Arrow schema stands there. The blanks
// are as long as the values, so that whatever a value stands in keeps its shape.
func scrubMetadata(foot *record, values map[string]bool) {
	erased := map[string]bool{}
	for v := range values {
		erased[v] = true
		for _, s := range spellings(v) {
			erased[s] = true
		}
	}
	k := newBlanker(erased)
	elem, list := foot.list(5)
	changed := false
	for i, raw := range list {
		kv, _, err := parseRecord(raw)
		if err != nil {
			continue
		}
		text := bytes.Clone(kv.text(2))
		plain := k.blank(text)
		inner, err := base64.StdEncoding.DecodeString(string(text))
		if err == nil && k.blank(inner) {
			text, plain = []byte(base64.StdEncoding.EncodeToString(inner)), true
		}
		if plain {
			kv.set(2, tBinary, appendBinary(text))
			list[i] = kv.encode(nil)
			changed = true
		}
	}
	if changed {
		foot.setList(5, elem, list)
	}
}

// spellings returns other ways in which a writer may have put an erased value into the
// metadata: the digits of a telephone number with and without the country code, an
// address in lower case.
func spellings(v string) []string {
	if strings.Contains(v, "@") {
		return []string{strings.ToLower(v)}
	}
	digits := make([]byte, 0, len(v))
	for i := range len(v) {
		switch c := v[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case !strings.ContainsRune("+-() .", rune(c)):
			return nil
		}
	}
	over := len(digits) - national
	if over < 0 || over > len("0091") {
		return nil
	}
	return []string{string(digits), string(digits[over:])}
}

// blanker overwrites erased values. Different values become different blanks, as Polars
// reads no file any more whose Enum has a category twice.
type blanker struct {
	values []string    // the longest first, which another may be a part of
	tried  map[int]int // by length: how many blanks are taken
}

func newBlanker(erased map[string]bool) *blanker {
	byLength := func(x, y string) int { return cmp.Or(cmp.Compare(len(y), len(x)), cmp.Compare(x, y)) }
	return &blanker{values: slices.SortedFunc(maps.Keys(erased), byLength), tried: map[int]int{}}
}

// blank overwrites every erased value in b and reports whether there was one.
func (k *blanker) blank(b []byte) bool {
	found := false
	for _, v := range k.values {
		if len(v) < leastName || !bytes.Contains(b, []byte(v)) {
			continue
		}
		found = true
		mark := k.mark(b, len(v))
		for at := 0; ; at += len(v) {
			i := bytes.Index(b[at:], []byte(v))
			if i < 0 {
				break
			}
			at += i
			copy(b[at:], mark)
		}
	}
	return found
}

// mark is a blank of n bytes that does not stand in b, as far as there are so many.
func (k *blanker) mark(b []byte, n int) []byte {
	for {
		mark := bytes.Repeat([]byte{'*'}, n)
		if i := k.tried[n]; i > 0 {
			number := strconv.Itoa(i)
			if len(number) >= n {
				return mark
			}
			copy(mark[n-len(number):], number)
		}
		k.tried[n]++
		if !bytes.Contains(b, mark) {
			return mark
		}
	}
}
