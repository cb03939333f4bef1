package policy

import (
	"strconv"
	"strings"
	"time"

	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// slas reads the clocks of requests: a period, or several by what they run to.
func (l *loader) slas(n *yamltree.Node) {
	if n == nil {
		return
	}
	for _, e := range n.Entries {
		in := "sla." + e.Key
		if e.Value.Kind == yamltree.String {
			l.p.SLA[e.Key] = SLA{Target: l.period(e.Value, in)}
			continue
		}
		m := l.r.Map(e.Value, in)
		if m == nil {
			continue
		}
		l.r.Known(m, in, "target", "outer", "stop", "erase")
		s := l.p.SLA[e.Key]
		for _, x := range []struct {
			key string
			to  *Period
		}{{"target", &s.Target}, {"outer", &s.Outer}, {"stop", &s.Stop}, {"erase", &s.Erase}} {
			if v := m.Get(x.key); v != nil {
				*x.to = l.period(v, in+"."+x.key)
			}
		}
		l.p.SLA[e.Key] = s
	}
}

func (l *loader) notice(name string, n *yamltree.Node) {
	in := "notices." + name
	l.r.Known(n, in, "lead", "statutory", "on_failure")
	out := Notice{
		Statutory: l.r.Bool(n.Get("statutory"), in+".statutory"),
		OnFailure: l.r.OneOf(n.Get("on_failure"), in+".on_failure", "proceed_and_log", "stop"),
	}
	if v := n.Get("lead"); v != nil {
		s := l.r.Word(v, in+".lead")
		h, ok := strings.CutSuffix(strings.TrimPrefix(s, "PT"), "H")
		hours, err := strconv.Atoi(h)
		if !ok || err != nil || !strings.HasPrefix(s, "PT") || hours < 0 || hours > 24*365 {
			l.r.Errorf(v.Pos, "", "%s.lead must be a number of hours, written PT48H", in)
		}
		out.Lead = time.Duration(hours) * time.Hour
	}
	l.p.Notices[name] = out
}

func (l *loader) profile(name string, n *yamltree.Node) {
	in := "profiles." + name
	l.r.Known(n, in, "enabled", "due")
	l.p.Profiles[name] = Profile{Enabled: l.r.Bool(n.Get("enabled"), in+".enabled"), Due: l.r.Word(n.Get("due"), in+".due")}
}

func (l *loader) guards(n *yamltree.Node) {
	if n == nil {
		return
	}
	l.r.Known(n, "guards", "max_delete_fraction_per_account", "free_deletes_per_account", "require_plan_hash", "require_approval", "undated")
	g := &l.p.Guards
	if v := n.Get("max_delete_fraction_per_account"); v != nil {
		f, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || !(f >= 0 && f <= 1) || v.Kind != yamltree.Float && v.Kind != yamltree.Int {
			l.r.Errorf(v.Pos, "", "guards.max_delete_fraction_per_account must be a number from 0 to 1")
		} else {
			g.MaxDeleteFraction = f
		}
	}
	if v := n.Get("free_deletes_per_account"); v != nil {
		i, err := strconv.Atoi(v.Text)
		if err != nil || i < 0 || v.Kind != yamltree.Int {
			l.r.Errorf(v.Pos, "", "guards.free_deletes_per_account must be a whole number, 0 or more")
		} else {
			g.FreeDeletes = i
		}
	}
	if v := n.Get("require_plan_hash"); v != nil {
		g.RequirePlanHash = l.r.Bool(v, "guards.require_plan_hash")
	}
	if v := n.Get("require_approval"); v != nil {
		g.RequireApproval = l.r.Bool(v, "guards.require_approval")
	}
	if v := n.Get("undated"); v != nil {
		g.Undated = l.r.OneOf(v, "guards.undated", "report_only")
	}
}

// backups reads what is known of backups.
func (l *loader) backups(n *yamltree.Node) {
	if n == nil {
		return
	}
	l.r.Known(n, "backups", "horizon")
	if v := n.Get("horizon"); v != nil {
		l.p.Backups.Horizon = l.period(v, "backups.horizon")
	}
}
