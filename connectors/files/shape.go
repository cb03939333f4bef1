package files

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
)

// shape is what is common to the names of objects that hold the same kind of
// records: "leads-2026-01.csv" and "leads-2026-02.csv.gz" are both "leads-*" with
// the extension ".csv". Words with a digit or an @ in them change from object to
// object, and may be somebody's number: they become "*".
type shape struct {
	collection string // of the catalog; the rest is empty then
	folder     string // "" or ending in "/"
	stem, ext  string
}

// room is where shapes compete: one folder, one extension.
func (s shape) room() shape { return shape{collection: s.collection, folder: s.folder, ext: s.ext} }

// The sizes at which names that differ are taken for data.
const (
	maxSiblings = 8  // folders in one folder
	maxStems    = 16 // names of files in one folder
)

// shapeOf gives the shape of a key without its compression suffix.
func shapeOf(key string) shape {
	dir, base := path.Split(key)
	ext := path.Ext(base)
	var folder strings.Builder
	for seg := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if seg != "" {
			folder.WriteString(maskWords(seg) + "/")
		}
	}
	return shape{folder: folder.String(), stem: maskWords(strings.TrimSuffix(base, ext)), ext: strings.ToLower(ext)}
}

// maskWords replaces the words that look like data.
func maskWords(s string) string {
	if strings.Contains(s, "@") {
		return "*"
	}
	var out []string // words and what stands between them, in turn
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !word(r) })
		if n < 0 {
			n = len(s)
		}
		w := s[:n]
		if strings.ContainsFunc(w, unicode.IsDigit) {
			w = "*"
		}
		s = s[n:]
		m := strings.IndexFunc(s, word)
		if m < 0 {
			m = len(s)
		}
		sep := s[:m]
		s = s[m:]
		if k := len(out); w == "*" && k > 1 && out[k-2] == "*" {
			out[k-1] = sep
			continue
		}
		out = append(out, w, sep)
	}
	return strings.Join(out, "")
}

// stripPacking takes a compression suffix off a key.
func stripPacking(key string) string {
	for _, suffix := range []string{".gz", ".zst"} {
		if n := len(key) - len(suffix); n > 0 && strings.EqualFold(key[n:], suffix) {
			return key[:n]
		}
	}
	return key
}

// generalise says for every shape found which shape stands for it: where one
// folder has many folders or many names of files, those are data too.
func generalise(found []shape) map[shape]shape {
	to := map[shape]shape{}
	for _, s := range found {
		to[s] = s
	}
	for depth := 0; depth < 32; depth++ {
		children := map[string]map[string]bool{}
		for _, s := range to {
			if parent, seg, _, ok := segment(s.folder, depth); ok && s.collection == "" {
				if children[parent] == nil {
					children[parent] = map[string]bool{}
				}
				children[parent][seg] = true
			}
		}
		for from, s := range to {
			if parent, _, rest, ok := segment(s.folder, depth); ok && len(children[parent]) > maxSiblings && s.collection == "" {
				s.folder = parent + "*/" + rest
				to[from] = s
			}
		}
	}
	stems := map[shape]map[string]bool{}
	for _, s := range to {
		if stems[s.room()] == nil {
			stems[s.room()] = map[string]bool{}
		}
		stems[s.room()][s.stem] = true
	}
	for from, s := range to {
		if len(stems[s.room()]) > maxStems {
			s.stem = "*"
			to[from] = s
		}
	}
	return to
}

// segment takes the segment at a depth out of a folder.
func segment(folder string, depth int) (parent, seg, rest string, ok bool) {
	at := 0
	for range depth {
		i := strings.IndexByte(folder[at:], '/')
		if i < 0 {
			return "", "", "", false
		}
		at += i + 1
	}
	seg, rest, ok = strings.Cut(folder[at:], "/")
	return folder[:at], seg, rest, ok
}

// collectionName makes a name of letters, digits and _ that no other collection
// has.
func collectionName(folder string, stems []string, whole bool, used map[string]bool) string {
	try := []string{}
	if len(stems) == 1 && !whole {
		try = append(try, stems[0])
	}
	segs := strings.Split(strings.Trim(folder, "/"), "/")
	slices.Reverse(segs)
	try = append(try, segs...)
	try = append(try, stems...)
	name := "objects"
	for _, t := range try {
		if w := wordsOnly(t); w != "" {
			name = w
			break
		}
	}
	for n, base := 2, name; used[name]; n++ {
		name = base + "_" + string(rune('0'+n%10))
		if n > 9 {
			name = base + strings.Repeat("_x", n-9)
		}
	}
	used[name] = true
	return name
}

func wordsOnly(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r < 'a' || r > 'z' })
	return strings.Join(words, "_")
}

// paths are the globs of a collection.
func paths(folder string, stems []string, whole bool, exts map[string]bool) []string {
	if whole {
		stems = []string{"*"}
	}
	var out []string
	for _, e := range slices.Sorted(maps.Keys(exts)) {
		for _, s := range stems {
			out = append(out, folder+s+e)
		}
	}
	return out
}
