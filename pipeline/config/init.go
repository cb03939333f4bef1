package config

import (
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed templates/*.yaml
var templates embed.FS

// ExistsError says that a file which [Init] would write is there already.
type ExistsError struct{ Path string }

// Error names the file.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s exists; nothing was written", e.Path)
}

// Init writes a commented sutra.yaml, crm.yaml, policy.yaml and a new sutra.key
// (mode 0600) into dir, which is made when it is missing. When one of the files
// exists it writes nothing and returns an [ExistsError].
func Init(dir string) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	type file struct {
		name string
		data []byte
		mode os.FileMode
	}
	files := []file{{"sutra.key", append([]byte(hex.EncodeToString(key)), '\n'), 0o600}}
	for _, name := range []string{"sutra.yaml", "crm.yaml", "policy.yaml"} {
		data, err := templates.ReadFile("templates/" + name)
		if err != nil {
			return fmt.Errorf("reading the template of %s: %w", name, err)
		}
		files = append(files, file{name, data, 0o644})
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if _, err := os.Lstat(path); err == nil {
			return &ExistsError{Path: path}
		} else if !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("looking for %s: %w", f.name, err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	var written []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := create(path, f.data, f.mode); err != nil {
			for _, w := range written {
				err = errors.Join(err, os.Remove(w))
			}
			return err
		}
		written = append(written, path)
	}
	return nil
}

// create writes a file that must not exist yet, and leaves nothing behind when
// it fails.
func create(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return &ExistsError{Path: path}
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", filepath.Base(path), err), os.Remove(path))
	}
	return nil
}
