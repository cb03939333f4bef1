package recordings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// aside are names of sidecars that stand in a folder of their own with the recording.
var aside = map[string]bool{"metadata": true, "meta": true, "info": true, "call": true, "details": true, "data": true, "recording": true}

// aDay is how long the recording of a sidecar is waited for.
const aDay = 24 * time.Hour

// joined gives a sidecar the stem of its recording where that has another name.
func (s *source) joined(ctx context.Context, o blob.Object, d *object) error {
	key, _ := blob.Plain(o.Key)
	stem, err := s.together(ctx, key, o, d)
	if err == nil && stem == "" {
		stem, err = s.pointed(ctx, key, d)
	}
	if err == nil && stem == "" {
		stem, err = s.parallel(ctx, key, o, d)
	}
	if err != nil {
		return fmt.Errorf("look for the recording of a sidecar: %w", err)
	}
	for i := range d.records {
		if stem != "" {
			d.records[i].put("stem", valid(stem))
		}
	}
	return nil
}

// together is the stem of the recording with which a sidecar stands in a folder alone:
// CALL/metadata.json and CALL/audio.wav. With another recording or another sidecar beside
// them nothing tells which is whose, and a recording whose name says whose it is needs none.
func (s *source) together(ctx context.Context, key string, o blob.Object, d *object) (string, error) {
	dir, base := path.Split(key)
	name := strings.ToLower(strings.TrimSuffix(base, path.Ext(base)))
	if dir == "" || !aside[name] && name != strings.ToLower(path.Base(dir)) {
		return "", nil
	}
	stem, n := "", 0
	for x, err := range s.store.List(ctx, dir) {
		if err != nil && x.Key == "" {
			return "", err
		}
		plain, _ := blob.Plain(x.Key)
		if n++; n > searched || kindOf(plain) == sidecarFile && plain != key {
			return "", nil
		}
		if kindOf(plain) != audio {
			continue
		}
		at := stemOf(plain)
		if stem != "" && at != stem || ParseName(plain).says() {
			return "", nil
		}
		stem = at
	}
	if stem == "" && time.Since(o.Modified) < aDay {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "no recording stands in its folder yet: scan again when it is there", Again: true})
	}
	if stem == "" || path.Dir(stem)+"/" != dir {
		return "", nil
	}
	return stem, nil
}

// pointed is the stem of the only recording that a sidecar beside none names: one in its
// folder, or by its key. A recording that has a sidecar of its own, or whose name says whose
// it is, is not taken for another's.
func (s *source) pointed(ctx context.Context, key string, d *object) (string, error) {
	if d.side.root == nil || ParseName(key).says() {
		return "", nil
	}
	names := d.side.recordings()
	if len(names) != 1 {
		return "", nil
	}
	for _, name := range names {
		for _, at := range []string{path.Join(path.Dir(key), path.Base(name)), strings.TrimPrefix(name, "/")} {
			stem := stemOf(at)
			if !fs.ValidPath(at) || strings.ContainsFunc(at, unicode.IsControl) || stem == stemOf(key) || ParseName(at).says() {
				continue
			}
			free, err := s.free(ctx, key, at)
			if err != nil || free {
				return stem, err
			}
		}
	}
	return "", nil
}

// free reports whether a recording is there, without a sidecar of its own name, and the
// sidecar has no recording of its own.
func (s *source) free(ctx context.Context, key, at string) (bool, error) {
	if there, err := s.there(ctx, at); err != nil || !there {
		return false, err
	}
	if there, err := s.there(ctx, stemOf(at)+path.Ext(key)); err != nil || there {
		return false, err
	}
	own, err := s.recorded(ctx, stemOf(key))
	return !own, err
}

func (s *source) there(ctx context.Context, key string) (bool, error) {
	_, err := s.store.Stat(ctx, key)
	if errors.Is(err, connectors.ErrNotFound) || errors.Is(err, syscall.ENAMETOOLONG) {
		return false, nil
	}
	return err == nil, err
}
