package recordings

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// aside are names of sidecars that stand in a folder of their own with the recording.
var aside = map[string]bool{"metadata": true, "meta": true, "info": true, "call": true, "details": true, "data": true, "recording": true}

// aDay is how long the recording of a sidecar is waited for.
const aDay = 24 * time.Hour

// joined gives a sidecar the stem of its recording where that has another name and the two
// stand in a folder alone: CALL/metadata.json and CALL/audio.wav. With another
// recording or another sidecar beside them nothing tells which is whose, and a recording
// whose name says whose it is needs none.
func (s *source) joined(ctx context.Context, o blob.Object, d *object) error {
	key, _ := blob.Plain(o.Key)
	dir, base := path.Split(key)
	name := strings.ToLower(strings.TrimSuffix(base, path.Ext(base)))
	if dir == "" || !aside[name] && name != strings.ToLower(path.Base(dir)) {
		return nil
	}
	stem, n := "", 0
	for x, err := range s.store.List(ctx, dir) {
		if err != nil && x.Key == "" {
			return fmt.Errorf("look for the recording of a sidecar: %w", err)
		}
		plain, _ := blob.Plain(x.Key)
		if n++; n > searched || kindOf(plain) == sidecarFile && plain != key {
			return nil
		}
		if kindOf(plain) != audio {
			continue
		}
		at := stemOf(plain)
		if stem != "" && at != stem || ParseName(plain).says() {
			return nil
		}
		stem = at
	}
	if stem == "" && time.Since(o.Modified) < aDay {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "no recording stands in its folder yet: scan again when it is there", Again: true})
	}
	if stem == "" || path.Dir(stem)+"/" != dir {
		return nil
	}
	for i := range d.records {
		d.records[i].put("stem", valid(stem))
	}
	return nil
}
