package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// What could not be read when somebody was erased may hold records that lead to her by a
// reference alone, and so may what was written after the last scan. When it is read,
// nothing else tells whose they are; so the ids that her erasure took are remembered until
// all was read once more, and there is no such gap any more.

// scansBucket holds how many whole scans there were.
const scansBucket = "scans"

// wholeScans returns how many scans of all sources there were, this one included.
func (s *Site) wholeScans() (n int, err error) {
	doc, err := s.Graph.Doc(scansBucket, scansBucket)
	if err == nil && doc != nil {
		n, err = strconv.Atoi(string(doc))
	}
	if err != nil {
		return 0, fmt.Errorf("read how many scans there were: %w", err)
	}
	return n, nil
}

// scannedWhole notes that all sources were scanned.
func (s *Site) scannedWhole() error {
	n, err := s.wholeScans()
	if err != nil {
		return err
	}
	return s.Graph.PutDoc(scansBucket, scansBucket, []byte(strconv.Itoa(n+1)))
}

// refersTo calls fn with the kinds that records of a collection may refer to. A column that
// tells the collection by a word may name any of its source, besides those that its words are
// said to mean.
func (k kinds) refersTo(src *Source, coll connectors.Collection, fn func(kind string)) {
	for _, f := range connectors.Columns(src.Name, coll) {
		for _, l := range f.Links {
			fn(cmp.Or(k.alias[l], l))
		}
	}
	if len(coll.Refs) == 0 {
		return
	}
	for _, to := range src.Dataset.Collections {
		fn(keyKind(src.Name, to))
	}
	for word, kind := range k.alias {
		if strings.HasPrefix(word, src.Name+".") {
			fn(kind)
		}
	}
}

// unreadTo returns the kinds to which records may refer that are in what could not be read.
func (s *Site) unreadTo() (map[string]bool, error) {
	out := map[string]bool{}
	err := s.eachKnownGap(func(g GapLine) {
		src, err := s.source(g.Source)
		if err != nil {
			return // of no source: a hold that the graph misses
		}
		for _, coll := range src.Dataset.Collections {
			if database(src.Connector) && g.Unit != "" && !strings.HasPrefix(g.Unit, coll.Name+"[") {
				continue
			}
			s.kinds.refersTo(src, coll, func(kind string) { out[kind] = true })
		}
	})
	return out, err
}

// unread reports that records which cannot be read may refer to one of the ids.
func (d *behindDoc) unread(to map[string]bool) bool {
	return slices.ContainsFunc(d.Unread, func(kind string) bool { return to[kind] })
}
