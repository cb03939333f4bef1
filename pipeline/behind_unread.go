package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// What could not be read when somebody was erased may hold records that lead to her by a
// reference alone, and so may what was written after the last scan. When it is read,
// nothing else tells whose they are; so the ids that her erasure took are remembered until
// all was read once more, and there is no such gap any more.

// scansBucket holds the number of the last scan of each source.
const scansBucket = "scans"

// scans returns the number of the last scan of each source.
func (s *Site) scans() (map[string]int, error) {
	n := map[string]int{}
	doc, err := s.Graph.Doc(scansBucket, scansBucket)
	if err == nil && doc != nil {
		err = json.Unmarshal(doc, &n)
	}
	if err != nil {
		return nil, fmt.Errorf("read which scans there were: %w", err)
	}
	return n, nil
}

// lastScan returns the numbers of the last scan, and of that since which all sources were
// scanned.
func (s *Site) lastScan() (last, all int, err error) {
	n, err := s.scans()
	if err != nil {
		return 0, 0, err
	}
	for _, k := range n {
		last = max(last, k) // also of a source that left the configuration
	}
	for i, src := range s.Sources {
		if i == 0 || n[src.Name] < all {
			all = n[src.Name]
		}
	}
	return last, all, nil
}

// scanned notes a scan of sources.
func (s *Site) scanned(list []*Source) error {
	n, err := s.scans()
	if err != nil {
		return err
	}
	last, _, err := s.lastScan()
	for _, src := range list {
		n[src.Name] = last + 1
	}
	doc, e := json.Marshal(n)
	if err := cmp.Or(err, e); err != nil {
		return fmt.Errorf("note a scan: %w", err)
	}
	return s.Graph.PutDoc(scansBucket, scansBucket, doc)
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
