package csv

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cratio/sutra/connectors"
)

// maxColumns is the widest table that is read; a header beyond it is no header.
const maxColumns = 16_384

// columns gives the header's columns their meaning. A name is looked up in the
// catalog as it stands, then without regard to case and spaces around it;
// a column of the catalog is given once. Other columns keep their name and are
// looked at as free text. A second column of a name is "name#2".
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
		out[i] = connectors.Field{Name: unused(h, used)}
		used[out[i].Name] = true
	}
	return out
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

// headless reports a first row that is a record: a telephone number or an e-mail address
// stands in it, and no cell is the name of a column that anybody described. Taken for a
// header, the person in it would not be found.
func headless(names []string, fields []connectors.Field, cat connectors.Collection) bool {
	for _, f := range fields {
		if _, known := cat.Field(f.Name); known {
			return false
		}
	}
	return slices.ContainsFunc(names, identifies)
}

// identifies reports whether a cell is an address or has the digits of a number.
func identifies(cell string) bool {
	cell = strings.TrimSpace(cell)
	name, host, ok := strings.Cut(cell, "@")
	if ok && name != "" && strings.Contains(host, ".") && !strings.ContainsAny(cell, " \t") {
		return true
	}
	digits := 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune("+-(). \u00a0", r):
			return false
		}
	}
	return digits >= 10 && digits <= 15
}
