package lineage

import "slices"

// initialShift is where a word's signature holds the keyed hash of its first
// letter.
const initialShift = 24

// Initial reports whether the word is a single letter, whose signature then has
// no word hash.
func initialOnly(w uint32) bool { return w&(1<<initialShift-1) == 0 }

// ForeignScript is the bit of a word's signature that tells a word in another than
// the Latin script, which cannot be compared with a Latin one.
const ForeignScript = 1 << 31

// compatible reports whether two names may be one person's: every word of the
// shorter one agrees with a word of the longer one, each with another. "Asha" and
// "A. Verma" are compatible with "Asha Verma"; "Rohit Verma" is clearly different from
// it. A missing name is compatible with everything.
//
// Words that are equal are paired first, then initials with words of their letter, then
// words of different scripts, which cannot be compared: the K of "Kiran K" must not take
// the Kiran of "Kiran Khan". Of a name with two whole words, an initial is not a third one
// that stands instead of one of them: "Sunil K Sharma" is not "Kavita Sharma".
func compatible(a, b Name) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	whole := b.telling()
	a, b = slices.Clone(a), slices.Clone(b)
	pair := func(agree func(w, v uint32) bool) (n int) {
		a = slices.DeleteFunc(a, func(w uint32) bool {
			i := slices.IndexFunc(b, func(v uint32) bool { return agree(w, v) })
			if i >= 0 {
				b = slices.Delete(b, i, i+1)
				n++
			}
			return i >= 0
		})
		return n
	}
	pair(func(w, v uint32) bool { return w == v })
	pair(func(w, v uint32) bool { return initialOnly(w) && w>>initialShift == v>>initialShift })
	short := pair(func(w, v uint32) bool { return initialOnly(v) && w>>initialShift == v>>initialShift })
	pair(func(w, v uint32) bool { return w&ForeignScript != v&ForeignScript })
	return len(a) == 0 && (short == 0 || whole < 2 || b.telling() == 0)
}

// Agrees reports whether two names may be one person's; see compatible.
func (n Name) Agrees(o Name) bool { return compatible(n, o) }

// sameFullName reports whether two names agree in at least two whole words, and
// are compatible: enough to support a contested identifier, never to join alone.
func sameFullName(a, b Name) bool {
	n := 0
	for _, w := range a {
		if !initialOnly(w) && slices.Contains(b, w) {
			n++
		}
	}
	return n >= 2 && compatible(a, b)
}

// name is what a record calls its person: her own name, else what others call her.
func (s *Sighting) name() Name {
	if n := recordName(s.Names); len(n) > 0 {
		return n
	}
	return recordName(s.Labels)
}

// recordName is the one name that a record's name fields make together: the
// longest, or all words when they are given separately.
func recordName(names []Name) Name {
	switch len(names) {
	case 0:
		return nil
	case 1:
		return names[0]
	}
	var all Name
	for _, n := range names {
		for _, w := range n {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	slices.Sort(all)
	return all
}

// telling counts the words that tell a name from others: neither initials nor of
// another script.
func (n Name) telling() int {
	words := 0
	for _, w := range n {
		if !initialOnly(w) && w&ForeignScript == 0 {
			words++
		}
	}
	return words
}

// addName appends a name, but not once more behind itself: to compare names it is
// enough to have each once.
func addName(list []Name, n Name) []Name {
	if len(n) == 0 || len(list) > 0 && slices.Equal(list[len(list)-1], n) {
		return list
	}
	return append(list, n)
}

// distinct returns the names, each once. It reorders the list.
func distinct(list []Name) []Name {
	slices.SortFunc(list, func(a, b Name) int { return slices.Compare(a, b) })
	return slices.CompactFunc(list, func(a, b Name) bool { return slices.Equal(a, b) })
}

// nameGroups counts the clearly different names. The result depends neither on the order
// of the names nor on that of their hashes, which is another under every key: of names
// that tell as much, each stands for those that tell less, and those count that are
// clearly different from each other.
func nameGroups(names []Name) int {
	rank := func(a, b Name) int {
		if x, y := a.telling(), b.telling(); x != y {
			return y - x // an initial agrees with many names, so it stands for none of them
		}
		return len(b) - len(a)
	}
	sorted := distinct(slices.Clone(names))
	slices.SortStableFunc(sorted, rank)
	var heads []Name
	groups := 0
	for from, to := 0, 0; from < len(sorted); from = to {
		var peers []Name
		for ; to < len(sorted) && rank(sorted[from], sorted[to]) == 0; to++ {
			n := sorted[to]
			if len(n) > 0 && !slices.ContainsFunc(heads, func(h Name) bool { return compatible(n, h) }) {
				peers = append(peers, n)
			}
		}
		heads = append(heads, peers...)
		groups += apartNames(peers)
	}
	return groups
}

// apartNames is how many of different names that tell as much are clearly different from
// each other. Whole names all are. A name with an initial may agree with several that are
// not one: those that agree with the fewest are taken first.
func apartNames(names []Name) int {
	if !slices.ContainsFunc(names, func(n Name) bool { return n.telling() < len(n) }) {
		return len(names)
	}
	type peer struct {
		name  Name
		agree int // with how many of the others
	}
	peers := make([]peer, len(names))
	for i, n := range names {
		peers[i].name = n
		for k := range i {
			if compatible(n, names[k]) {
				peers[i].agree++
				peers[k].agree++
			}
		}
	}
	slices.SortStableFunc(peers, func(a, b peer) int { return a.agree - b.agree })
	var heads []Name
	for _, p := range peers {
		if !slices.ContainsFunc(heads, func(h Name) bool { return compatible(h, p.name) }) {
			heads = append(heads, p.name)
		}
	}
	return len(heads)
}
