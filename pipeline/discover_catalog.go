package pipeline

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/detect"
)

// Proposal is the catalog that a discovery proposes. A person reads it before it
// is used.
type Proposal struct {
	source config.Source
	tables []*looked
	unread []connectors.Table // that are there and could not be read
	seed   uint64
	// recordings names the configured source of recordings; "" if there is none or
	// there are several.
	recordings string
}

// Catalog writes the proposal as a fideslang Dataset. It loads again with
// [config.ParseCatalog] without a warning. Fields that the configured catalog
// describes are left out: a person's word stands. It is nil when nothing is left.
func (p Proposal) Catalog() []byte {
	w := &catalogWriter{Proposal: p}
	if database(p.source.Connector) {
		w.plots = p.plots()
	}
	w.line("# Proposed from a random sample (seed %d, rules %s). Read every line before you use it;", p.seed, detect.Rule)
	w.line("# %s.", absence)
	w.line("# Guessed, to be reviewed: class, erase, account and recorded_at of every collection.")
	if len(p.source.Dataset.Collections) > 0 {
		w.line("# What the configured catalog describes is left out: add these fields to it.")
	}
	w.line("dataset:")
	w.line("  - fides_key: %s", scalar(p.source.Name))
	w.line("    name: %s", scalar(p.source.Name))
	w.line("    collections:")
	for _, t := range p.tables {
		w.collection(t)
	}
	for _, t := range p.unread {
		w.unread(t)
	}
	if w.written == 0 {
		return nil
	}
	return w.buf.Bytes()
}

type catalogWriter struct {
	Proposal
	plots   map[string]*plot // of a database's tables; nil for objects
	buf     bytes.Buffer
	written int
}

func (w *catalogWriter) line(format string, args ...any) { fmt.Fprintf(&w.buf, format+"\n", args...) }

// fields are the top-level fields that the proposal describes: not those whose
// name is made up, nor those that the catalog has.
func (w *catalogWriter) fields(t *looked) []*field {
	known, _ := w.source.Dataset.Collection(t.name)
	return slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool {
		_, owned := known.Field(f.path[0])
		return len(f.path) > 1 || f.made || owned
	})
}

func (w *catalogWriter) collection(t *looked) {
	fields := w.fields(t)
	_, known := w.source.Dataset.Collection(t.name)
	if len(fields) == 0 {
		if !known {
			w.line("      # %s: its columns have no names that can stand here; give the objects a header (%s)", comment(t.name), comment(strings.Join(t.path, ", ")))
		}
		return
	}
	w.written++
	w.line("      # %d of %d rows sampled%s", t.sampled, t.total, objectsNote(t))
	w.line("      - name: %s", scalar(t.name))
	meta, notes := w.meta(t, fields, known)
	for _, n := range notes {
		w.line("        # review: %s", n)
	}
	w.line("        meta: {sutra: {%s}}", strings.Join(meta, ", "))
	w.line("        fields:")
	for _, f := range fields {
		w.field(t, f)
	}
}

// meta writes the keys of a collection, and what of them needs a look.
func (w *catalogWriter) meta(t *looked, fields []*field, known bool) (meta, notes []string) {
	var guessed []string
	say := func(key string, f *field) {
		if f != nil {
			guessed = append(guessed, key)
		}
	}
	x := w.plots[t.name]
	switch {
	case x != nil && !known:
		say("account", x.account)
		say("recorded_at", x.at)
		meta, notes = x.meta(), x.notes
	default:
		meta = []string{"class: account_crm"}
		if !known {
			account, at := pick(fields, accountNames), recordedAt(fields)
			if say("account", account); account != nil {
				meta = append(meta, "account: "+scalar(account.label))
			}
			if say("recorded_at", at); at != nil {
				meta = append(meta, "recorded_at: "+scalar(at.label))
			}
		}
		meta = append(meta, "erase: delete")
		if note := tableNote(t.name); note != "" {
			notes = append(notes, note)
		}
	}
	if len(t.path) > 0 {
		list := make([]string, len(t.path))
		for i, g := range t.path {
			list[i] = scalar(g)
		}
		meta = append(meta, "path: ["+strings.Join(list, ", ")+"]")
	}
	switch {
	case len(guessed) > 0:
		notes = append([]string{strings.Join(guessed, " and ") + " guessed by name"}, notes...)
	case !known:
		notes = append([]string{"no account and no date were recognised"}, notes...)
	}
	return meta, notes
}

