package lineage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// killedEnv makes the test binary load a world in the folder that it names.
const killedEnv = "LINEAGE_TEST_LOAD"

// versionEnv tells it which version of the world to load.
const versionEnv = "LINEAGE_TEST_VERSION"

// little makes every change of a graph go by runs into its database.
var little = Options{MemoryBudget: 1 << 16, direct: 1}

// loadForKill loads what is missing of a version of the world, with a flush every few
// units. The second version is loaded over the first, in bulk, and the third over the
// second, a part of it by amending the database.
func loadForKill(dir string) error {
	version, err := strconv.Atoi(os.Getenv(versionEnv))
	if err != nil {
		return err
	}
	o, from := inBulk, 0
	if version == 3 {
		o, from = little, 45
	}
	g, err := Create(dir, testKey, o)
	if err != nil {
		return err
	}
	w, err := g.Begin()
	if err != nil {
		return err
	}
	for i := from; i < 60; i++ {
		st, err := g.Unit("s", unitKey(i))
		if err != nil {
			return err
		}
		if st != nil && st.Unit.Fingerprint == strconv.Itoa(version) {
			continue
		}
		if err := writeUnit(w, i, version); err != nil {
			return err
		}
		if i%6 == 5 {
			if err := w.Flush(context.Background()); err != nil {
				return err
			}
		}
	}
	if err := w.Close(context.Background()); err != nil {
		return errors.Join(err, g.Close())
	}
	if version == 1 {
		err = g.Compact(context.Background())
	}
	return errors.Join(err, g.Close())
}

// TestKilledLoad kills a process that loads and compacts, again and again at other
// moments, until it gets through, and compares with an undisturbed load. Then the same
// with processes that load other versions over it.
func TestKilledLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	for version := 1; version <= 3; version++ {
		whole := openWith(t, t.TempDir(), inBulk)
		if version < 3 {
			loadUnits(t, whole, 0, 60, version)
		} else {
			loadUnits(t, whole, 0, 45, 2)
			loadUnits(t, whole, 45, 60, 3)
		}
		kills := killLoads(t, dir, version)
		g := openWith(t, dir, inBulk)
		sameContents(t, fmt.Sprintf("version %d, after %d kills", version, kills), whole, g)
		closeGraph(t, g)
		closeGraph(t, whole)
	}
}

// killLoads loads a version of the world in processes that are killed; with -short only
// some of them.
func killLoads(t *testing.T, dir string, version int) (kills int) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for wait := 20 * time.Millisecond; ; wait += max(17*time.Millisecond, wait/12) { // a slow machine is killed as often as a fast one
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		c := exec.CommandContext(ctx, exe, "-test.run=^$") // killed when the time is over
		c.Env = append(os.Environ(), killedEnv+"="+dir, versionEnv+"="+strconv.Itoa(version))
		out, err := c.CombinedOutput()
		over := ctx.Err() != nil
		cancel()
		if err == nil {
			break
		}
		if !over {
			t.Fatalf("the load failed: %v\n%s", err, out)
		}
		if kills++; kills > 300 {
			t.Fatal("it never gets through")
		}
		if testing.Short() && kills%4 == 0 {
			wait *= 8
		}
		if kills%4 == 0 && Exists(dir) { // what was flushed answers
			g := openWith(t, dir, inBulk)
			wholeVersions(t, g, version)
			closeGraph(t, g)
		}
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
	return kills
}

// wholeVersions checks that every unit is as one version of the world has it.
func wholeVersions(t *testing.T, g *Graph, newest int) {
	t.Helper()
	units, _ := contents(t, g)
	for i := range 60 {
		got := units[unitKey(i)]
		if len(got) == 0 && newest == 1 && g.unknown(t, unitKey(i)) {
			continue
		}
		if !reflect.DeepEqual(got, worldUnit(g, i, newest)) && (newest == 1 || !reflect.DeepEqual(got, worldUnit(g, i, newest-1))) {
			t.Errorf("after a kill unit %d is of no version", i)
		}
	}
}

// unknown reports that there is no such unit.
func (g *Graph) unknown(t *testing.T, key string) bool {
	st, err := g.Unit("s", key)
	if err != nil {
		t.Fatal(err)
	}
	return st == nil
}
