package policy

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// Load reads a policy file; "" gives [Default]. What the file does not say stands
// as built in, down to the single key of a rule, so that leaving a line out never
// lets data live on or go early; `period: never` switches a class off and
// `mode: off` a floor. The error lists every mistake with its line.
func Load(path string) (Policy, error) {
	if path == "" {
		return Default(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, fmt.Errorf("reading the policy: %w", err)
	}
	return Parse(path, data)
}

// Parse reads the text of a policy file; file is its name in messages.
func Parse(file string, data []byte) (Policy, error) {
	l := loader{r: &yamltree.Report{File: file}, p: Default()}
	root := yamltree.Parse(l.r, data)
	if root != nil && root.Kind != yamltree.Null {
		if root = l.r.Map(root, "the policy"); root != nil {
			l.root(root)
		}
	}
	if err := l.r.Err(); err != nil {
		return Policy{}, err
	}
	return l.p, nil
}

type loader struct {
	r *yamltree.Report
	p Policy
}

func (l *loader) root(n *yamltree.Node) {
	l.r.Known(n, "", "policy", "rules", "floors", "notices", "sla", "profiles", "guards", "backups")
	if h := l.r.Map(n.Get("policy"), "policy"); h != nil {
		l.r.Known(h, "policy", "id", "version", "tz", "boundary", "month_end")
		l.p.ID = either(l.r.Text(h.Get("id"), "policy.id"), l.p.ID)
		l.p.Version = either(l.r.Text(h.Get("version"), "policy.version"), l.p.Version)
		l.r.OneOf(h.Get("tz"), "policy.tz", "+05:30")
		l.r.OneOf(h.Get("boundary"), "policy.boundary", "end_of_day")
		l.r.OneOf(h.Get("month_end"), "policy.month_end", "clamp")
	}
	l.each(n.Get("rules"), "rules", l.rule)
	l.each(n.Get("floors"), "floors", l.floor)
	l.each(n.Get("notices"), "notices", l.notice)
	l.slas(l.r.Map(n.Get("sla"), "sla"))
	l.each(n.Get("profiles"), "profiles", l.profile)
	l.guards(l.r.Map(n.Get("guards"), "guards"))
	l.backups(l.r.Map(n.Get("backups"), "backups"))
	l.floorClasses(n.Get("floors"))
	for _, c := range l.p.Classes() {
		if by := l.p.Rules[c].CapBy; by != "" && l.p.Rules[by].Trigger != TriggerTerminated {
			l.r.Errorf(n.Pos, "", "rules.%s: cap_by must name a class that ends with the account, not %q", c, by)
		}
	}
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// floorClasses finds floors for a class that is nearly one with a rule: such a floor would
// keep nothing. The class of a catalog may have a floor without a rule.
func (l *loader) floorClasses(n *yamltree.Node) {
	classes := l.p.Classes()
	for _, f := range l.p.Floors {
		for _, c := range f.Applies {
			if c == "*" || slices.Contains(classes, c) || yamltree.Nearest(c, classes) == "" {
				continue
			}
			pos := n.Pos
			if at := n.Get(f.ID); at != nil {
				pos = at.Pos
			}
			l.r.Errorf(pos, yamltree.Suggest(c, classes), "floors.%s applies to class %q, which has no rule", f.ID, c)
		}
	}
}

// each calls f for every entry that is a mapping.
func (l *loader) each(n *yamltree.Node, what string, f func(name string, n *yamltree.Node)) {
	if n = l.r.Map(n, what); n == nil {
		return
	}
	for _, e := range n.Entries {
		if v := l.r.Map(e.Value, what+"."+e.Key); v != nil {
			f(e.Key, v)
		}
	}
}

func (l *loader) rule(class string, n *yamltree.Node) {
	in := "rules." + class
	l.r.Known(n, in, "trigger", "when", "anchor", "period", "override", "cap_by", "cancel_on", "group", "group_rule", "keep_fields")
	r, builtin := l.p.Rules[class]
	r.Class = class
	r.Trigger = either(l.r.Word(n.Get("trigger"), in+".trigger"), r.Trigger)
	r.When = either(l.r.Word(n.Get("when"), in+".when"), r.When)
	r.Anchor = either(l.r.OneOf(n.Get("anchor"), in+".anchor", AnchorFY, "document_date"), r.Anchor)
	r.CapBy = either(l.r.Word(n.Get("cap_by"), in+".cap_by"), r.CapBy)
	r.Group = either(l.r.Word(n.Get("group"), in+".group"), r.Group)
	r.GroupBy = either(l.r.OneOf(n.Get("group_rule"), in+".group_rule", "max"), r.GroupBy)
	r.Keep = either(l.r.Word(n.Get("keep_fields"), in+".keep_fields"), r.Keep)
	if c := n.Get("cancel_on"); c != nil {
		r.CancelOn = l.r.Words(c, in+".cancel_on")
	}
	if p := n.Get("period"); p != nil && p.Text == "never" {
		r.Never = true
	} else if p != nil {
		r.Period = l.period(p, in+".period")
	}
	if !builtin && n.Get("trigger") == nil {
		l.r.Errorf(n.Pos, "", "%s has no trigger", in)
	}
	if !builtin && n.Get("period") == nil {
		l.r.Errorf(n.Pos, "", "%s has no period", in)
	}
	l.override(&r, n.Get("override"), in+".override")
	l.p.Rules[class] = r
}

func (l *loader) override(r *Rule, n *yamltree.Node, in string) {
	if n = l.r.Map(n, in); n == nil {
		return
	}
	l.r.Known(n, in, "by", "key", "min", "max")
	o := Override{Min: 1, Max: 3650}
	if r.Override != nil {
		o = *r.Override
	}
	o.By = either(l.r.Word(n.Get("by"), in+".by"), o.By)
	o.Key = either(l.r.Word(n.Get("key"), in+".key"), o.Key)
	for _, x := range []struct {
		key string
		to  *int
	}{{"min", &o.Min}, {"max", &o.Max}} {
		v := n.Get(x.key)
		if v == nil {
			continue
		}
		p := l.period(v, in+"."+x.key)
		if p.Years != 0 || p.Months != 0 {
			l.r.Errorf(v.Pos, "", "%s.%s must be in days", in, x.key)
		}
		*x.to = p.Days
	}
	if o.Min > o.Max {
		l.r.Errorf(n.Pos, "", "%s: min is more than max", in)
	}
	r.Override = &o
}

// period reads a period of at least one day.
func (l *loader) period(n *yamltree.Node, what string) Period {
	s := l.r.Word(n, what)
	if s == "" {
		return Period{}
	}
	p, err := ParsePeriod(s)
	switch {
	case err != nil:
		l.r.Errorf(n.Pos, "", "%s: %q is %v", what, s, err)
	case p.IsZero():
		l.r.Errorf(n.Pos, "", "%s must be at least a day", what)
	}
	return p
}

var exprRule = regexp.MustCompile(`^(fy_end|event|gstr9_due\(fy\)|last_processing) *\+ *(P[0-9YMWD]+)$`)

func (l *loader) floor(id string, n *yamltree.Node) {
	in := "floors." + id
	l.r.Known(n, in, "applies", "expr", "mode", "modes", "cite", "effective_from", "due_table")
	f := Floor{ID: id, EffectiveFrom: NoDate}
	at := slices.IndexFunc(l.p.Floors, func(x Floor) bool { return x.ID == id })
	if at >= 0 {
		f = l.p.Floors[at]
	}
	if a := n.Get("applies"); a != nil {
		f.Applies = l.r.Words(a, in+".applies")
	}
	if e := n.Get("expr"); e != nil {
		f.Expr = l.r.Word(e, in+".expr")
		m := exprRule.FindStringSubmatch(f.Expr)
		if m == nil {
			l.r.Errorf(e.Pos, "", "%s.expr must be fy_end, event, gstr9_due(fy) or last_processing + PERIOD", in)
		} else if p, err := ParsePeriod(m[2]); err != nil {
			l.r.Errorf(e.Pos, "", "%s.expr: %q is %v", in, m[2], err)
		} else {
			f.base, f.period = m[1], p
		}
	}
	f.Cite = either(l.r.Word(n.Get("cite"), in+".cite"), f.Cite)
	if m := n.Get("modes"); m != nil {
		f.Modes = l.r.Words(m, in+".modes")
	}
	f.Mode = either(l.r.OneOf(n.Get("mode"), in+".mode", append([]string{"enforce", "advisory", "off", "UNDECIDED"}, f.Modes...)...), f.Mode)
	if e := n.Get("effective_from"); e != nil {
		f.EffectiveFrom = l.date(e, in+".effective_from")
	}
	l.dueTable(&f, l.r.Map(n.Get("due_table"), in+".due_table"), in+".due_table")
	switch {
	case len(f.Applies) == 0 || f.Expr == "" || f.Mode == "":
		l.r.Errorf(n.Pos, "", "%s must say applies, expr and mode", in)
	case f.base != "" && !f.computable() && f.Mode != "off" && f.Mode != "advisory" && f.Mode != "UNDECIDED",
		f.Mode != "enforce" && slices.Contains(f.Modes, f.Mode) && f.Mode != "off" && f.Mode != "advisory":
		l.r.Errorf(n.Pos, "use off, advisory or UNDECIDED", "%s: mode %s of %q cannot be carried out", in, f.Mode, f.Expr)
	}
	if at >= 0 {
		l.p.Floors[at] = f
	} else {
		l.p.Floors = append(l.p.Floors, f)
	}
}

func (l *loader) dueTable(f *Floor, n *yamltree.Node, in string) {
	if n == nil {
		return
	}
	l.r.Known(n, in, "default", "overrides")
	if d := n.Get("default"); d != nil {
		f.DueDay = l.r.Word(d, in+".default")
		if _, _, _, ok := ParseDate("2024-" + f.DueDay); !ok || len(f.DueDay) != 5 {
			l.r.Errorf(d.Pos, "", "%s.default must be written MM-DD", in)
		}
	}
	o := l.r.Map(n.Get("overrides"), in+".overrides")
	if o == nil {
		return
	}
	f.DueOverrides = map[string]Date{}
	for _, e := range o.Entries {
		y, err := strconv.Atoi(strings.Split(e.Key, "-")[0])
		if err != nil || e.Key != fyName(y+1) {
			l.r.Errorf(e.Pos, "", "%s.overrides: a financial year is written 2025-26", in)
			continue
		}
		f.DueOverrides[e.Key] = l.date(e.Value, in+".overrides."+e.Key)
	}
}

func (l *loader) date(n *yamltree.Node, what string) Date {
	s := l.r.Text(n, what)
	_, hasTime, d, ok := ParseDate(s)
	if !ok || hasTime || len(s) != 10 {
		l.r.Errorf(n.Pos, "", "%s must be a date, written 2027-05-13", what)
		return NoDate
	}
	return d
}
