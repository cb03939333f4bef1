package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// The reasons for which a value stays that only corrections know.
const (
	keptText   = "text"   // free text is read by people: nobody rewrites what somebody wrote
	keptFormat = "format" // it stands where nothing can be set: a key, an object's name
)

// reissue is the advice that goes with an issued invoice.
const reissue = "an issued invoice is never edited: correct the master data, and issue a credit note and a new invoice where it matters"

// edits reads her records again, now that the values to replace are known, and
// plans what becomes of each.
func (c *correction) edits(ctx context.Context) error {
	at := map[recordKey]*sighted{}
	for i := range c.seen {
		at[keyOf(c.seen[i].f)] = &c.seen[i]
	}
	return c.records(ctx, func(src *Source, f *lineage.Found, rows arrow.Record, row int) error {
		x := at[keyOf(f)]
		if x == nil {
			x = &sighted{f: f, src: src, coll: c.collection(f), extent: extract.Whole}
		}
		c.record(x, rows, row)
		return nil
	})
}

// elsewhere lists the records that hold an old identifier of hers and are not her
// copies: those about several people and those that may be anybody's, which somebody has
// to correct by hand, and, as a number only, those of others that mention her.
func (c *correction) elsewhere() {
	mentions := 0
	old := func(e lineage.Edge) bool {
		return e.Role != lineage.Own && slices.ContainsFunc(c.sets, func(s planSet) bool {
			return s.Kind != "" && slices.Contains(s.From, hex.EncodeToString(e.Token[:]))
		})
	}
	for i := range c.person.Mentions {
		f := &c.person.Mentions[i]
		at := slices.IndexFunc(f.Record.Edges, old)
		switch {
		case at < 0:
		case f.Record.Edges[at].Role == lineage.Mention:
			mentions++
		default:
			c.keep(f, c.person.Account, "shared", "the record is about several people: correct it by hand", time.Time{})
		}
	}
	if mentions > 0 {
		c.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d records of others mention an old value of hers; a correction leaves them as they are", mentions)})
	}
	d, err := c.doubtsOf(c.person)
	c.err = cmp.Or(c.err, err)
	list := slices.Concat(d.list, d.homeless)
	for i := range list {
		if f := &list[i]; slices.ContainsFunc(f.Record.Edges, old) && !c.planner.seen[keyOf(f)] {
			c.keep(f, c.person.Account, "shared", "an identifier of several people: nothing says whose it is here", time.Time{})
		}
	}
}

// fieldWork is what becomes of one record.
type fieldWork struct {
	set    []planField
	shared bool     // her part of it cannot be told from others'
	fixed  bool     // an old value stands where nothing can be set
	names  bool     // another name stands in it
	text   []string // fields of free text in which an old value stands
	codes  map[string]string
}

// record plans one record.
func (c *correction) record(x *sighted, rows arrow.Record, row int) {
	w := c.work(x, rows, row)
	any := len(w.set) > 0 || w.shared || w.fixed || w.names || len(w.text) > 0
	if !any || c.held(c.person, x.f) {
		return
	}
	account := c.person.Account
	if len(w.set) > 0 {
		until, rule, law := c.Policy.KeepUntil(x.coll.Class, x.f.Record.Trigger, c.Now())
		switch {
		case x.coll.Class == "billing":
			if !law {
				rule, until = "issued invoices are not edited", time.Time{}
			}
			c.stays(x, account, "law", rule, until, reissue)
			return
		case x.coll.Erase == "keep":
			c.stays(x, account, "law", "catalog: erase keep", until, "")
			return
		}
		c.planned++
		c.edit(x.f, planEdit{Extent: x.extent, Account: account, Class: x.coll.Class, Fields: w.set, Codes: w.codes})
	}
	if w.shared {
		c.stays(x, account, "shared", "other people have a part in the record: correct it by hand", time.Time{}, "")
	}
	if w.names {
		c.stays(x, account, "shared", "another name stands in the record: it may be somebody else's", time.Time{}, "")
	}
	if w.fixed {
		c.stays(x, account, keptFormat, "the old value stands where nothing can be set: a key, or the name of an object", time.Time{}, "")
	}
	if len(w.text) > 0 {
		c.stays(x, account, keptText, "the old value stands in free text: "+strings.Join(w.text, ", "), time.Time{}, "")
	}
}

// stays lists a record in which something stays.
func (c *correction) stays(x *sighted, account, reason, rule string, until time.Time, advice string) {
	c.planner.seen[keyOf(x.f)] = true
	c.err = cmp.Or(c.err, c.spool.stays(KeptLine{Type: "kept", Account: account, Source: x.src.Name, Dataset: x.src.Name + "." + x.coll.Name,
		Unit: x.f.Unit.Unit.Key, Locator: x.f.Record.Locator, Reason: reason, Rule: rule, Until: Stamp(until), Class: x.coll.Class, Advice: advice}))
}

// work finds what is to be set in a record and what stays in it.
func (c *correction) work(x *sighted, rows arrow.Record, row int) fieldWork {
	w := fieldWork{codes: extract.Codes(rows, row)}
	fields(rows, row, func(i int, f connectors.Field, value string) {
		now := value
		if f.Means(connectors.Generated) {
			return // it follows those that it is computed of
		}
		if fixedField(x.src, rows.Schema().Field(i), x.coll) || !extract.Settable(f) {
			w.fixed = w.fixed || f.Role != "mention" && c.left(value)
			return
		}
		sets := c.toSet(x, f.Name, &w)
		if len(sets) > 0 {
			cor := c.corrector(x.extent)
			cor.Codes = w.codes
			cor.Settings = c.settings(c.sets, func(i int) bool { return slices.Contains(sets, i) })
			if text, v := cor.Rewrite(f, value); v == connectors.Set {
				now = text
				for _, set := range sets {
					w.set = append(w.set, planField{f.Name, set})
				}
			}
		}
		if x.extent == extract.Partial {
			cor := c.corrector(extract.Whole)
			cor.Codes = w.codes
			if _, v := cor.Rewrite(f, now); v == connectors.Set {
				w.shared = true
				return
			}
		}
		if c.left(now) {
			w.text = append(w.text, f.Name)
		}
	})
	if w.fixed && x.src.Connector == "whatsapp" && x.coll.Name == "chats" {
		// who writes in the chat says its file's name: an author with another number is the other side
		w.set = slices.DeleteFunc(w.set, func(p planField) bool { return p.Name == "author" && c.sets[p.Set].Kind != "" })
	}
	return w
}

// toSet lists the settings that replace a value of the field.
func (c *correction) toSet(x *sighted, field string, w *fieldWork) []int {
	var out []int
	for _, v := range x.values {
		if v.field != field || v.fixed || v.is {
			continue
		}
		replaced := slices.Contains(c.sets[v.set].From, v.token)
		switch {
		case replaced && c.agreesByName(x, v):
			if !slices.Contains(out, v.set) {
				out = append(out, v.set)
			}
		case isName(c.sets[v.set].Category):
			w.names = true
		}
	}
	return out
}

// left reports whether an old value stands in a text.
func (c *correction) left(text string) bool {
	cor := c.corrector(extract.Whole)
	for i := range c.sets {
		if cor.Left(i, text) {
			return true
		}
	}
	return false
}
