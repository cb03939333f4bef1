package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxManifest bounds the manifest that Verify reads, in bytes.
const maxManifest = 256 << 20

// Report is what Verify found. Paths are in the order of the zip, missing ones in
// the order of the manifest.
type Report struct {
	OK       bool     `json:"ok"`     // signed, and nothing missing, changed or extra
	Signed   bool     `json:"signed"` // the signature is there and right
	Entries  int      `json:"entries"`
	Bytes    int64    `json:"bytes"` // read again
	Missing  []string `json:"missing,omitempty"`
	Changed  []string `json:"changed,omitempty"`
	Extra    []string `json:"extra,omitempty"`
	Note     string   `json:"note,omitempty"` // for a person, when not OK
	Manifest Manifest `json:"-"`
}

// Verify reads a whole bundle again and compares it with its manifest, and the
// manifest with its signature. The error is for what is no bundle or cannot be
// read (ErrEncrypted when it has to be decrypted first); a bundle that was
// changed is a report whose OK is false. Without verify the signature is not
// looked at, and OK is false.
func Verify(path string, verify func(msg, sig []byte) bool) (rep Report, err error) {
	f, err := os.Open(path)
	if err != nil {
		return rep, fmt.Errorf("verify the bundle: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return rep, fmt.Errorf("verify the bundle: %w", err)
	}
	if rep, err = verifyReader(f, info.Size(), verify); err != nil {
		return Report{}, fmt.Errorf("verify the bundle: %w", err)
	}
	return rep, nil
}

func verifyReader(f io.ReaderAt, size int64, verify func(msg, sig []byte) bool) (Report, error) {
	var rep Report
	head := make([]byte, 22)
	if n, err := f.ReadAt(head, 0); err == nil && bytes.HasPrefix(head[:n], []byte("age-encryption.org/v1\n")[:n]) {
		return rep, ErrEncrypted
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return rep, fmt.Errorf("it is no readable zip: %w", err)
	}
	m, i, err := findManifest(z)
	if err != nil {
		return rep, err
	}
	rep.Manifest = m.Manifest
	rep.compare(z, i)
	rep.judge(m, z, verify)
	return rep, nil
}

// found is the manifest as it stands in the zip.
type found struct {
	Manifest
	exact bool // its bytes are those that were written
}

// findManifest returns the last manifest of the zip and its place.
func findManifest(z *zip.Reader) (m found, at int, err error) {
	at = -1
	for i, f := range z.File {
		if f.Name == manifestName {
			at = i
		}
	}
	if at < 0 {
		return m, at, errors.New("it has no manifest")
	}
	r, err := z.File[at].Open()
	if err != nil {
		return m, at, fmt.Errorf("read the manifest: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err = errors.Join(err, r.Close()); err != nil {
		return m, at, fmt.Errorf("read the manifest: %w", err)
	}
	if json.Unmarshal(b, &m.Manifest) != nil || m.Schema != ManifestSchema {
		return m, at, errors.New("its manifest is not readable")
	}
	again, err := render(m.Manifest)
	m.exact = err == nil && bytes.Equal(again, b)
	return m, at, nil
}

// compare hashes every entry.
func (rep *Report) compare(z *zip.Reader, manifestAt int) {
	want := map[string]ManifestEntry{}
	for _, e := range rep.Manifest.Entries {
		want[e.Path] = e
	}
	seen := map[string]bool{}
	for i, f := range z.File {
		if i == manifestAt {
			continue
		}
		rep.Entries++
		e, ok := want[f.Name]
		switch {
		case !ok || seen[f.Name]:
			rep.Extra = append(rep.Extra, f.Name)
		case !rep.same(f, e):
			rep.Changed = append(rep.Changed, f.Name)
		}
		seen[f.Name] = true
	}
	for _, e := range rep.Manifest.Entries {
		if !seen[e.Path] {
			rep.Missing = append(rep.Missing, e.Path)
		}
	}
}

// same reads an entry again. One that cannot be read is not the same.
func (rep *Report) same(f *zip.File, e ManifestEntry) bool {
	if f.UncompressedSize64 != uint64(e.Bytes) {
		return false
	}
	r, err := f.Open()
	if err != nil {
		return false
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, e.Bytes+1))
	rep.Bytes += n
	if err = errors.Join(err, r.Close()); err != nil {
		return false
	}
	return n == e.Bytes && hex.EncodeToString(h.Sum(nil)) == e.SHA256
}

// judge checks the signature and draws the conclusion.
func (rep *Report) judge(m found, z *zip.Reader, verify func(msg, sig []byte) bool) {
	msg, err := m.message()
	rep.Signed = err == nil && m.exact && verify != nil && len(m.Signature) > 0 && verify(msg, m.Signature)
	switch {
	case len(rep.Missing)+len(rep.Changed)+len(rep.Extra) > 0:
		rep.Note = fmt.Sprintf("%d missing, %d changed, %d extra", len(rep.Missing), len(rep.Changed), len(rep.Extra))
	case !m.exact:
		rep.Note = "the manifest is not in the form in which it was written"
	case len(m.Signature) == 0:
		rep.Note = "the manifest is not signed"
	case verify == nil:
		rep.Note = "the signature was not checked: there is no key"
	case !rep.Signed:
		rep.Note = "the signature of the manifest is wrong"
	case z.Comment != "" || slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Comment != "" }):
		rep.Note = "a comment was added to the zip"
	default:
		rep.OK = true
	}
}
