package config

import (
	"regexp"
	"slices"

	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// identities maps the words of fides_meta.identity to identity kinds.
var identities = map[string]string{
	"phone": "phone", "phone_number": "phone", "mobile": "phone",
	"email": "email", "wa_id": "wa_id", "bsuid": "bsuid",
	"cookie": "cookie", "ga_client_id": "cookie",
	"click": "click", "device_id": "device_id", "aadhaar": "aadhaar", "pan": "pan", "upi": "upi",
	// Fides has these too; they stay kinds of their own.
	"fides_user_device_id": "fides_user_device_id", "fides_user_device": "fides_user_device_id",
	"external_id": "external_id", "ljt_readerID": "ljt_readerID",
}

var kindRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// identity reads fides_meta.identity and returns the identity kind.
func (f *catalogFile) identity(n *yamltree.Node, where string) string {
	w := f.r.Word(n, "identity of "+where)
	if w == "" {
		return ""
	}
	if k, ok := identities[w]; ok {
		return k
	}
	if !kindRule.MatchString(w) {
		f.r.Errorf(n.Pos, "", "identity %q of %s is not a word", w, where)
		return ""
	}
	var words []string
	for k := range identities {
		words = append(words, k)
	}
	slices.Sort(words)
	hint := yamltree.Suggest(w, words)
	f.r.Warnf(n.Pos, hint, "identity %q of %s is unknown: its values are compared as they are, as a kind of their own", w, where)
	return w
}

// categories reads data_categories. Unknown keys are kept, with a warning.
func (f *catalogFile) categories(n *yamltree.Node, where string) []string {
	var out []string
	for _, x := range f.r.List(n, "data_categories of "+where) {
		c := f.r.Word(x, "every data category of "+where)
		switch {
		case c == "":
			continue
		case !fidesKey.MatchString(c):
			f.r.Errorf(x.Pos, "", "data category %q of %s is not a fideslang key", c, where)
			continue
		case !KnownCategory(c):
			f.r.Warnf(x.Pos, yamltree.Suggest(c, Categories()), "data category %q of %s is not in fideslang's default taxonomy", c, where)
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
