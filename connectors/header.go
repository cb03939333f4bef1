package connectors

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Header gives the columns of a table whose header nobody promised their
// meaning: each is matched with a field of the collection by its name or by an
// alias, both without regard to case, spaces and punctuation. What matches
// nothing keeps its name and is looked at by name and value ([LookLabel]).
//
// aliases translates a folded column name ("sendermobile", see [FoldHeader]) to a
// field; "-" leaves a column unread. Every column has a field, and names are unique: when
// several columns mean one field, the later ones are called "name#2" and so on
// and mean the same.
func Header(dataset string, c Collection, aliases map[string]string, header []string) []Field {
	byName := map[string]CatalogField{}
	for _, f := range c.Fields {
		byName[FoldHeader(f.Name)] = f
	}
	used := map[string]bool{LocatorColumn: true}
	out := make([]Field, len(header))
	for i, h := range header {
		key := FoldHeader(h)
		f := Field{Name: h, Look: LookLabel}
		to, aliased := aliases[key]
		switch cf, ok := byName[key]; {
		case ok:
			f = Resolve(dataset, c, cf)
		case to == "-":
			f.Look = LookSkip
		case aliased:
			f = Resolve(dataset, c, byName[FoldHeader(to)])
		case strings.TrimSpace(h) == "":
			f.Name = fmt.Sprintf("column %d", i+1)
		}
		base := f.Name
		for n := 2; used[f.Name]; n++ {
			f.Name = fmt.Sprintf("%s#%d", base, n)
		}
		used[f.Name] = true
		out[i] = f
	}
	return out
}

// FoldHeader folds a column name: letters and digits in lower case, marks of
// Indian scripts kept.
func FoldHeader(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// Headless reports a first row that is a record: a telephone number or an e-mail address
// stands in it, and no cell is the name of a column that anybody described. Taken for a
// header, the person in it would not be found. fields are what [Header] or its like made
// of the row.
func Headless(names []string, fields []Field, c Collection) bool {
	for _, f := range fields {
		if _, known := c.Field(f.Name); known {
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

// NoHeader is the reason of the gap that tells of a table without a header.
const NoHeader = "the table has no header: its columns are told by what stands in them"

// Reasons of the gaps that [HeaderGaps] tells of.
const (
	StrangeHeader = "none of the columns that the catalog describes is in the header: it may be a line of title, or the columns have other names; what stands in the rows is told by its value alone"
	namingHeader  = "a column is called by a telephone number or an e-mail address: whose it is, its values do not tell; rename the column"
)

// HeaderGaps tells what a header keeps back: it has none of the columns by which people are
// found, although the catalog describes some, or it calls a column by an identifier. fields
// are what was made of the names.
func HeaderGaps(locator string, names []string, fields []Field, c Collection) (gaps []Gap) {
	tells := func(f CatalogField) bool { return Resolve("", c, f).Personal() }
	if len(fields) > 0 && !slices.ContainsFunc(fields, c.describes) && slices.ContainsFunc(c.Fields, tells) {
		gaps = append(gaps, Gap{Locator: locator, Reason: StrangeHeader, Text: headerText(names)})
	}
	return append(gaps, NamingGaps(locator, names, fields, c)...)
}

// NamingGaps tells of a header that calls a column by an identifier, or is no header at all
// but words with one in them.
func NamingGaps(locator string, names []string, fields []Field, c Collection) []Gap {
	for i, n := range names {
		if i < len(fields) && !c.describes(fields[i]) && Names(n) {
			return []Gap{{Locator: locator, Reason: namingHeader, Text: headerText(names)}}
		}
	}
	return nil
}

func (c Collection) describes(f Field) bool {
	_, ok := c.Field(f.Name)
	return ok
}

func headerText(names []string) string {
	text := strings.Join(names, ", ")
	return text[:min(len(text), GapText)]
}

// Names reports a name, of a column or of a file, in which an address or a mobile number
// stands.
func Names(name string) bool {
	mails := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;:<>()[]{}="'&?/`, r) })
	if slices.ContainsFunc(mails, func(word string) bool { return strings.Contains(word, "@") && identifies(word) }) {
		return true
	}
	var run digitRun
	for _, r := range name {
		if run.broken(r) {
			return true
		}
	}
	return run.number()
}

// digitRun are digits with what may stand between those of one number.
type digitRun struct {
	digits []byte
	plus   bool // it begins with a plus
	apart  bool // something stands between them: they may be several numbers
}

// number reports whether the digits may be a mobile number, or one with its country's code.
func (d *digitRun) number() bool {
	n := len(d.digits)
	return n >= 10 && (n <= 15 || d.apart) && (d.plus || d.digits[n-10] >= '6')
}

// broken takes in a letter, and reports that it ends a number.
func (d *digitRun) broken(r rune) bool {
	switch {
	case unicode.IsDigit(r):
		v := r & 0xF // rows of ten begin at ...0 or at ...6
		if !unicode.IsDigit(r &^ 0xF) {
			v -= 6
		}
		d.digits = append(d.digits, '0'+byte(v))
		return false
	case r != '+' && strings.ContainsRune("-(). \u00a0", r):
		d.apart = true
		return false
	}
	hit := d.number()
	*d = digitRun{plus: r == '+'}
	return hit
}
