package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
)

// impersonal looks through every text of signed evidence, the contact apart, for
// what looks like personal data.
func impersonal(canonical []byte, contact Contact) error {
	var tree any
	if err := decode(canonical, &tree); err != nil {
		return err
	}
	allowed := []string{contact.Name, contact.Email, contact.Grievance}
	var walk func(v any) error
	walk = func(v any) error {
		switch v := v.(type) {
		case string:
			if personal.MatchString(v) && !slices.Contains(allowed, v) {
				return ErrPersonal
			}
		case []any:
			for _, x := range v {
				if err := walk(x); err != nil {
					return err
				}
			}
		case map[string]any:
			for k, x := range v {
				if err := walk(x); err != nil {
					return fmt.Errorf("%s: %w", k, err)
				}
			}
		}
		return nil
	}
	return walk(tree)
}

// Read reads a certificate without checking its signature.
func Read(path string) (Certificate, error) {
	var c Certificate
	if err := readInto(path, CertificateSchema, &c); err != nil {
		return Certificate{}, fmt.Errorf("read the certificate: %w", err)
	}
	return c, nil
}

// ReadReport reads a report of partial failure without checking its signature.
func ReadReport(path string) (Report, error) {
	var r Report
	if err := readInto(path, ReportSchema, &r); err != nil {
		return Report{}, fmt.Errorf("read the report: %w", err)
	}
	return r, nil
}

// VerifyCertificate reads a certificate and checks it against its signature. One
// that was changed, even in its spacing, is ErrTampered.
func VerifyCertificate(path string, verify func(msg, sig []byte) bool) (Certificate, error) {
	c, err := Read(path)
	if err == nil {
		err = verifyFile(path, verify)
	}
	if err != nil {
		return Certificate{}, fmt.Errorf("verify the certificate: %w", err)
	}
	return c, nil
}

// VerifyReport does for a report what VerifyCertificate does for a certificate.
func VerifyReport(path string, verify func(msg, sig []byte) bool) (Report, error) {
	r, err := ReadReport(path)
	if err == nil {
		err = verifyFile(path, verify)
	}
	if err != nil {
		return Report{}, fmt.Errorf("verify the report: %w", err)
	}
	return r, nil
}

func readInto(path, schema string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var kind struct {
		Schema string `json:"schema"`
	}
	if err := decode(b, &kind); err != nil {
		return fmt.Errorf("%s is not readable: %w", filepath.Base(path), ErrTampered)
	}
	if kind.Schema != schema {
		return fmt.Errorf("%s has another schema than %s", filepath.Base(path), schema)
	}
	if err := decode(b, into); err != nil {
		return fmt.Errorf("%s is not readable: %w", filepath.Base(path), ErrTampered)
	}
	return nil
}

// verifyFile checks the signature over the file as it stands: over all members,
// also those this version does not know.
func verifyFile(path string, verify func(msg, sig []byte) bool) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var tree map[string]any
	if err := decode(b, &tree); err != nil {
		return ErrTampered
	}
	if again, err := pretty(tree); err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("the file is not in the form in which it was written: %w", ErrTampered)
	}
	s, _ := tree["signature"].(map[string]any)
	value, _ := s["value"].(string)
	sig, err := base64.StdEncoding.DecodeString(value)
	if err != nil || s == nil {
		return fmt.Errorf("there is no signature: %w", ErrTampered)
	}
	s["value"] = ""
	msg, err := Canonical(tree)
	if err != nil {
		return err
	}
	if verify == nil || !verify(msg, sig) {
		return ErrTampered
	}
	return nil
}

// Item is one file of evidence in a folder.
type Item struct {
	ID         string
	Kind       string // a kind of certificate, or PARTIAL_FAILURE
	Path       string
	FinishedAt string // RFC 3339, +05:30
	Partial    bool   // a report, no certificate
	Anchor     Anchor // the entry of the log that it refers to
}

// List returns the certificates and reports in dir, oldest first (by id). Files
// that cannot be read are named in the error, the others are returned with it. A
// folder that is not there holds none.
func List(dir string) ([]Item, error) {
	files, err := os.ReadDir(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the certificates: %w", err)
	}
	var out []Item
	var bad []error
	for _, f := range files {
		it, ok, err := item(filepath.Join(dir, f.Name()))
		if err != nil {
			bad = append(bad, err)
		} else if ok {
			out = append(out, it)
		}
	}
	slices.SortStableFunc(out, func(a, b Item) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(bad...)
}

// item reads one file, if its name is that of evidence.
func item(path string) (Item, bool, error) {
	name := filepath.Base(path)
	id, partial := strings.CutSuffix(name, reportSuffix)
	if !partial {
		var ok bool
		if id, ok = strings.CutSuffix(name, ".json"); !ok {
			return Item{}, false, nil
		}
	}
	if _, err := ulid.ParseStrict(id); err != nil {
		return Item{}, false, nil
	}
	if partial {
		r, err := ReadReport(path)
		return Item{id, r.Kind, path, stamp(r.Attempt.FinishedAt), true, r.Attempt.Log}, err == nil, err
	}
	c, err := Read(path)
	return Item{id, c.Kind, path, stamp(c.FinishedAt), false, c.Log}, err == nil, err
}
