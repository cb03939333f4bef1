package recordings

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/connectortest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

// stored is a source over a store of the scheme that holds the files.
func stored(t *testing.T, scheme string, files map[string]string) *source {
	t.Helper()
	dir := folder(t, files)
	store, err := blob.Open(context.Background(), connectortest.Stored(t, scheme, dir))
	if err != nil {
		t.Fatal(err)
	}
	s := newSource(store, connectors.Config{Name: "recordings", Account: connectors.AccountRule{Segment: 1}}, memory.DefaultAllocator)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestEraseBulk deletes whole objects together and nothing of what has to stay: a
// sidecar that keeps an entry, one that is redacted, an edit that wants its record
// checked, an object of another version. A folder leaves all of it to Erase.
func TestEraseBulk(t *testing.T) {
	const plain = "A1/call recording without a date.mp3"
	files := map[string]string{samsung: "a", audioOf: "b", sideOf: one, meeting: three, plain: "c", "A1/20230101_100000_checked.mp3": "d", "A1/20230101_100000_stale.mp3": "e"}
	for _, scheme := range connectortest.Stores {
		t.Run(scheme, func(t *testing.T) {
			s := stored(t, scheme, files)
			us := units(t, s)
			stale := us["A1/20230101_100000_stale.mp3"]
			stale.Fingerprint = "another"
			checked := del(callsName, "object")
			checked.Check = func(map[string]string) error { return nil }
			redacted := del(sidecarsName, "/calls/0")
			redacted.Action, redacted.Rewrite = connectors.Redact, func(connectors.Field, string) (string, connectors.Verdict) { return "", connectors.Empty }
			work := []connectors.UnitEdits{
				{Unit: us[samsung], Edits: []connectors.Edit{del(callsName, "object")}},
				{Unit: us[sideOf], Edits: []connectors.Edit{del(sidecarsName, "/calls/0")}},
				{Unit: us[plain], Edits: []connectors.Edit{del(callsName, "object")}},
				{Unit: us[meeting], Edits: []connectors.Edit{del(sidecarsName, "/calls/0")}},
				{Unit: us[meeting], Edits: []connectors.Edit{redacted}},
				{Unit: us["A1/20230101_100000_checked.mp3"], Edits: []connectors.Edit{checked}},
				{Unit: stale, Edits: []connectors.Edit{del(callsName, "object")}},
				{Unit: us[audioOf], Edits: []connectors.Edit{del(callsName, "nowhere")}},
			}
			done, err := s.EraseBulk(context.Background(), work)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]bool, len(work))
			left := slices.Sorted(maps.Keys(files))
			if scheme == "s3" {
				want[0], want[1], want[2] = true, true, true
				left = slices.DeleteFunc(left, func(k string) bool { return k == samsung || k == sideOf || k == plain })
			}
			if d := cmp.Diff(want, done); d != "" {
				t.Errorf("done (-want +got)\n%s", d)
			}
			if d := cmp.Diff(left, slices.Sorted(maps.Keys(units(t, s)))); d != "" {
				t.Errorf("left (-want +got)\n%s", d)
			}
		})
	}
}
