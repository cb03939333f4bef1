package pipeline

import (
	"slices"

	"github.com/cratio/sutra/pipeline/detect"
)

// A table in between can tie a call, a case or a file to a person, and nothing else does:
// calls_contacts, active_storage_attachments. Where each row of that table ties one of its
// own, what is tied is the person's; where rows share it, it is nobody's alone.

// fileNames are what columns of the names of files are called, and of what kind they are.
var fileNames = []string{"filename", "file name", "original filename", "original file name", "original name", "client name", "mime type", "mimetype"}

// tied lists what a table that leads to a person ties to her, of which nothing was found
// out: its name has to say so and there have to be sentences, or what is tied is a file. A bed,
// or a lorry, is not a person's.
func (x *plot) tied(all map[string]*plot) (out []*plot) {
	if x.role != owned {
		return nil
	}
	for _, l := range x.links {
		to := all[l.to.name]
		if to.role == nobodys && l.leads(x) && !l.field.pk && to.single() != nil && !to.defines() && x.oneEach(l.field) &&
			(to.called(fileNames) != nil || len(to.texts()) > 0 && x.ties(to, all)) {
			out = append(out, to)
		}
	}
	return out
}

// oneEach reports a column in which no value stands twice.
func (x *plot) oneEach(f *field) bool {
	rows, distinct := x.marks.keys[f], map[mark]bool{}
	for _, m := range rows {
		distinct[m] = true
	}
	return len(distinct) >= comparedRows && len(distinct) == len(rows)
}

// ties reports a table that is called after another and after what leads to a person.
func (x *plot) ties(to *plot, all map[string]*plot) bool {
	return x.names(to) && slices.ContainsFunc(x.links, func(l *link) bool {
		o := all[l.to.name]
		return o != to && l.leads(x) && (o.role == people || o.role == owned) && x.names(o)
	})
}

// names reports a table that has all words of the name of another in its own.
func (x *plot) names(o *plot) bool {
	have := detect.Words(x.name)
	return !slices.ContainsFunc(detect.Words(o.name), func(w string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return singular(h) == singular(w) })
	})
}
