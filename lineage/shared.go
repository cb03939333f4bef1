package lineage

// Records that share their edges (see lastRow) get the same answers to all that is asked
// of edges: in a row of them only the first is asked.

// sameEdges reports whether two records share their edges, as those of a person who has
// many mostly do. Equal edges that are not shared are not noticed.
func sameEdges(a, b []Edge) bool {
	return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
}

// sameNames is sameEdges of names; records without any have the same.
func sameNames(a, b []Name) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// once answers a question about a record's edges, for records in a row that share them
// once.
func once(ask func(*Found) bool) func(*Found) bool {
	var last []Edge
	var answer bool
	return func(f *Found) bool {
		if !sameEdges(last, f.Record.Edges) {
			last, answer = f.Record.Edges, ask(f)
		}
		return answer
	}
}

// joining is joinsAs for many records.
func joining(t Token) func(*Found) bool {
	return once(func(f *Found) bool { return joinsAs(f, t) })
}
