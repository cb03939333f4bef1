package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// The sources can be scanned again; whom a hold is on, who was said to be one person and
// who was erased stands in the graph alone. A graph that was lost and made anew, or put
// back from an old backup, does not know what was said since. The log, which lies beside
// it, tells that there is something to miss. Until somebody has said it again, what might
// go against it is refused.

// forgottenBucket holds what the last scan found in the log and not in the graph.
const forgottenBucket = "forgotten"

// forgotten is a hold, or a word on who is one person, of which the log alone knows.
type forgotten struct {
	What string `json:"what"` // holdBucket or linkBucket
	ID   string `json:"id"`
	At   string `json:"at"` // RFC 3339
}

// remind compares the graph with the log before a scan.
func (s *Site) remind() error {
	log, err := s.AuditLog()
	if err != nil {
		return err
	}
	var h history
	err = log.Each(func(e audit.Entry) bool {
		h.add(e)
		return true
	})
	if errors.Is(err, audit.ErrTampered) {
		return s.distrust(err)
	}
	if err != nil {
		return err
	}
	for _, what := range []string{holdBucket, linkBucket} {
		known, err := s.Graph.Docs(what)
		if err != nil {
			return err
		}
		h.said = slices.DeleteFunc(h.said, func(f forgotten) bool { return f.What == what && known[f.ID] != nil })
	}
	empty, err := s.unscanned()
	if err != nil {
		return err
	}
	if err := s.tellOlder(h.carried, empty); err != nil {
		return err
	}
	if empty && h.plans > 0 {
		s.gap("state", "graph", fmt.Sprintf("the graph is new, and plans that erased something were carried out before (%d): who was erased then is not recognised when she comes back, and their certificates cannot be proven again; put the state folder's graph back from a backup", h.plans))
	}
	return s.putForgotten(h.said)
}

// distrust is for a log that was changed: a graph that is new cannot learn from it what
// was held. Otherwise it is a gap like any other.
func (s *Site) distrust(changed error) error {
	empty, err := s.unscanned()
	if err == nil && empty {
		err = fmt.Errorf("the graph is new, and which holds an older one knew cannot be read from the log; to begin without a history, move the state folder away: %w", changed)
	}
	return err
}

// unscanned reports a graph in which there is no unit, and of which nothing was erased.
func (s *Site) unscanned() (bool, error) {
	some := errors.New("there is one")
	err := s.Graph.Units("", func(*lineage.UnitState) error { return some })
	if err == nil {
		err = s.eachProof(func(proof) bool { return true }, func(proof) error { return some })
	}
	if errors.Is(err, some) {
		return false, nil
	}
	return err == nil, err
}

// history is what the log tells of what stands in the graph alone.
type history struct {
	said    []forgotten // in force
	plans   int         // that erased something
	carried []string    // of these the ids, where the log tells them
}

func (h *history) add(e audit.Entry) {
	what, _, _ := strings.Cut(e.Event, ".")
	switch e.Event {
	case "hold.placed", "link.said":
		id, _ := e.Fields[what].(string)
		h.said = append(h.said, forgotten{what, id, e.At})
	case "hold.released", "link.released":
		h.said = slices.DeleteFunc(h.said, func(f forgotten) bool { return f.What == what && f.ID == e.Fields[what] })
	case "plan.applied":
		some := func(field string) bool {
			n, ok := e.Fields[field].(json.Number)
			return ok && n != "0"
		}
		if e.Fields["kind"] != correcting && e.Fields["simulated"] != true && (some("erased") || some("redacted")) {
			h.plans++
			if id, ok := e.Fields["plan"].(string); ok {
				h.carried = append(h.carried, id)
			}
		}
	}
}

// forgotten returns what the last scan found missing.
func (s *Site) forgotten() (list []forgotten, err error) {
	doc, err := s.Graph.Doc(forgottenBucket, forgottenBucket)
	if err == nil && doc != nil {
		err = json.Unmarshal(doc, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read what the graph does not know any more: %w", err)
	}
	return list, nil
}

func (s *Site) putForgotten(list []forgotten) error {
	if len(list) == 0 {
		return s.Graph.DeleteDoc(forgottenBucket, forgottenBucket)
	}
	doc, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("note what the graph does not know any more: %w", err)
	}
	return s.Graph.PutDoc(forgottenBucket, forgottenBucket, doc)
}

// why says what is missed, and what to do.
func (f forgotten) why() string {
	if f.What == holdBucket {
		return fmt.Sprintf("it was placed on %s, as the log says, and the graph, which was made anew since or comes from an older backup, does not know on whom: nothing is erased before it is placed again with `sutra hold add` and this one is ended with `sutra hold release %s`", f.At, f.ID)
	}
	return fmt.Sprintf("it was said on %s, as the log says, and the graph, which was made anew since or comes from an older backup, does not know of whom: nobody's copy is handed out, and nothing is erased, before it is said again with `sutra link` and this one is taken back with `sutra link release %s`", f.At, f.ID)
}

// eachForgotten calls fn with what the log alone knows, as gaps.
func (s *Site) eachForgotten(fn func(GapLine)) error {
	list, err := s.forgotten()
	for _, f := range list {
		fn(GapLine{Source: "state", Unit: f.What + " " + f.ID, Reason: f.why()})
	}
	return err
}

// TellForgotten reports the holds and words of which the log alone knows.
func (s *Site) TellForgotten() error {
	return s.eachForgotten(func(g GapLine) { s.gap(g.Source, g.Unit, g.Reason) })
}

// refuseForgotten refuses what might go against something of which the log alone knows.
func (s *Site) refuseForgotten(what ...string) error {
	list, err := s.forgotten()
	if err != nil {
		return err
	}
	for _, f := range list {
		if slices.Contains(what, f.What) {
			return fmt.Errorf("%w: %s %s: %s", ErrRefused, f.What, f.ID, f.why())
		}
	}
	return nil
}

// endForgotten ends what the log alone knows; false when it is not of that.
func (s *Site) endForgotten(what, id string) (bool, error) {
	list, err := s.forgotten()
	if err != nil {
		return false, err
	}
	left := slices.DeleteFunc(slices.Clone(list), func(f forgotten) bool { return f.What == what && f.ID == id })
	return len(left) < len(list), s.putForgotten(left)
}