func objectsNote(t *looked) string {
	if t.objects == 0 {
		return ""
	}
	return fmt.Sprintf(", from %d of %d objects", t.read, t.objects)
}

// tableNote says what a table's name suggests.
func tableNote(name string) string {
	words := detect.Words(name)
	if len(words) == 0 {
		return ""
	}
	switch singular(words[len(words)-1]) {
	case "account", "tenant", "organization", "organisation", "workspace":
		return "if these are the customers' accounts: accounts: true, account: id, erase: keep"
	case "user", "staff", "employee", "agent":
		return "if these are staff: staff: true, erase: keep"
	case "invoice", "payment", "bill", "receipt":
		return "if the law has these kept: class: billing, erase: keep"
	case "ticket":
		return "class: support_ticket, with the trigger closed_at"
	}
	return ""
}

var accountNames = []string{"account_id", "tenant_id", "org_id", "organization_id", "organisation_id", "company_id", "workspace_id", "accountid", "tenantid"}

func pick(fields []*field, names []string) *field {
	for _, n := range names {
		for _, f := range fields {
			if strings.EqualFold(strings.ReplaceAll(f.label, " ", "_"), n) {
				return f
			}
		}
	}
	return nil
}

var recordedNames = []string{"created_at", "creation", "received_at", "sent_at", "synced_at", "changed_at", "createdat", "created_on", "created_time", "created_date", "created", "date_created", "recorded_at", "inserted_at", "start_at", "started_at", "start_time", "lead_date", "event_date", "timestamp"}

// recordedAt takes a column that is named like the date of a record.
func recordedAt(fields []*field) *field { return pick(fields, recordedNames) }

// field writes a top-level field and what was found below it.
func (w *catalogWriter) field(t *looked, f *field) {
	best, notes := verdicts(f)
	var parts []string
	parts = append(parts, "name: "+scalar(f.path[0]))
	below := w.nested(t, f)
	v := w.view(t, f, best, below != nil)
	cat, best := v.category, v.best
	notes = append(notes, v.notes...)
	switch {
	case cat != "":
	case f.pk, len(f.refs) > 0, f.dated, lifelessType.MatchString(f.typ):
		cat = "system.operations"
	}
	if cat != "" && (!f.nested || w.plots != nil) {
		parts = append(parts, "data_categories: ["+cat+"]")
	}
	var meta []string
	if f.pk {
		meta = append(meta, "primary_key: true")
	}
	if best.Identity != "" && !f.nested {
		meta = append(meta, "identity: "+best.Identity)
	}
	if f.nested {
		meta = append(meta, "data_type: object")
	}
	refs, said := w.refs(t, f)
	if len(refs) > 0 {
		meta = append(meta, "references: ["+strings.Join(refs, ", ")+"]")
	}
	if len(meta) > 0 {
		parts = append(parts, "fides_meta: {"+strings.Join(meta, ", ")+"}")
	}
	if len(v.sutra) > 0 {
		parts = append(parts, "meta: {sutra: {"+strings.Join(v.sutra, ", ")+"}}")
	}
	for _, n := range append(said, notes...) {
		w.line("          # %s", n)
	}
	if below == nil {
		w.line("          - {%s}", strings.Join(parts, ", "))
		return
	}
	w.line("          - %s", parts[0])
	for _, p := range parts[1:] {
		w.line("            %s", p)
	}
	w.tree(below, "            ")
}

// verdicts takes the finding that decides, and says the others in words. Of the
// fields of a form the column can carry no one meaning: they are only told.
func verdicts(f *field) (best detect.Finding, notes []string) {
	for _, j := range f.found {
		for _, x := range j.list {
			form := j.name != f.name()
			if !form && x.Confidence >= detect.Medium && best.Category == "" {
				best = x
				if x.Text {
					best.Category, best.Identity = "user.content", ""
				}
			}
			notes = append(notes, fmt.Sprintf("%s%s: %s (%s)", x.Confidence, formNote(j, form), x.Category, comment(strings.Join(x.Signals, ", "))))
			if form && x.Personal() && x.Confidence >= detect.Medium {
				best.Category = "user"
			}
		}
	}
	return best, notes
}

