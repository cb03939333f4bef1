package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// headSchema names the form of head.json.
const headSchema = "sutra.audit-head/1"

// Head is the signed state of the log after its last append.
type Head struct {
	N        int64       // entries
	Bytes    int64       // size of the log file
	Root     tlog.Hash   // Merkle tree head over the entries (RFC 6962)
	LastHash string      // hash of the last entry
	peaks    []tlog.Hash // roots of the complete subtrees, largest first
	last     []byte      // the last entry's line: it is signed before it is appended
}

// headFile is head.json. Everything in it is bound by the signature over N,
// bytes, root and last hash: the peaks hash to the root, the last line to its
// hash.
type headFile struct {
	Schema    string      `json:"schema"`
	N         int64       `json:"n"`
	Bytes     int64       `json:"bytes"`
	Root      tlog.Hash   `json:"root"`
	LastHash  string      `json:"last_hash"`
	Peaks     []tlog.Hash `json:"peaks"`
	Last      string      `json:"last"`
	Signature []byte      `json:"signature"`
}

// message is what is signed.
func (h Head) message() []byte {
	return fmt.Appendf(nil, "sutra audit log head\n%d\n%d\n%s\n%s\n", h.N, h.Bytes, h.Root, h.LastHash)
}

// grow returns the head after one more line.
func (h Head) grow(line []byte, hash string) Head {
	h.peaks = addLeaf(h.peaks, h.N, tlog.RecordHash(line))
	h.N++
	h.Bytes += int64(len(line)) + 1
	h.Root = rootOf(h.peaks)
	h.LastHash = hash
	h.last = line
	return h
}

// prevHash is the Prev of the next entry.
func (h Head) prevHash() string {
	if h.N == 0 {
		return zeroHash
	}
	return h.LastHash
}

// addLeaf returns the peaks of a tree of n leaves after one more. It never
// changes the given slice.
func addLeaf(peaks []tlog.Hash, n int64, leaf tlog.Hash) []tlog.Hash {
	out := append([]tlog.Hash(nil), peaks...)
	for ; n&1 == 1; n >>= 1 {
		leaf = tlog.NodeHash(out[len(out)-1], leaf)
		out = out[:len(out)-1]
	}
	return append(out, leaf)
}

// rootOf folds peaks into the tree head.
func rootOf(peaks []tlog.Hash) tlog.Hash {
	if len(peaks) == 0 {
		return tlog.Hash{}
	}
	r := peaks[len(peaks)-1]
	for i := len(peaks) - 2; i >= 0; i-- {
		r = tlog.NodeHash(peaks[i], r)
	}
	return r
}

// firstDifference returns the range of entries, from 1, under the first peak in
// which two trees of n leaves differ.
func firstDifference(a, b []tlog.Hash, n int64) (lo, hi int64) {
	lo = 1
	for i := 0; i < len(a) && i < len(b); i++ {
		size := int64(1) << (bits.Len64(uint64(n)) - 1)
		if a[i] != b[i] {
			return lo, lo + size - 1
		}
		lo, n = lo+size, n-size
	}
	return lo, lo
}

// readHead reads and checks head.json. No head at all is fs.ErrNotExist; one that
// does not hold together or is not signed is ErrTampered.
func readHead(path string, verify func(msg, sig []byte) bool) (Head, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Head{}, err
	}
	var f headFile
	if json.Unmarshal(b, &f) != nil || f.Schema != headSchema || f.N < 1 {
		return Head{}, fmt.Errorf("the head of the log is not readable: %w", ErrTampered)
	}
	h := Head{N: f.N, Bytes: f.Bytes, Root: f.Root, LastHash: f.LastHash, peaks: f.Peaks, last: []byte(f.Last)}
	if verify == nil || !verify(h.message(), f.Signature) {
		return Head{}, fmt.Errorf("the signature of the log's head is wrong: %w", ErrTampered)
	}
	whole := len(f.Peaks) == bits.OnesCount64(uint64(f.N)) && rootOf(f.Peaks) == f.Root
	if !whole || lineHash(h.last) != f.LastHash || !bytes.HasSuffix(h.last, []byte(f.LastHash+`"}`)) || f.Bytes < int64(len(h.last))+1 {
		return Head{}, fmt.Errorf("the head of the log does not hold together: %w", ErrTampered)
	}
	return h, nil
}

// writeHead signs and replaces head.json.
func writeHead(path string, h Head, sign func([]byte) []byte) error {
	b, err := pretty(headFile{headSchema, h.N, h.Bytes, h.Root, h.LastHash, h.peaks, string(h.last), sign(h.message())})
	if err != nil {
		return err
	}
	return replaceFile(path, b)
}

// absent reports whether an error says that there is no such file.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
