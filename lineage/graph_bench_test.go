package lineage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
)

// BenchmarkGraphLoad is the graph alone, for profiles.
func BenchmarkGraphLoad(b *testing.B) {
	data := benchData(benchSize())
	for b.Loop() {
		m := loadGraph(b, data, []int{0})
		b.ReportMetric(float64(m.cpu.Nanoseconds())/float64(len(data)), "cpu_ns/record")
		b.ReportMetric(float64(len(data))/m.load.Seconds(), "records/s")
		b.ReportMetric(float64(m.bytes)/float64(2*len(data)), "bytes/edge")
	}
}

// BenchmarkGraphUpdate asks for all units of a graph as a scan does that finds nothing
// changed, and changes 5 %, 12 %, 25 %, 50 % and all of them, each time of a graph that
// was loaded afresh. All is compared with that load.
func BenchmarkGraphUpdate(b *testing.B) {
	data := benchData(benchSize())
	for b.Loop() {
		for _, every := range []int{20, 8, 4, 2, 1} {
			benchUpdate(b, data, every)
		}
	}
}

// BenchmarkGraphPatch changes one record of a hundred in every unit. It is compared with
// the first load.
func BenchmarkGraphPatch(b *testing.B) {
	data := benchData(benchSize())
	for b.Loop() {
		dir := b.TempDir()
		before := cpuTime(b)
		fillGraph(b, dir, data)
		full := cpuTime(b) - before
		g, err := Open(dir, testKey, Options{})
		if err != nil {
			b.Fatal(err)
		}
		before = cpuTime(b)
		w, err := g.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < len(data); from += benchUnit {
			p, err := w.Patch("s", connectors.Unit{Key: strconv.Itoa(from), Fingerprint: "2"})
			if err != nil || p == nil {
				b.Fatalf("no patch (%v)", err)
			}
			n := min(benchUnit, len(data)-from)
			list := benchRows(n, "")
			for i := 7; i < n; i += 100 {
				p.Changed("leads", []string{list[i].Locator})
				if err := p.Add(withTokens(list[i:i+1], data[from+i:from+i+1])); err != nil {
					b.Fatal(err)
				}
			}
			if st, err := p.Commit(UnitState{Records: n}); err != nil || st == nil {
				b.Fatalf("not patched (%v)", err)
			}
		}
		if err := errors.Join(w.Close(context.Background()), g.Close()); err != nil {
			b.Fatal(err)
		}
		cpu := cpuTime(b) - before
		b.ReportMetric(cpu.Seconds()/full.Seconds(), "1%patched_cpu_of_full")
		b.ReportMetric(float64(cpu.Nanoseconds())/float64(len(data)), "cpu_ns/record")
	}
}

