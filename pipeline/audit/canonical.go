package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// IST is Indian Standard Time, the zone of every time in the evidence.
var IST = time.FixedZone("IST", 5*3600+30*60)

// Errors that callers decide on. They are wrapped with %w.
var (
	// ErrTampered says that the evidence was changed by somebody without the key.
	ErrTampered = errors.New("the evidence does not match its signature")
	// ErrPersonal says that a value looks like personal data, which evidence never holds.
	ErrPersonal = errors.New("looks like personal data, which evidence must not hold")
	// ErrReadOnly says that the log was opened without a signing key.
	ErrReadOnly = errors.New("the log is open for reading only")
	// ErrInUse says that another process has the file open.
	ErrInUse = errors.New("in use by another run")
	// ErrExists says that evidence of that name is already there; it is never overwritten.
	ErrExists = errors.New("already exists")
	// ErrPartial says that the work was not complete, so that a [Report] was
	// written in place of a certificate.
	ErrPartial = errors.New("not complete: a report of partial failure was written in place of a certificate")
)

// personal matches what must never stand in evidence: an e-mail address, and a
// telephone number in international form or an Indian mobile number.
var personal = regexp.MustCompile(`[^\s"<>:/\\]+@[^\s"<>@]+\.[^\s"<>@]+|\+[0-9][0-9 ()-]{8,}[0-9]|(^|[^0-9A-Za-z_.-])[6-9][0-9]{9}($|[^0-9A-Za-z_.-])`)

// stamp writes a time as RFC 3339 in IST, to the second.
func stamp(t time.Time) string { return t.In(IST).Format(time.RFC3339) }

// marshal encodes v as one line of JSON without HTML escapes and without the
// newline at its end.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode reads one JSON value and nothing after it, numbers as written.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// Canonical returns the one JSON text that is signed for v: object keys sorted,
// no spaces, no HTML escapes, numbers as written, times as they stand in v.
func Canonical(v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode for signing: %w", err)
	}
	var tree any
	if err := decode(b, &tree); err != nil {
		return nil, fmt.Errorf("encode for signing: %w", err)
	}
	return marshal(tree)
}

// pretty is the form in which evidence is stored: canonical, indented, one
// newline at the end.
func pretty(v any) ([]byte, error) {
	b, err := Canonical(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
