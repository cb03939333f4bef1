package world

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkWorld builds, snapshots and compares a world of 2,000 people.
func BenchmarkWorld(b *testing.B) {
	ctx, root := context.Background(), b.TempDir()
	for i := 0; b.Loop(); i++ {
		dir := filepath.Join(root, strconv.Itoa(i))
		tr, err := Build(ctx, dir, Options{Seed: 1, Now: testNow})
		if err != nil {
			b.Fatal(err)
		}
		before, err := tr.Snapshot(ctx, dir, SnapOptions{Watch: cast})
		if err != nil {
			b.Fatal(err)
		}
		after, err := tr.Snapshot(ctx, dir, SnapOptions{Watch: cast, Base: before})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := tr.CompareAfter(ctx, before, after, cast, true); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(before.Records), "records")
	}
}
