package lineage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// killedEnv makes the test binary load a world in the folder that it names.
const killedEnv = "LINEAGE_TEST_LOAD"

// loadForKill loads what is missing of the world, with a flush every few units.
func loadForKill(dir string) error {
	g, err := Create(dir, testKey, inBulk)
	if err != nil {
		return err
	}
	w, err := g.Begin()
	if err != nil {
		return err
	}
	for i := range 60 {
		if st, err := g.Unit("s", unitKey(i)); err != nil || st != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := writeUnit(w, i, 1); err != nil {
			return err
		}
		if i%6 == 5 {
			if err := w.Flush(context.Background()); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.Close(context.Background()), g.Compact(context.Background()), g.Close())
}

// TestKilledLoad kills a process that loads and compacts, again and again at other
// moments, until it gets through, and compares with an undisturbed load.
func TestKilledLoad(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, whole)
	loadUnits(t, whole, 0, 60, 1)
	dir := filepath.Join(t.TempDir(), "state")
	kills := 0
	for wait := 20 * time.Millisecond; ; wait += 17 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		c := exec.CommandContext(ctx, exe, "-test.run=^$") // killed when the time is over
		c.Env = append(os.Environ(), killedEnv+"="+dir)
		out, err := c.CombinedOutput()
		over := ctx.Err() != nil
		cancel()
		if err == nil {
			break
		}
		if !over {
			t.Fatalf("the load failed: %v\n%s", err, out)
		}
		kills++
		if kills > 300 {
			t.Fatal("it never gets through")
		}
		if kills%4 == 0 && Exists(dir) { // what was flushed answers
			g := openWith(t, dir, inBulk)
			units, _ := contents(t, g)
			for key, rows := range units {
				if len(rows) == 0 {
					t.Errorf("%s is empty", key)
				}
			}
			closeGraph(t, g)
		}
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
	g := openWith(t, dir, inBulk)
	defer closeGraph(t, g)
	sameContents(t, fmt.Sprintf("after %d kills", kills), whole, g)
}
