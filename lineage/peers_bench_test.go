package lineage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// The peers' benchmark: the same edges in the graph, in PostgreSQL (COPY and two
// indexes) and in SQLite, and the same subjects walked in each. A subject has
// about 51 records in 17 units: she is walked from her phone over her e-mail.

const (
	benchSubject = 51     // records of a subject
	benchUnit    = 10_000 // records of a unit
	benchWalks   = 300
)

func benchSize() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_BENCH_RECORDS")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}

// benchEdges returns the two tokens of record i: half of a subject's records share
// her phone and a bridge, the other half the bridge and her mail.
func benchEdges(i, n int) (a, b Token) {
	subjects := n / benchSubject
	s, k := i%subjects, i/subjects
	bridge := benchToken("bridge", s)
	if k%2 == 0 {
		return benchToken("phone", s), bridge
	}
	return benchToken("mail", s), bridge
}

func benchToken(kind string, n int) Token {
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(kind), uint64(n)))
	return Token(h[:16])
}

// benchData are the edges of all records, made before any store is timed.
func benchData(n int) [][2]Token {
	out := make([][2]Token, n)
	for i := range out {
		out[i][0], out[i][1] = benchEdges(i, n)
	}
	return out
}

// measured is what one store took.
type measured struct {
	load  time.Duration
	cpu   time.Duration // of the load, on all cores; of the server when there is one
	bytes int64
	walks []time.Duration
	found []int // records of each walked subject
}

func (m measured) p(q float64) time.Duration {
	s := slices.Clone(m.walks)
	slices.Sort(s)
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func BenchmarkGraphAgainstPeers(b *testing.B) {
	n := benchSize()
	r := rand.New(rand.NewPCG(1, 2))
	ask := make([]int, benchWalks)
	for i := range ask {
		ask[i] = r.IntN(n / benchSubject)
	}
	data := benchData(n)
	for b.Loop() {
		ours := loadGraph(b, data, ask)
		lite := loadSQLite(b, data, ask)
		// PostgreSQL as initdb leaves it, which syncs what it wrote as the graph does, and
		// one with much memory that never waits for the disk.
		pg, tuned := loadPostgres(b, data, ask), loadPostgres(b, data, ask, "shared_buffers=512MB", "maintenance_work_mem=512MB", "fsync=off")
		for name, peer := range map[string]measured{"sqlite": lite, "postgres": pg, "tuned_postgres": tuned} {
			if !slices.Equal(peer.found, ours.found) {
				b.Fatalf("%s finds other records than the graph: %v, not %v", name, peer.found, ours.found)
			}
			b.ReportMetric(peer.load.Seconds()/ours.load.Seconds(), "x_faster_load_than_"+name)
			b.ReportMetric(peer.cpu.Seconds()/ours.cpu.Seconds(), "x_less_load_cpu_than_"+name)
			b.ReportMetric(float64(ours.bytes)/float64(peer.bytes), "bytes_of_"+name)
			b.ReportMetric(float64(ours.p(.5))/float64(peer.p(.5)), "walk_p50_of_"+name)
		}
		b.ReportMetric(float64(n)/ours.load.Seconds(), "records/s")
		b.ReportMetric(float64(ours.bytes)/float64(2*n), "bytes/edge")
		b.ReportMetric(float64(ours.p(.5).Microseconds()), "walk_p50_us")
		b.ReportMetric(float64(ours.p(.99).Microseconds()), "walk_p99_us")
	}
}

func folderSize(b *testing.B, dir string) (size int64) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			return err
		}
		size += st.Blocks * 512 // Badger's value log is sparse
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// walkSQL walks a subject; literal is how the store writes a token. join is the word
// for a join: SQLite's planner takes the tables in another order and reads all of them
// unless it is a CROSS JOIN.
func walkSQL(literal, join string) string {
	return "WITH RECURSIVE t(token) AS (SELECT " + literal + " UNION SELECT e2.token FROM t " + join + " edges e1 ON e1.token = t.token " + join + " edges e2 ON e2.rid = e1.rid) " +
		"SELECT count(DISTINCT e.rid) FROM t " + join + " edges e ON e.token = t.token"
}

