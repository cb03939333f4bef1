package bundle

import (
	"errors"
	"fmt"
	"io"
)

// File writes a recording or attachment to recordings/, under a name made safe
// and unique out of name, and returns the path it has in the bundle. write
// streams the content. When write fails, nothing of the file is in the bundle,
// its error is returned, and the bundle can go on; when the disk fails, the
// bundle cannot.
//
// Several files can be written at once; they stand in the bundle in the order in
// which File was done with them.
func (w *Writer) File(name string, write func(w io.Writer) error) (path string, err error) {
	if err := w.begin(); err != nil {
		return "", fmt.Errorf("write a file of the bundle: %w", err)
	}
	defer w.end()
	clean := cleanName(name)
	s, err := w.newSpool(compressible(clean))
	if err != nil {
		return "", w.fail(fmt.Errorf("write a file of the bundle: %w", err))
	}
	defer func() { err = errors.Join(err, s.discard()) }()
	if err := write(s); err != nil && s.err == nil {
		return "", fmt.Errorf("fetch a file for the bundle: %w", err)
	}
	if err := s.finish(); err != nil {
		return "", w.fail(fmt.Errorf("write a file of the bundle: %w", err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return "", fmt.Errorf("write a file of the bundle: %w", err)
	}
	path = "recordings/" + w.names.reserve(name)
	if err := w.add(path, s); err != nil {
		return "", err
	}
	w.files++
	w.fileBytes += s.size
	return path, nil
}
