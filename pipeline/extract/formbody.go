package extract

import (
	"net/url"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// bodyKey reports a key under which receivers keep the body, or the query, of a request.
func bodyKey(key string) bool {
	switch strings.Join(keyWords(key), "") {
	case "body", "rawbody", "requestbody", "raw", "payload", "data", "form", "formdata", "post", "postdata", "params", "query", "querystring", "rawquery":
		return true
	}
	return false
}

// formHits finds what the pairs of a form say (leadid=J1&name=Asha&mobile=98...) that stands
// where a receiver keeps a request: each name is the key of its value. Nil for any other
// text, and for one that does not tell of a person: somebody by name or by the lead's id, and
// how she is reached, or both sides of a call or of a message.
func formHits(key, text string, others bool) []hit {
	if !strings.Contains(text, "&") || !bodyKey(key) {
		return nil
	}
	var out []hit
	who, how, sides := false, false, 0
	for pair := range strings.SplitSeq(strings.TrimSpace(text), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r\n?:/{}<>\"'") {
			return nil
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		if value == "" {
			continue
		}
		for _, h := range leafHits(strings.ReplaceAll(name, "%5B", " "), value, others) {
			h.whole, h.form = false, true // the leaf is the form
			who = who || h.name || h.role == lineage.Link
			how = how || !h.name && h.role != lineage.Link && h.role != lineage.Mention
			if h.role == lineage.Party {
				sides++
			}
			out = append(out, h)
		}
	}
	if sides < 2 && !(who && how) {
		return nil
	}
	return out
}
