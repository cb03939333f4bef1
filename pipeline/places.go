package pipeline

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/extract"
)

// places tells of the keys of every object source where the objects stand, so that a
// reference with the bucket or the folder in it is understood.
func places(sources []*Source) map[string]extract.Place {
	out := map[string]extract.Place{}
	for _, src := range sources {
		p, ok := placeOf(src)
		if !ok {
			continue
		}
		for _, other := range sources {
			if o, ok := placeOf(other); ok && o.Bucket != "" && o.Bucket != p.Bucket {
				p.Others = append(p.Others, o.Bucket)
			}
		}
		slices.Sort(p.Others)
		p.Others = slices.Compact(p.Others)
		for _, coll := range src.Dataset.Collections {
			out[src.Name+"."+coll.Name+".key"] = p
		}
	}
	return out
}

// placeOf reads the url of an object source.
func placeOf(src *Source) (p extract.Place, ok bool) {
	if database(src.Connector) {
		return p, false
	}
	if rest, s3 := strings.CutPrefix(src.URL, "s3://"); s3 {
		p.Bucket, p.Prefix, _ = strings.Cut(rest, "/")
	} else {
		path := strings.TrimPrefix(strings.TrimPrefix(src.URL, "file:"), "//")
		p.Prefix = strings.TrimPrefix(path, "/")
	}
	if p.Prefix != "" && !strings.HasSuffix(p.Prefix, "/") {
		p.Prefix += "/"
	}
	return p, true
}

// placeMeaning stands for the places that records of a source may refer to: elsewhere, the
// same reference means another object.
func (s *Site) placeMeaning(src *Source) string {
	var all []string
	for _, coll := range src.Dataset.Collections {
		for _, f := range connectors.Columns(src.Name, coll) {
			links := slices.Clone(f.Links)
			for _, in := range f.Inner {
				links = append(links, in.Links...)
			}
			for _, l := range links {
				if p, ok := s.extractor.Places[cmp.Or(s.kinds.alias[l], l)]; ok {
					all = append(all, fmt.Sprintf("%s %q", l, p))
				}
			}
		}
	}
	if len(all) == 0 || s.Graph == nil {
		return ""
	}
	slices.Sort(all)
	t := s.Graph.Token("referred place", strings.Join(slices.Compact(all), "\n"))
	return " place " + hex.EncodeToString(t[:])
}
