package extract

import "strings"

// Hide takes identifiers out of a name that goes to a log, and leaves enough of
// each to find the object again: a chat export is named after a telephone number.
func Hide(name string) string {
	var b strings.Builder
	at := 0
	for _, s := range Find(name) {
		if s.Start < at {
			continue
		}
		raw := name[s.Start:s.End]
		tail := []rune(raw)
		tail = tail[max(0, len(tail)-3):]
		b.WriteString(name[at:s.Start] + "[" + s.Kind + " ..." + string(tail) + "]")
		at = s.End
	}
	if at == 0 {
		return name
	}
	return b.String() + name[at:]
}
