package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// downloads is how many objects are fetched at the same time.
const downloads = 8

// leftover is what a bucket holds beside the current version of an object.
type leftover struct {
	id   unitID
	what string
	hits []int32 // traces of watched people in its name and its content
}

// The kinds of leftovers.
const (
	leftVersion = "an old version"
	leftMarker  = "a delete marker"
	leftUpload  = "an unfinished upload"
)

// unitOf returns the unit of a key; a key outside of the folders is the bucket's.
func unitOf(key string) unitID {
	for _, f := range folders {
		if unit, ok := strings.CutPrefix(key, f.path+"/"); ok {
			return unitID{f.source, unit}
		}
	}
	return unitID{"bucket", key}
}

// readBucket hands on every record of every object and every object's name, as
// readFolders does, and notes in s the versions and whatever else the bucket holds.
// The objects pass through a temporary folder.
func (p place) readBucket(ctx context.Context, s *Snap, see func(record)) (err error) {
	dir, err := os.MkdirTemp("", "sutra-judge-")
	if err != nil {
		return fmt.Errorf("mirror the bucket: %w", err)
	}
	defer func() { err = closing(err, func() error { return os.RemoveAll(dir) }) }()
	now, old := filepath.Join(dir, "now"), filepath.Join(dir, "old")
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(now, filepath.FromSlash(f.path)), 0o700); err != nil {
			return fmt.Errorf("mirror the bucket: %w", err)
		}
	}
	if err := p.mirror(ctx, s, now, old); err != nil {
		return fmt.Errorf("mirror the bucket: %w", err)
	}
	if err := readFolders(ctx, now, see); err != nil {
		return err
	}
	for i := range s.old {
		if err := s.readOld(&s.old[i], filepath.Join(old, strconv.Itoa(i))); err != nil {
			return fmt.Errorf("read an old version in source %s: %w", s.old[i].id.source, err)
		}
	}
	return p.uploads(ctx, s)
}

// mirror fetches every version: the current ones into the folder now under their
// keys, the others into the folder old under their number in s.old.
func (p place) mirror(ctx context.Context, s *Snap, now, old string) (err error) {
	s.current = map[unitID]string{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(downloads)
	defer func() { err = errors.Join(err, g.Wait()) }()
	for v, err := range p.buckets.All(ctx, p.bucket) {
		if err != nil {
			return err
		}
		id, to := unitOf(v.Key), filepath.Join(now, filepath.FromSlash(v.Key))
		switch {
		case v.Marker:
			s.old = append(s.old, leftover{id: id, what: leftMarker})
			continue
		case v.Latest:
			s.current[id] = v.ID
		default:
			to = filepath.Join(old, strconv.Itoa(len(s.old)))
			s.old = append(s.old, leftover{id: id, what: leftVersion})
		}
		g.Go(func() error { return p.fetch(ctx, v, to) })
	}
	return nil
}

// fetch writes a version into a file.
func (p place) fetch(ctx context.Context, v server.Version, to string) (err error) {
	out, err := p.buckets.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.bucket, Key: &v.Key, VersionId: &v.ID})
	if err != nil {
		return fmt.Errorf("read an object: %w", err)
	}
	defer func() { err = closing(err, out.Body.Close) }()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, out.Body)
	return closing(err, f.Close)
}

// readOld looks for traces in a leftover's name and, where it is a version, in its
// decoded content.
func (s *Snap) readOld(o *leftover, file string) error {
	o.hits = s.find.search(o.id.unit)
	if o.what != leftVersion {
		return nil
	}
	err := readObject(file, path.Base(o.id.unit), func(_ string, _, texts []string, _ func() any) {
		o.hits = append(o.hits, s.find.search(texts...)...)
	})
	slices.Sort(o.hits)
	o.hits = slices.Compact(o.hits)
	return err
}

// uploads notes the uploads that were begun and not ended: their parts are bytes
// too.
func (p place) uploads(ctx context.Context, s *Snap) error {
	pages := s3.NewListMultipartUploadsPaginator(p.buckets, &s3.ListMultipartUploadsInput{Bucket: &p.bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the uploads: %w", err)
		}
		for _, u := range page.Uploads {
			s.old = append(s.old, leftover{id: unitOf(*u.Key), what: leftUpload, hits: s.find.search(*u.Key)})
		}
	}
	return nil
}

// versions judges what a bucket holds beside its current objects, and that the
// objects in which nobody had to go are the very versions that they were.
func (c *comparison) versions() {
	for id, v := range c.before.current {
		if now := c.after.current[id]; now != v && !c.touched[id] {
			c.damaged(id, "", "an object with nobody to erase in it is another version or gone")
		}
	}
	for id := range c.after.current {
		if _, known := c.before.current[id]; !known {
			c.damaged(id, "", "a new object in the bucket")
		}
	}
	for _, o := range c.after.old {
		c.leftover(o)
	}
}

// leftover judges one leftover. It is residue with a trace of an erased person in
// it, and without one where it belongs to an object that held her.
func (c *comparison) leftover(o leftover) {
	told := false
	for _, h := range o.hits {
		if t := &c.after.find.traces[h]; t.within(c.erased) {
			told = true
			c.out.Missed = append(c.out.Missed, Finding{t.owners[0], o.id.source, o.id.unit, o.what, t.kind})
		}
	}
	switch {
	case told:
	case c.touched[o.id]:
		c.out.Missed = append(c.out.Missed, Finding{"", o.id.source, o.id.unit, o.what, "left of an object that held what had to go"})
	default:
		c.damaged(o.id, o.what, "left of an object with nobody to erase in it")
	}
}

// Leftovers returns how many old versions, delete markers and unfinished uploads a
// world's bucket holds.
func (s *Snap) Leftovers() int { return len(s.old) }

// Objects returns how many objects a world's bucket holds; 0 when it has none.
func (s *Snap) Objects() int { return len(s.current) }
