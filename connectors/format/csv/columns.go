package csv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// maxColumns is the widest table that is read; a header beyond it is no header.
const maxColumns = 16_384

// columns gives the header's columns their meaning. A name is looked up in the
// catalog as it stands, then without regard to case and spaces around it;
// a column of the catalog is given once. Other columns keep their name and are
// looked at as free text. A second column of a name is "name#2"; what the catalog
// says of a person's data under that name holds for it too.
func columns(dataset string, cat connectors.Collection, header []string) []connectors.Field {
	out := make([]connectors.Field, len(header))
	given := make(map[string]bool)
	for i, h := range header {
		if f, ok := cat.Field(h); ok && !given[h] {
			out[i] = connectors.Resolve(dataset, cat, f)
			given[h] = true
		}
	}
	folded := make(map[string]connectors.CatalogField)
	for _, f := range cat.Fields {
		k := fold(f.Name)
		if _, twice := folded[k]; !given[f.Name] && !twice {
			folded[k] = f
		}
	}
	for i, h := range header {
		if f, ok := folded[fold(h)]; ok && out[i].Name == "" && !given[f.Name] {
			out[i] = connectors.Resolve(dataset, cat, f)
			given[f.Name] = true
		}
	}
	used := map[string]bool{connectors.LocatorColumn: true}
	for _, f := range out {
		if f.Name != "" {
			used[f.Name] = true
		}
	}
	for i, h := range header {
		if out[i].Name != "" {
			continue
		}
		if h == "" {
			h = fmt.Sprintf("column %d", i+1)
		}
		out[i] = twin(dataset, cat, h)
		out[i].Name = unused(h, used)
		used[out[i].Name] = true
	}
	return out
}

// twin is the field of one more column of a name that the catalog describes: an
// identifier or personal, as the first is. It takes no part in what the record is
// joined by, whose it is, or when it was made.
func twin(dataset string, cat connectors.Collection, name string) connectors.Field {
	for _, f := range cat.Fields {
		if fold(f.Name) == fold(name) {
			r := connectors.Resolve(dataset, cat, f)
			r.Meaning = slices.DeleteFunc(r.Meaning, func(m string) bool { return m != "name" })
			return connectors.Field{Identity: r.Identity, Categories: r.Categories, Role: r.Role, Erase: r.Erase, Look: r.Look, Meaning: r.Meaning}
		}
	}
	return connectors.Field{}
}

func unused(name string, used map[string]bool) string {
	for n, try := 2, name; ; n++ {
		if !used[try] {
			return try
		}
		try = fmt.Sprintf("%s#%d", name, n)
	}
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