func formNote(j judged, form bool) string {
	if !form {
		return ""
	}
	return ", in the form's field " + strconv.QuoteToASCII(j.label)
}

// refs gives the references that lead to the only key of a proposed collection;
// the others are said in words.
func (w *catalogWriter) refs(t *looked, f *field) (refs, notes []string) {
	if x := w.plots[t.name]; x != nil {
		refs, notes = x.refs(w.source.Name, f)
		switch {
		case !f.audio || f.nested || len(refs) > 0:
		case w.recordings != "":
			refs = append(refs, "{dataset: "+scalar(w.recordings)+", field: calls.key, direction: from}")
			notes = append(notes, "review: looks like the key of a recording")
		default:
			notes = append(notes, "review: looks like the key of a recording; refer to calls.key of the source that holds them")
		}
		return refs, notes
	}
	for _, r := range f.refs {
		if w.leads(r) {
			refs = append(refs, fmt.Sprintf("{dataset: %s, field: %s, direction: from}", scalar(w.source.Name), scalar(r.Collection+"."+r.Field)))
		} else {
			notes = append(notes, "refers to "+comment(r.Collection+"."+r.Field))
		}
	}
	if f.guess != "" {
		notes = append(notes, "review: looks like a reference to "+comment(f.guess))
	}
	return refs, notes
}

func (w *catalogWriter) leads(r connectors.Reference) bool {
	for _, t := range w.tables {
		if t.name != r.Collection {
			continue
		}
		var pk []string
		for _, f := range w.fields(t) {
			if f.pk {
				pk = append(pk, f.path[0])
			}
		}
		return len(pk) == 1 && pk[0] == r.Field
	}
	return false
}

// branch is a nested field on its way into the catalog.
type branch struct {
	name     string
	best     detect.Finding
	notes    []string
	branches []*branch
}

// nested gathers the leaves below a field in which something was found; nil when
// there are none that can be named.
func (w *catalogWriter) nested(t *looked, f *field) []*branch {
	root := &branch{}
	for _, leaf := range t.fields {
		if len(leaf.path) < 2 || leaf.path[0] != f.path[0] || leaf.made {
			continue
		}
		best, notes := verdicts(leaf)
		if best.Category == "" || len(leaf.found) == 0 {
			continue
		}
		at := root
		for _, p := range leaf.path[1:] {
			i := slices.IndexFunc(at.branches, func(b *branch) bool { return b.name == p })
			if i < 0 {
				i = len(at.branches)
				at.branches = append(at.branches, &branch{name: p})
			}
			at = at.branches[i]
		}
		at.best, at.notes = best, notes
	}
	return root.branches
}

func (w *catalogWriter) tree(list []*branch, indent string) {
	w.line("%sfields:", indent)
	for _, b := range list {
		for _, n := range b.notes {
			w.line("%s  # %s", indent, n)
		}
		w.line("%s  - name: %s", indent, scalar(b.name))
		if b.best.Category != "" {
			w.line("%s    data_categories: [%s]", indent, b.best.Category)
		}
		switch {
		case len(b.branches) > 0:
			w.line("%s    fides_meta: {data_type: object}", indent)
			w.tree(b.branches, indent+"    ")
		case b.best.Identity != "":
			w.line("%s    fides_meta: {identity: %s}", indent, b.best.Identity)
		}
	}
}

// lifelessType matches the types of whole numbers and of times, not those of points.
var lifelessType = regexp.MustCompile(`(?i)^\s*(unsigned )?((tiny|small|medium|big)?int(eger|[0-9])?|(small|big)?serial|time|timestamp(tz)?|datetime)\b`)

var plainScalar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// scalar spells a text in YAML.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return `"` + s + `"`
	}
	if plainScalar.MatchString(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}

// comment makes a text fit for one line of comment.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
