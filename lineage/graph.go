package lineage

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// Options tune a graph. The zero value is fine.
type Options struct {
	// MemoryBudget bounds the postings held in memory while units are written,
	// in bytes; 0 means 128 MiB.
	MemoryBudget int64

	// direct is up to how many postings a first scan is written as an update is;
	// 0 means directPostings. Tests set it.
	direct int
}

// Graph is an open lineage graph. Its methods are safe for concurrent use; one
// process has it open at a time.
type Graph struct {
	dir    string
	opt    Options
	keys   *keyring
	salt   []byte // random, made with the state; see Site
	lock   *os.File
	intern *interner
	blocks blockCache

	dbmu   sync.RWMutex // held for writing while the database is swapped
	db     *badger.DB
	tables *blockTables // of the database, as it was opened
	bits   uint         // how many bits of a token make a bucket

	updated atomic.Uint32 // what was added to the postings since the last rebuild, see updates

	mu     sync.RWMutex
	heads  map[uint32]*UnitState
	tokens map[uint64]Token // by first half, of those that no other token shares
	ledger map[Token]int    // tokens on the suppression ledger, counted

	wmu      sync.Mutex  // guards writing: what follows, and the state of the writer
	load     *load       // the bulk load under way, nil when there is none
	unmerged atomic.Bool // the load holds what is visible
	writing  uint64      // first generation of the open writer

	sinceRelief int64 // bytes written since the tables were taken out of memory
}

// formatVersion is the version of the layout on disk. Layouts of other versions are
// not read: the sources are scanned anew.
const formatVersion = 13

// noWriter stands for the first generation of the open writer when there is none.
const noWriter = math.MaxUint64

// headFile is the plain file that tells whether a key opens the graph.
type headFile struct {
	Version int    `json:"version"`
	Salt    []byte `json:"salt"`
	Check   []byte `json:"check"`
}

const (
	headName  = "graph.json"
	graphName = "graph"
	freshName = "graph.new"
	oldName   = "graph.old"
)

// Exists reports whether there is a graph in the folder.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, headName))
	return err == nil
}

// Create opens the graph in the folder, making it when there is none.
func Create(dir string, key [32]byte, o Options) (*Graph, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	return open(dir, key, o, true)
}

// Open opens an existing graph. It returns ErrNoState when there is none,
// ErrWrongKey when it was made with another key, and ErrLocked while another
// process has it open; none of them changes anything on disk.
func Open(dir string, key [32]byte, o Options) (*Graph, error) {
	return open(dir, key, o, false)
}

func open(dir string, key [32]byte, o Options, create bool) (g *Graph, err error) {
	keys, err := newKeyring(key)
	if err != nil {
		return nil, err
	}
	salt, err := checkHead(dir, keys)
	if err != nil {
		return nil, err
	}
	fresh := salt == nil
	if fresh && !create {
		return nil, ErrNoState
	}
	if o.MemoryBudget <= 0 {
		o.MemoryBudget = 128 << 20
	}
	if o.direct == 0 {
		o.direct = directPostings
	}
	g = &Graph{dir: dir, opt: o, keys: keys, heads: map[uint32]*UnitState{}, tokens: map[uint64]Token{}, ledger: map[Token]int{},
		intern: newInterner(), bits: minBits, writing: noWriter}
	if g.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.Close())
			g = nil
		}
	}()
	if fresh {
		if salt, err = writeHead(dir, keys); err != nil {
			return g, err
		}
	}
	g.salt = salt
	if err := finishSwap(dir); err != nil {
		return g, err
	}
	if some, err := intact(filepath.Join(dir, graphName)); err != nil || !some && !create {
		return g, cmp.Or(err, ErrNoState) // an empty database would answer that nobody is known
	}
	if err := g.openDB(); err != nil {
		return g, err
	}
	bits, err := g.counter(bitsKey)
	if err != nil {
		return g, err
	}
	if bits > 0 {
		g.bits = uint(bits)
	}
	updated, err := g.counter(updatedKey)
	if err != nil {
		return g, err
	}
	g.updated.Store(updates(updated))
	return g, errors.Join(g.openLoad(), g.loadLedger())
}

// Counters of the postings: how many bits of a token make a bucket, and what was
// added since the last rebuild.
const (
	bitsKey    = "bits"
	updatedKey = "updated"
)

