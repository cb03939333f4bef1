package bundle

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
)

// ist is Indian Standard Time, the zone of every time in a bundle.
var ist = time.FixedZone("IST", istOffset)

// istOffset is how many seconds it is ahead of UTC.
const istOffset = 5*3600 + 30*60

// Errors that callers decide on. They are wrapped with %w.
var (
	// ErrExists says that there is a file at the bundle's path; it is never overwritten.
	ErrExists = errors.New("there is a file of that name already")
	// ErrClosed says that the bundle was closed or aborted.
	ErrClosed = errors.New("the bundle is closed")
	// ErrEncrypted says that a bundle has to be decrypted before it can be verified.
	ErrEncrypted = errors.New("the bundle is encrypted: decrypt it with age first")
)

// Policy names the policy that was in force.
type Policy struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // hex
}

// Options say how a bundle is written.
type Options struct {
	At        time.Time // the snapshot's time; also the time of every entry, to 2 s
	Recipient string    // "age1...": the whole zip is encrypted to it; "": it is not
	Tool      string    // name and version of the program: "sutra 1.2.0"
	Policy    Policy
	Sign      func(msg []byte) []byte // signs the manifest; nil leaves it unsigned
	KeyID     string                  // which key signs

	wrap func(io.Writer) io.Writer // tests put a failing disk here
}

// Writer writes a bundle. It is safe for concurrent use; of tables, each by one
// goroutine at a time.
type Writer struct {
	path string
	o    Options
	temp *tempDir

	mu        sync.Mutex
	file      *os.File
	buf       *bufio.Writer
	crypt     io.WriteCloser // age, or nil
	zip       *zip.Writer
	entries   []ManifestEntry
	names     nameSet
	tables    map[string]*Table
	presses   [2]*press // for JSON and CSV; started with the first table
	open      int       // tables and files in progress
	files     int
	fileBytes int64
	closed    bool
	err       error // the first failure to write: nothing can be saved any more
}

// ErrRecipient marks a recipient to whom nothing can be encrypted.
var ErrRecipient = errors.New("the recipient is no age recipient (age1...)")

// Create starts a bundle that will stand at path, whose folder must exist. A
// path that is taken is ErrExists. Either Close or Abort must follow; Abort after
// Close does nothing, so it can be deferred.
func Create(path string, o Options) (*Writer, error) {
	if o.At.IsZero() {
		return nil, errors.New("create the bundle: no time was given")
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("create the bundle %s: %w", path, ErrExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create the bundle: %w", err)
	}
	var to []age.Recipient
	if o.Recipient != "" {
		var err error
		if to, err = age.ParseRecipients(strings.NewReader(o.Recipient)); err != nil {
			return nil, fmt.Errorf("create the bundle: %w", ErrRecipient)
		}
	}
	temp, err := newTempDir(path)
	if err != nil {
		return nil, fmt.Errorf("create the bundle: %w", err)
	}
	w := &Writer{path: path, o: o, temp: temp, names: newNameSet(), tables: map[string]*Table{}}
	if err := w.start(to); err != nil {
		return nil, fmt.Errorf("create the bundle: %w", errors.Join(err, w.Abort()))
	}
	return w, nil
}

// start opens the output and stacks zip on encryption on buffer on file.
func (w *Writer) start(to []age.Recipient) (err error) {
	if w.file, err = w.temp.create("bundle"); err != nil {
		return err
	}
	var out io.Writer = w.file
	if w.o.wrap != nil {
		out = w.o.wrap(out)
	}
	w.buf = bufio.NewWriterSize(out, 256<<10)
	out = w.buf
	if len(to) > 0 {
		if w.crypt, err = age.Encrypt(w.buf, to...); err != nil {
			return err
		}
		out = w.crypt
	}
	w.zip = zip.NewWriter(out)
	return nil
}

// usable returns why nothing more can be written, or nil. mu is held.
func (w *Writer) usable() error {
	if w.closed {
		return ErrClosed
	}
	return w.err
}

// fail remembers the first failure.
func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return err
}

// begin and end frame a table or file in progress.
func (w *Writer) begin() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return err
	}
	w.open++
	return nil
}

func (w *Writer) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
}

// add copies a finished spool into the zip. mu is held. A failure is final: a zip
// that broke off in an entry cannot be continued.
func (w *Writer) add(name string, s *spool) error {
	if err := w.usable(); err != nil {
		return err
	}
	out, err := w.zip.CreateRaw(w.header(name, s))
	if err == nil {
		err = s.copyTo(out)
	}
	if err != nil {
		w.err = fmt.Errorf("write the bundle: %w", err)
		return w.err
	}
	w.entries = append(w.entries, ManifestEntry{name, s.size, s.sum(), mediaType(name)})
	return nil
}

// header describes an entry with a fixed time and no owner.
func (w *Writer) header(name string, s *spool) *zip.FileHeader {
	at := w.o.At.In(ist)
	h := &zip.FileHeader{
		Name: name, Method: s.method, Flags: 0x800, ReaderVersion: 20, // names are UTF-8
		CRC32: s.crc, CompressedSize64: uint64(s.stored), UncompressedSize64: uint64(s.size),
		ModifiedDate: uint16(max(at.Year()-1980, 0)<<9 | int(at.Month())<<5 | at.Day()),
		ModifiedTime: uint16(at.Hour()<<11 | at.Minute()<<5 | at.Second()/2),
	}
	h.SetMode(0o600)
	if s.stored >= 1<<32-1 || s.size >= 1<<32-1 { // zip64 sizes stand behind the data
		h.Flags |= 0x8
		h.ReaderVersion = 45
	}
	return h
}

// Abort gives the bundle up and removes all that was written of it. After Close
// or another Abort it does nothing.
func (w *Writer) Abort() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	return w.discard()
}

func (w *Writer) discard() error {
	w.closed = true
	for _, p := range w.presses {
		if p != nil {
			p.stop()
		}
	}
	var err error
	for _, t := range w.tables {
		err = errors.Join(err, t.json.spool.discard(), t.csv.spool.discard())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	if err = errors.Join(err, w.temp.remove()); err != nil {
		return fmt.Errorf("remove the unfinished bundle: %w", err)
	}
	return nil
}