// benchUpdate writes every so many units of a graph anew.
func benchUpdate(b *testing.B, data [][2]Token, every int) {
	dir := b.TempDir()
	before := cpuTime(b)
	full := fillGraph(b, dir, data)
	fullCPU := cpuTime(b) - before
	g, err := Open(dir, testKey, Options{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Now()
	for i := 0; i < len(data); i += benchUnit {
		if st, err := g.Unit("s", strconv.Itoa(i)); err != nil || st == nil || st.Unit.Fingerprint != "1" {
			b.Fatalf("unit %d: %v %v", i, st, err)
		}
	}
	b.ReportMetric(time.Since(at).Seconds()/full.Seconds(), "unchanged_of_full")
	at, before = time.Now(), cpuTime(b)
	w, err := g.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(data); i += every * benchUnit {
		if err := benchUnits(w, data, i, i+1, "new "); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	name := strconv.Itoa(100/every) + "%changed"
	b.ReportMetric(time.Since(at).Seconds()/full.Seconds(), name+"_of_full")
	b.ReportMetric((cpuTime(b)-before).Seconds()/fullCPU.Seconds(), name+"_cpu_of_full")
	st, err := g.Unit("s", "0")
	if err != nil {
		b.Fatal(err)
	}
	found, err := g.UnitSightings(st.ID)
	if err != nil || found[0].Record.Locator != "new row 1" {
		b.Fatalf("the first unit was not changed (%v)", err)
	}
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
}

// memoryEnv makes the test binary load a graph in the folder that it names.
const memoryEnv = "LINEAGE_BENCH_LOAD"

// loadForMemory loads a graph from edges that are made on the way, or writes one that is
// there anew, and prints the most memory that it took, in KiB.
func loadForMemory(dir string, n int) error {
	changed := ""
	if Exists(dir) {
		changed = "new "
	}
	g, err := Create(dir, testKey, Options{})
	if err != nil {
		return err
	}
	w, err := g.Begin()
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(2)
	for from := 0; from < n; from += benchUnit {
		group.Go(func() error {
			u := connectors.Unit{Key: strconv.Itoa(from), Fingerprint: "1" + changed}
			uw, err := w.Unit("s", u)
			if err != nil {
				return err
			}
			data := make([][2]Token, min(benchUnit, n-from))
			for i := range data {
				data[i][0], data[i][1] = benchEdges(from+i, n)
			}
			if err := uw.Add(withTokens(benchRows(len(data), changed), data)); err != nil {
				return err
			}
			return uw.Commit(UnitState{Unit: u, Records: len(data), CommittedAt: time.Unix(1, 0)})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := errors.Join(w.Close(context.Background()), g.Close()); err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status") // wait would tell of the parent's memory, too
	if err != nil {
		return err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(peak)[0])
	return nil
}

// BenchmarkGraphMemory is the most memory that a process takes which does nothing but
// load a graph, and of one that writes all of it anew.
func BenchmarkGraphMemory(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		b.ReportMetric(benchPeak(b, dir), "MiB_peak")
		b.ReportMetric(benchPeak(b, dir), "MiB_update_peak")
	}
}

// benchPeak runs loadForMemory in a process of its own.
func benchPeak(b *testing.B, dir string) float64 {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(exe, "-test.run=^$")
	c.Env = append(os.Environ(), memoryEnv+"="+dir)
	out, err := c.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// BenchmarkGraphWalk is the walk alone, for profiles.
func BenchmarkGraphWalk(b *testing.B) {
	n := benchSize()
	dir := b.TempDir()
	fillGraph(b, dir, benchData(n))
	g, err := Open(dir, testKey, Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	before := cpuTime(b)
	for b.Loop() {
		benchWalk(b, g, r.IntN(n/benchSubject))
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu_us/walk")
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchUnits writes units from one record to before another, some at the same time, as
// a scan does. changed makes their locators other ones.
func benchUnits(w *Writer, data [][2]Token, from, to int, changed string) error {
	const workers = 2
	var group errgroup.Group
	group.SetLimit(workers)
	free := make(chan []Sighting, workers)
	for range workers {
		free <- benchRows(benchUnit, changed)
	}
	for from := from; from < to; from += benchUnit {
		group.Go(func() error {
			rows := <-free
			defer func() { free <- rows }()
			u := connectors.Unit{Key: strconv.Itoa(from), Fingerprint: "1" + changed}
			uw, err := w.Unit("s", u)
			if err != nil {
				return err
			}
			end := min(len(data), from+benchUnit)
			for i := from; i < end; i += benchBatch {
				if err := uw.Add(withTokens(rows[i-from:], data[i:min(end, i+benchBatch)])); err != nil {
					return err
				}
			}
			return uw.Commit(UnitState{Unit: u, Records: end - from, CommittedAt: time.Unix(1, 0)})
		})
	}
	return group.Wait()
}

// benchBatch is how many records a scan adds at a time.
const benchBatch = 1024

// benchRows are the sightings of a unit, made before anything is timed but for the tokens
// of their edges, which the units differ in. The locators begin with changed.
func benchRows(n int, changed string) []Sighting {
	rows, edges := make([]Sighting, n), make([]Edge, 0, 2*n)
	for i := range rows {
		edges = append(edges, Edge{Kind: "phone", Role: Subject}, Edge{Kind: "email", Role: Subject})
		rows[i] = Sighting{Collection: "leads", Locator: changed + "row " + strconv.Itoa(1+i), Account: "A1", Trigger: NoDate, Edges: edges[2*i : 2*i+2]}
	}
	return rows
}

// withTokens puts the tokens of records into rows, which it returns.
func withTokens(rows []Sighting, data [][2]Token) []Sighting {
	for i := range data {
		e := rows[i].Edges
		e[0].Token, e[1].Token = data[i][0], data[i][1]
	}
	return rows[:len(data)]
}

// fillGraph loads a new graph and returns how long it took until all was on disk and
// could be asked.
func fillGraph(b *testing.B, dir string, data [][2]Token) time.Duration {
	g, err := Create(dir, testKey, Options{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Now()
	w, err := g.Begin()
	if err != nil {
		b.Fatal(err)
	}
	if err := benchUnits(w, data, 0, len(data), ""); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	took := time.Since(at)
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}

// benchWalk asks for a subject by her phone and returns how many records are hers.
func benchWalk(b *testing.B, g *Graph, subject int) int {
	none := func(string) bool { return false }
	p, err := NewResolver(g, Kinds{Unique: none, Link: none, Medium: none}, DefaultLimits()).Resolve(context.Background(), Query{benchToken("phone", subject), "phone"}, "A1")
	if err != nil {
		b.Fatal(err)
	}
	return len(p.Copies)
}

func loadGraph(b *testing.B, data [][2]Token, ask []int) (m measured) {
	dir := b.TempDir()
	before := cpuTime(b)
	m.load = fillGraph(b, dir, data)
	m.cpu = cpuTime(b) - before
	m.bytes = folderSize(b, dir)
	g, err := Open(dir, testKey, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range ask {
		at := time.Now()
		found := benchWalk(b, g, s)
		m.walks = append(m.walks, time.Since(at))
		m.found = append(m.found, found)
	}
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
	return m
}
