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
// leads elsewhere. A reference that begins like the prefix may have it in front or not, and
// may be escaped or not: what is no object's key joins nothing.
func (p *Place) keys(raw string) []string {
	s := strings.TrimSpace(raw)
	if arn, ok := strings.CutPrefix(s, "arn:aws:s3:::"); ok {
		s = "s3://" + arn
	}
	scheme, rest, url := strings.Cut(s, "://")
	if !url {
		return p.each(spellings(strings.TrimPrefix(strings.TrimPrefix(s, "./"), "/")), p.bare)
	}
	host, path, _ := strings.Cut(rest, "/")
	switch strings.ToLower(scheme) {
	case "s3", "s3a", "s3n": // some programs write keys there as they are, some escape them
		path, _, _ = strings.Cut(path, "?versionId=")
		return p.each(spellings(path), func(path string) []string { return p.in(host, path) })
	case "http", "https":
		if i := strings.IndexAny(path, "?#"); i >= 0 {
			path = path[:i]
		}
		return p.each(unescaped(path), func(path string) []string { return p.served(host, path) })
	}
	return p.bare(unescapePercent(path))
}

// each collects what fn makes of the spellings of a path.
func (p *Place) each(paths []string, fn func(string) []string) (out []string) {
	for _, path := range paths {
		for _, key := range fn(path) {
			if !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// spellings are a path as it stands, and what it is when it was escaped.
func spellings(path string) []string { return append([]string{path}, unescaped(path)...) }

// unescaped undoes the escapes of a path. A plus sign stands for itself in most addresses,
// and for a space in those that a store's console shows and in its notices of events.
func unescaped(path string) []string {
	out := []string{unescapePercent(path)}
	if strings.Contains(path, "+") {
		out = append(out, unescapePercent(strings.ReplaceAll(path, "+", " ")))
	}
	return out
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

// in reads a path in a bucket. One that no source has may be where the objects stood before.
func (p *Place) in(bucket, path string) []string {
	switch {
	case bucket == p.Bucket:
		return p.inside(path)
	case !slices.Contains(p.Others, bucket):
		return append([]string{path}, p.inside(path)...)
	}
	return nil
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