func loadSQLite(b *testing.B, data [][2]Token, ask []int) (m measured) {
	path := filepath.Join(b.TempDir(), "edges.db")
	db, err := sql.Open("sqlite", path+"?_pragma=synchronous(off)&_pragma=journal_mode(off)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	at, before := time.Now(), cpuTime(b)
	exec := func(q string, args ...any) {
		if _, err := db.Exec(q, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("CREATE TABLE edges(token BLOB, rid INTEGER, role INTEGER)")
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	st, err := tx.Prepare("INSERT INTO edges VALUES (?, ?, 1), (?, ?, 1)")
	if err != nil {
		b.Fatal(err)
	}
	for i := range data {
		x, y := &data[i][0], &data[i][1]
		if _, err := st.Exec(x[:], i, y[:], i); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	exec("CREATE INDEX by_token ON edges(token)")
	exec("CREATE INDEX by_rid ON edges(rid)")
	m.load, m.cpu = time.Since(at), cpuTime(b)-before
	exec("ANALYZE")
	for _, s := range ask {
		x := benchToken("phone", s)
		at, found := time.Now(), 0
		if err := db.QueryRow(walkSQL(fmt.Sprintf("x'%x'", x[:]), "CROSS JOIN")).Scan(&found); err != nil {
			b.Fatal(err)
		}
		m.walks, m.found = append(m.walks, time.Since(at)), append(m.found, found)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	m.bytes = folderSize(b, filepath.Dir(path))
	return m
}

// cpuTime is what this process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// loadPostgres starts a server of its own; a machine without PostgreSQL cannot run
// this benchmark.
func loadPostgres(b *testing.B, data [][2]Token, ask []int, settings ...string) (m measured) {
	psql, pid := startPostgres(b, settings)
	file := filepath.Join(b.TempDir(), "edges.txt")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range data {
		x, y := &data[i][0], &data[i][1]
		fmt.Fprintf(w, "\\\\x%x\t%d\t1\n\\\\x%x\t%d\t1\n", x[:], i, y[:], i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	psql("CREATE TABLE edges(token bytea, rid bigint, role smallint)")
	before := serverTime(b, pid)
	at := time.Now()
	psql("\\copy edges FROM '" + file + "'")
	psql("CREATE INDEX by_token ON edges(token)")
	psql("CREATE INDEX by_rid ON edges(rid)")
	m.load = time.Since(at)
	m.cpu = serverTime(b, pid) - before
	m.bytes, err = strconv.ParseInt(strings.TrimSpace(psql("SELECT pg_total_relation_size('edges')")), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	psql("VACUUM ANALYZE edges")
	var script strings.Builder
	// The planner thinks that t is long, and would read the whole table for it and compile the query.
	script.WriteString("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off;\n\\timing on\n")
	for _, s := range ask {
		x := benchToken("phone", s)
		script.WriteString(walkSQL(fmt.Sprintf("'\\x%x'::bytea", x[:]), "JOIN") + ";\n")
	}
	lines := strings.Split(psql(script.String()), "\n")
	for _, l := range lines {
		if t := timing.FindStringSubmatch(l); t != nil {
			ms, err := strconv.ParseFloat(t[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			m.walks = append(m.walks, time.Duration(ms*float64(time.Millisecond)))
		} else if found, err := strconv.Atoi(strings.TrimSpace(l)); err == nil {
			m.found = append(m.found, found)
		}
	}
	return m
}

var timing = regexp.MustCompile(`^Time: ([0-9.]+) ms`)

// startPostgres runs a server in a temporary folder and returns a way to ask it.
func startPostgres(b *testing.B, settings []string) (psql func(script string) string, pid int) {
	dir, err := os.MkdirTemp("", "graph-pg-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			b.Error(err)
		}
	})
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir = dir
		if os.Getuid() == 0 { // the server refuses to run as root
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		return c
	}
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			b.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "bench", "-A", "trust").CombinedOutput(); err != nil {
		b.Fatalf("initdb: %v\n%s", err, out)
	}
	args := []string{"-D", data, "-k", dir, "-c", "listen_addresses="}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := command("postgres", args...)
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Process.Signal(os.Interrupt); err != nil {
			b.Error(err)
		}
		_ = server.Wait() // it ends with the signal
	})
	ask := func(script string) (string, error) {
		c := exec.Command("psql", "-h", dir, "-U", "bench", "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-")
		c.Stdin = strings.NewReader(script + "\n;\n")
		var errs bytes.Buffer
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			err = fmt.Errorf("psql: %w: %s", err, errs.String())
		}
		return string(out), err
	}
	for i := 0; ; i++ {
		if _, err := ask("SELECT 1"); err == nil {
			break
		} else if i > 100 {
			b.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return func(script string) string {
		out, err := ask(script)
		if err != nil {
			b.Fatal(err)
		}
		return out
	}, server.Process.Pid
}

// serverTime is what the server's processes that have ended, and the first one, used of
// the processors. A process of the server serves one call of psql and then ends.
func serverTime(b *testing.B, pid int) (sum time.Duration) {
	time.Sleep(200 * time.Millisecond) // until the last one was waited for
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	for _, f := range fields[11:15] { // utime, stime, cutime, cstime, in hundredths of a second
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}
