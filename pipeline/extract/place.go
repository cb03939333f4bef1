package extract

import (
	"slices"
	"strings"
)

// Place is where the objects of a source stand. A reference to one may be its key as the
// source knows it, or hold what stands before that: the bucket and the prefix, the path of
// a folder, or the address at which a store hands it out.
type Place struct {
	Bucket string   // "" for a folder
	Prefix string   // before every key: "calls/"; of a folder its path without the first slash
	Others []string // the buckets of other sources: what is said to be there is not here
}

// keys returns the keys that a reference may mean, as the source knows them; none when it
// leads elsewhere. A reference that begins like the prefix may have it in front or not:
// what is no object's key joins nothing.
func (p *Place) keys(raw string) []string {
	s := strings.TrimSpace(raw)
	if arn, ok := strings.CutPrefix(s, "arn:aws:s3:::"); ok {
		s = "s3://" + arn
	}
	scheme, rest, url := strings.Cut(s, "://")
	if !url {
		return p.bare(strings.TrimPrefix(strings.TrimPrefix(s, "./"), "/"))
	}
	host, path, _ := strings.Cut(rest, "/")
	switch strings.ToLower(scheme) {
	case "s3", "s3a", "s3n": // some programs write keys there as they are, some escape them
		path, _, _ = strings.Cut(path, "?versionId=")
		return p.in(host, path, unescapePercent(path))
	case "http", "https":
		if i := strings.IndexAny(path, "?#"); i >= 0 {
			path = path[:i]
		}
		return p.served(host, unescapePercent(path))
	}
	return p.bare(unescapePercent(path))
}

// bare reads a reference that is a path: below the source, in the bucket, or with the
// bucket in front.
func (p *Place) bare(path string) []string {
	out := []string{path}
	if p.Prefix != "" {
		out = append(out, p.inside(path)...)
	}
	if rest, ok := strings.CutPrefix(path, p.Bucket+"/"); ok && p.Bucket != "" {
		out = append(out, p.inside(rest)...)
	}
	return out
}

// inside returns the key below the prefix of one in the bucket.
func (p *Place) inside(path string) []string {
	if key, ok := strings.CutPrefix(path, p.Prefix); ok && key != "" {
		return []string{key}
	}
	return nil
}

// in reads paths in a bucket. One that no source has may be where the objects stood before.
func (p *Place) in(bucket string, paths ...string) []string {
	var out []string
	for _, path := range slices.Compact(paths) {
		switch {
		case bucket == p.Bucket:
			out = append(out, p.inside(path)...)
		case !slices.Contains(p.Others, bucket):
			out = append(append(out, path), p.inside(path)...)
		}
	}
	return out
}

// served reads the path of an address: the bucket is in the name of the host, or the first
// of the folders, or not there at all.
func (p *Place) served(host, path string) []string {
	bucket := ""
	for _, b := range append([]string{p.Bucket}, p.Others...) {
		if b != "" && len(b) > len(bucket) && (host == b || strings.HasPrefix(host, b+".")) {
			bucket = b
		}
	}
	if bucket != "" {
		return p.in(bucket, path)
	}
	return p.bare(path)
}