// forget clears what was read of the database.
func (g *Graph) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.heads)
	clear(g.tokens)
	g.blocks.clear()
}

// checkHead compares the key with the head file, and returns its salt; nil means there
// is no head file.
func checkHead(dir string, keys *keyring) (salt []byte, err error) {
	data, err := os.ReadFile(filepath.Join(dir, headName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the graph's head: %w", err)
	}
	var h headFile
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, headName), err)
	}
	if !hmac.Equal(h.Check, checkOf(keys, h.Salt)) {
		return nil, ErrWrongKey
	}
	if h.Version != formatVersion {
		return nil, fmt.Errorf("%s: %w (version %d, this program writes %d): move the state folder's graph away and scan anew, which says what is lost with it", filepath.Join(dir, headName), ErrVersion, h.Version, formatVersion)
	}
	return append([]byte{}, h.Salt...), nil
}

func checkOf(keys *keyring, salt []byte) []byte {
	return keys.mac(nil, []byte("check"), keys.check, salt)
}

// writeHead makes the head file with a salt of its own, which it returns.
func writeHead(dir string, keys *keyring) (salt []byte, err error) {
	h := headFile{Version: formatVersion, Salt: make([]byte, 16)}
	if _, err := rand.Read(h.Salt); err != nil {
		return nil, fmt.Errorf("make a salt: %w", err)
	}
	h.Check = checkOf(keys, h.Salt)
	data, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("write the graph's head: %w", err)
	}
	tmp := filepath.Join(dir, headName+".tmp")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return nil, fmt.Errorf("write the graph's head: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, headName)); err != nil {
		return nil, fmt.Errorf("write the graph's head: %w", err)
	}
	return h.Salt, syncDir(dir)
}

func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if cerr := f.Close(); cerr != nil {
			return nil, cerr
		}
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close releases the graph.
func (g *Graph) Close() error {
	g.wmu.Lock()
	defer g.wmu.Unlock()
	g.dbmu.Lock()
	defer g.dbmu.Unlock()
	var errs []error
	if g.load != nil {
		errs = append(errs, g.load.wait())
	}
	if g.db != nil {
		errs = append(errs, g.tables.close(), g.db.Close())
		g.db, g.tables = nil, nil
	}
	if g.lock != nil {
		errs = append(errs, g.lock.Close())
		g.lock = nil
	}
	return errors.Join(errs...)
}

// view runs fn in a read transaction. fn must not call the graph's methods.
func (g *Graph) view(fn func(tx *badger.Txn) error) error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	return g.db.View(fn)
}

// get returns a copy of a value, nil when the key is not there.
func (g *Graph) get(key []byte) ([]byte, error) {
	var out []byte
	err := g.view(func(tx *badger.Txn) error {
		it, err := tx.Get(key)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		out, err = it.ValueCopy(nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the graph: %w", err)
	}
	return out, nil
}

// prefix calls fn for every key with the prefix, in order; key and value are
// valid during the call. fn must not call the graph's methods.
func (g *Graph) prefix(p []byte, fn func(key, value []byte) error) error {
	return viewer(g.view).prefix(p, fn)
}

// viewer runs a function in a transaction that reads. The function must not call the
// graph's methods.
type viewer func(fn func(tx *badger.Txn) error) error

func (view viewer) prefix(p []byte, fn func(key, value []byte) error) error {
	_, err := view.page(p, p, math.MaxInt, fn)
	return err
}

// page is prefix from a key on, for at most n keys. It returns where to go on, nil at
// the end.
func (g *Graph) page(p, from []byte, n int, fn func(key, value []byte) error) (next []byte, err error) {
	return viewer(g.view).page(p, from, n, fn)
}

func (view viewer) page(p, from []byte, n int, fn func(key, value []byte) error) (next []byte, err error) {
	err = view(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.Prefix = p
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Seek(from); it.Valid(); it.Next() {
			item := it.Item()
			if n--; n < 0 {
				next = item.KeyCopy(nil)
				return nil
			}
			if err := item.Value(func(v []byte) error { return fn(item.Key(), v) }); err != nil {
				return err
			}
		}
		return nil
	})
	return next, err
}

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func cat(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
