package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

const (
	// ahead is how many ranges of a listing are fetched before they are wanted, and
	// pages how many pages each of them may hold: together they bound the memory.
	ahead = 8
	pages = 4
	// mostRanges bounds the ranges of one listing: each costs a request more.
	mostRanges = 64
)

// span is a range of keys: from begins it, and it ends with the key to ("" is the
// end of the listing).
type span struct {
	from place
	to   string
}

// walk lists everything under prefix in key order. What fits one page takes one
// request; the rest is cut at folders into ranges that are listed side by side.
func (s *s3Store) walk(ctx context.Context, m listingMode, prefix string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		first, next, more, err := s.page(ctx, m, prefix, place{})
		if err != nil {
			yield(item{}, err)
			return
		}
		for _, it := range first {
			if !yield(it, nil) {
				return
			}
		}
		if !more {
			return
		}
		last := next.key
		if last == "" && len(first) > 0 { // listings of current objects go on by token
			last = first[len(first)-1].key
		}
		cuts, err := s.cuts(ctx, prefix, last)
		if err != nil {
			yield(item{}, err)
			return
		}
		s.ranges(ctx, m, prefix, spans(next, cuts), yield)
	}
}

func spans(from place, cuts []string) []span {
	out := make([]span, 0, len(cuts)+1)
	for _, c := range cuts {
		out = append(out, span{from, c})
		from = place{key: c}
	}
	return append(out, span{from, ""})
}

// ranges lists ranges side by side and yields them one after the other.
func (s *s3Store) ranges(ctx context.Context, m listingMode, prefix string, list []span, yield func(item, error) bool) {
	var g errgroup.Group
	defer g.Wait() // every range reports its error through its channel
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type part struct {
		items []item
		err   error
	}
	chans := make([]chan part, len(list))
	start := func(i int) {
		if i >= len(list) {
			return
		}
		chans[i] = make(chan part, pages)
		g.Go(func() error {
			defer close(chans[i])
			for items, err := range s.pagesOf(ctx, m, prefix, list[i]) {
				select {
				case chans[i] <- part{items, err}:
				case <-ctx.Done():
					return nil
				}
			}
			return nil
		})
	}
	for i := range min(ahead, len(list)) {
		start(i)
	}
	for i := range list {
		for p := range chans[i] {
			if p.err != nil {
				yield(item{}, p.err)
				return
			}
			for _, it := range p.items {
				if !yield(it, nil) {
					return
				}
			}
		}
		if err := ctx.Err(); err != nil {
			yield(item{}, err)
			return
		}
		start(i + ahead)
	}
}

// pagesOf lists one range, page by page.
func (s *s3Store) pagesOf(ctx context.Context, m listingMode, prefix string, r span) iter.Seq2[[]item, error] {
	return func(yield func([]item, error) bool) {
		for from := r.from; ; {
			items, next, more, err := s.page(ctx, m, prefix, from)
			if err != nil {
				yield(nil, err)
				return
			}
			if r.to != "" {
				all := len(items)
				items = slices.DeleteFunc(items, func(it item) bool { return it.key > r.to })
				more = more && len(items) == all
			}
			if !yield(items, nil) || !more {
				return
			}
			from = next
		}
	}
}

// cuts returns folders behind last where a listing of prefix can be cut, in
// order. Without the permission for it there are none, and the listing goes on in
// one piece.
func (s *s3Store) cuts(ctx context.Context, prefix, last string) ([]string, error) {
	level, err := s.folders(ctx, prefix)
	for range 4 { // folders that only hold folders
		if err != nil || len(level) != 1 {
			break
		}
		level, err = s.folders(ctx, level[0])
	}
	if n := len(level); err == nil && n > 1 && n < ahead {
		var deeper []string
		for _, f := range level {
			below, ferr := s.folders(ctx, f)
			if err = ferr; err != nil {
				break
			}
			deeper = append(append(deeper, f), below...)
		}
		level = deeper
	}
	if errors.Is(err, errDenied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	level = slices.DeleteFunc(level, func(f string) bool { return f <= last })
	slices.Sort(level)
	for len(level) > mostRanges {
		half := level[:0]
		for i := 0; i < len(level); i += 2 {
			half = append(half, level[i])
		}
		level = half
	}
	return level, nil
}

// Vacant implements [connectors.Vacancy]. Whatever is below the prefix, or was, tells that it
// is the right one: an empty object in place of a folder, a delete marker.
func (s *s3Store) Vacant(ctx context.Context) (bool, error) {
	m, err := s.mode(ctx)
	if err != nil {
		return false, fmt.Errorf("listing objects: %w", err)
	}
	items, _, more, err := s.page(ctx, m, s.prefix, place{most: 1})
	return len(items) == 0 && !more, err
}

// Place implements [connectors.Vacancy]: a bucket of the same name may be in another store.
func (s *s3Store) Place(ctx context.Context) (string, error) {
	api, err := s.client(ctx)
	if err != nil {
		return "", err
	}
	o := api.Options()
	return strings.TrimSpace("s3://" + s.bucket + "/" + s.prefix + " in " + o.Region + " " + aws.ToString(o.BaseEndpoint)), ctx.Err()
}

// folders returns the first folders directly under prefix.
func (s *s3Store) folders(ctx context.Context, prefix string) ([]string, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	out, err := api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix, Delimiter: aws.String("/"),
		EncodingType: types.EncodingTypeUrl, RequestPayer: payer})
	if err != nil {
		return nil, s3Err("listing folders", listPermission, err)
	}
	plain := decoder(out.EncodingType)
	list := make([]string, 0, len(out.CommonPrefixes))
	for _, p := range out.CommonPrefixes {
		key, kerr := plain(p.Prefix)
		err = errors.Join(err, kerr)
		if key != prefix && strings.HasPrefix(key, prefix) {
			list = append(list, key)
		}
	}
	return list, err
}
