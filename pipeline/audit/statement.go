package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// spoken is how a date is written in a statement.
const spoken = "2 January 2006"

// state fills in the level and the statement of a complete erasure. There are
// two wordings and no other: "erased from live systems on X", and, only when a
// horizon of backups and leftovers is known, "no longer recoverable from Y".
func (c *Certificate) state() {
	var erased, redacted, found int
	for _, s := range c.Scope {
		found, erased, redacted = found+s.Found, erased+s.Erased, redacted+s.Redacted
	}
	done := c.FinishedAt.In(IST)
	var b strings.Builder
	switch {
	case c.Kind == KindCorrection:
		fmt.Fprintf(&b, "The personal data in scope was corrected in live systems on %s: %s given the new values.", done.Format(spoken), records(redacted))
	case found == 0:
		fmt.Fprintf(&b, "Nothing in scope was found in live systems on %s.", done.Format(spoken))
	case erased+redacted == 0:
		fmt.Fprintf(&b, "Nothing was erased from live systems on %s: all that was found is kept, for the reasons listed.", done.Format(spoken))
	default:
		fmt.Fprintf(&b, "The personal data in scope was erased from live systems on %s: %s deleted, %s emptied of it.",
			done.Format(spoken), records(erased), records(redacted))
	}
	c.Level = levelLive
	if c.Kind == KindCorrection {
		c.Level = levelCorrected
	}
	if clear, ok := c.clearBy(); ok && erased+redacted > 0 && c.Kind != KindCorrection {
		from := clear
		if from.Before(done) {
			from = done
			c.Level = levelUnrecoverable
		}
		fmt.Fprintf(&b, " It is no longer recoverable from %s.", from.Format(spoken))
	} else if erased+redacted > 0 && c.Backups.ClearBy == "" {
		b.WriteString(" This certificate does not speak of backups.")
	}
	if n := len(c.Leftovers); n > 0 && erased+redacted > 0 {
		b.WriteString(" Deletion leaves behind what the leftovers list.")
	}
	if n := c.standing(); n > 0 {
		fmt.Fprintf(&b, " Columns that cannot be emptied say the same for everybody in %s that stay; the stand-ins list them.", records(n))
	}
	c.stateKept(&b)
	for _, source := range slices.Sorted(maps.Keys(c.Unread)) {
		places := fmt.Sprintf("%d places", c.Unread[source])
		if c.Unread[source] == 1 {
			places = "1 place"
		}
		fmt.Fprintf(&b, " Not spoken of: %s of source %s that could not be read.", places, source)
	}
	if c.Simulated {
		b.WriteString(" This was done in a test world, under a simulated clock.")
	}
	c.Statement = b.String()
}

// stateKept adds what is kept, and why.
func (c *Certificate) stateKept(b *strings.Builder) {
	for _, r := range c.Residuals {
		fmt.Fprintf(b, " Kept: %s of class %s, reason %s", records(r.Count), r.Class, r.Reason)
		if r.Citation != "" {
			fmt.Fprintf(b, " (%s)", r.Citation)
		}
		if on, err := time.Parse(time.DateOnly, r.ReleaseOn); err == nil {
			fmt.Fprintf(b, ", to be released on %s", on.Format(spoken))
		} else if r.Reason == "hold" {
			b.WriteString(", until the hold is released")
		}
		b.WriteByte('.')
	}
}

// standing counts the records in which something stands for what could not be emptied.
func (c *Certificate) standing() int {
	most := map[[2]string]int{} // the columns of a collection stand in the same records
	for _, x := range c.StandIns {
		at := [2]string{x.Store, x.Collection}
		most[at] = max(most[at], x.Records)
	}
	n := 0
	for _, m := range most {
		n += m
	}
	return n
}

// clearBy is the date from which nobody can recover what was erased: neither from a
// backup nor from what the stores keep beside their records. There is none while the
// end of one of them is not known.
func (c *Certificate) clearBy() (time.Time, bool) {
	clear, err := time.ParseInLocation(time.DateOnly, c.Backups.ClearBy, IST)
	if err != nil {
		return time.Time{}, false
	}
	for _, l := range c.Leftovers {
		until, err := time.ParseInLocation(time.DateOnly, l.Until, IST)
		if err != nil {
			return time.Time{}, false
		}
		if next := until.AddDate(0, 0, 1); next.After(clear) {
			clear = next
		}
	}
	return clear, true
}

func records(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
