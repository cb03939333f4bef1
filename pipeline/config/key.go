package config

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// KeyRef says where the key is; it never holds the key.
type KeyRef struct {
	Kind  string // "file" or "env"
	Value string // the absolute path of the file, or the variable's name
}

// ErrKey is wrapped by every failure to obtain the key.
var ErrKey = errors.New("no usable key")

func (l *loader) key(n *yamltree.Node) KeyRef {
	text := "file:sutra.key"
	if n != nil {
		text = l.r.Word(n, "key")
	}
	kind, value, ok := strings.Cut(text, ":")
	switch {
	case ok && kind == "file" && value != "":
		return KeyRef{Kind: "file", Value: l.path(value)}
	case ok && kind == "env" && variable.MatchString(value):
		return KeyRef{Kind: "env", Value: value}
	case n != nil && n.Kind == yamltree.String:
		l.r.Errorf(n.Pos, "the key itself never stands in this file", "key must be file:PATH or env:NAME")
	}
	return KeyRef{}
}

// KeyBytes reads the key: 64 hexadecimal characters, or exactly 32 raw bytes in
// a file. Every error wraps [ErrKey]; none carries a part of the key.
func (c *Config) KeyBytes() ([32]byte, error) {
	switch c.Key.Kind {
	case "file":
		f, err := os.Open(c.Key.Value)
		if errors.Is(err, fs.ErrNotExist) {
			return [32]byte{}, fmt.Errorf("%w: there is no key file %s; `sutra init` makes one, and an existing graph needs the one it was built with", ErrKey, c.Key.Value)
		}
		if err != nil {
			return [32]byte{}, fmt.Errorf("%w: opening the key file: %w", ErrKey, err)
		}
		data := make([]byte, 4096)
		n, err := readFull(f, data)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return [32]byte{}, fmt.Errorf("%w: reading the key file: %w", ErrKey, err)
		}
		return decodeKey(data[:n], "key file "+c.Key.Value)
	case "env":
		v, ok := "", false
		if c.env != nil {
			v, ok = c.env(c.Key.Value)
		}
		if !ok || v == "" {
			return [32]byte{}, fmt.Errorf("%w: environment variable %s is not set", ErrKey, c.Key.Value)
		}
		return decodeKey([]byte(v), "environment variable "+c.Key.Value)
	}
	return [32]byte{}, fmt.Errorf("%w: the configuration names none", ErrKey)
}

// readFull reads until the buffer is full or the input ends.
func readFull(r io.Reader, buf []byte) (int, error) {
	n, err := io.ReadFull(r, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

func decodeKey(data []byte, where string) (key [32]byte, err error) {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 64:
		if _, err := hex.Decode(key[:], text); err != nil {
			return [32]byte{}, fmt.Errorf("%w: %s has 64 characters, but not all of them are hexadecimal", ErrKey, where)
		}
	case len(data) == 32:
		copy(key[:], data)
	default:
		return [32]byte{}, fmt.Errorf("%w: %s holds %d bytes; a key is 64 hexadecimal characters or 32 raw bytes", ErrKey, where, len(data))
	}
	if key == ([32]byte{}) {
		return key, fmt.Errorf("%w: %s is all zeros", ErrKey, where)
	}
	return key, nil
}
