package pipeline

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/files"
	"github.com/cratio/sutra/pipeline/config"
)

// TestGapsThatMayGo reads a unit again, although it is the same, when a part of it could
// not be read for a reason outside of it.
func TestGapsThatMayGo(t *testing.T) {
	for _, again := range []bool{false, true} {
		dir := t.TempDir()
		visitWorld(t, dir, 1)
		kinds := map[string]connectors.Kind{"files": files.Kind()}
		c, _, err := config.Load(filepath.Join(dir, "sutra.yaml"), os.LookupEnv, kinds)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), c, kinds, true, func(any) {})
		if err != nil {
			t.Fatal(err)
		}
		src := &holedSource{Source: s.Sources[0].Conn, gaps: []connectors.Gap{{Locator: "row group 1", Reason: "access denied", Again: again}}}
		s.Sources[0].Conn = src
		for run, want := range []struct{ scanned, gaps int }{{3, 3}, {map[bool]int{true: 3}[again], map[bool]int{false: 3}[again]}, {0, map[bool]int{false: 3}[again]}} {
			sum, err := s.Scan(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if sum.Scanned != want.scanned || sum.Gaps != want.gaps {
				t.Errorf("again %v, scan %d: %d units read and %d gaps, want %+v", again, run+1, sum.Scanned, sum.Gaps, want)
			}
			src.gaps = nil // whoever was to mend it did
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// holedSource has gaps in every unit.
type holedSource struct {
	connectors.Source
	gaps []connectors.Gap
}

func (h *holedSource) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		for b, err := range h.Source.Read(ctx, u) {
			if !yield(b, err) {
				return
			}
		}
		if len(h.gaps) > 0 {
			yield(connectors.Batch{Gaps: append([]connectors.Gap(nil), h.gaps...)}, nil)
		}
	}
}
