package parquet

import (
	"bytes"
	"encoding/base64"
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
// footer: as they are, or within base64, as the Arrow schema stands there. Each
// byte becomes an asterisk, so that whatever the value stands in keeps its shape.
func scrubMetadata(foot *record, values map[string]bool) {
	erased := map[string]bool{}
	for v := range values {
		erased[v] = true
		for _, s := range spellings(v) {
			erased[s] = true
		}
	}
	elem, list := foot.list(5)
	changed := false
	for i, raw := range list {
		kv, _, err := parseRecord(raw)
		if err != nil {
			continue
		}
		text := bytes.Clone(kv.text(2))
		plain := blank(text, erased)
		inner, err := base64.StdEncoding.DecodeString(string(text))
		if err == nil && blank(inner, erased) {
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

// blank overwrites every erased value in b and reports whether there was one.
func blank(b []byte, erased map[string]bool) bool {
	found := false
	for v := range erased {
		if len(v) < leastName {
			continue
		}
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(v))
			if i < 0 {
				break
			}
			found = true
			at += i
			fill(b[at:at+len(v)], '*')
			at += len(v)
		}
	}
	return found
}
