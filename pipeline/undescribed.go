package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cratio/sutra/connectors"
)

// A plan may have left something undone in a table, or an object, that the catalog does not
// describe any more. No scan reads it then, and the graph forgets what stood there: that is
// no sign that it is gone. As long as the table or the object is there, it is told of.

// undescribed are the records that plans left in such places, and the plans.
type undescribed struct {
	site  *Site
	there map[recordPlace]bool // tables and objects that were looked for
	lines []UnerasedLine
	plans map[string]bool
}

func (s *Site) undescribed(ctx context.Context) (*undescribed, error) {
	u := &undescribed{site: s, there: map[recordPlace]bool{}, plans: map[string]bool{}}
	accounts := map[string]string{} // by plan; "" of several
	err := s.Graph.EachDoc(unerasedBucket, func(_ string, doc []byte) error {
		var d unerasedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what was not erased: %w", err)
		}
		for _, w := range d.Who {
			if a, known := accounts[d.Plan]; known && a != w.Account {
				accounts[d.Plan] = ""
			} else {
				accounts[d.Plan] = w.Account
			}
		}
		return u.look(ctx, &d)
	})
	for i := range u.lines {
		u.lines[i].Account = accounts[u.lines[i].Account]
	}
	return u, err
}

// look takes in the records of one document. Until all are read, a line names the plan for
// its account.
func (u *undescribed) look(ctx context.Context, d *unerasedDoc) error {
	i := slices.IndexFunc(u.site.Sources, func(src *Source) bool { return src.Name == d.Source && src.Err == nil })
	if i < 0 || d.Unit == "" {
		return nil // a source that left the configuration keeps what the graph knows of it
	}
	src := u.site.Sources[i]
	reason := d.Reason
	if d.AsOf != 0 {
		reason = "overdue"
	}
	for _, r := range d.Records {
		if _, described := src.Dataset.Collection(r.Collection); described {
			continue
		}
		there, err := u.stands(ctx, src, d.Unit, r.Collection)
		if err != nil {
			return err
		}
		if there {
			u.plans[d.Plan] = true
			u.lines = append(u.lines, UnerasedLine{Type: "unerased", Account: d.Plan, Source: d.Source, Dataset: d.Source + "." + r.Collection,
				Unit: d.Unit, Locator: r.Locator, Reason: reason})
		}
	}
	return nil
}

// stands reports whether a table or an object is there. What cannot be looked for is.
func (u *undescribed) stands(ctx context.Context, src *Source, unit, collection string) (bool, error) {
	at := recordPlace{source: src.Name, unit: unit}
	tables, database := src.Conn.(connectors.Tables)
	if database {
		at = recordPlace{source: src.Name, collection: collection}
	}
	there, known := u.there[at]
	if known {
		return there, nil
	}
	var err error
	if database {
		there, err = tables.HasTable(ctx, collection)
	} else {
		for x, ferr := range connectors.Find(ctx, src.Conn, map[string]bool{unit: true}) {
			there, err = there || x.Key == unit, ferr
			if there || err != nil {
				break
			}
		}
	}
	u.there[at] = there || err != nil
	return u.there[at], ctx.Err()
}
