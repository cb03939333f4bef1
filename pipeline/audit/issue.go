package audit

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"
)

// reportSuffix ends the file name of a report; a certificate's is ".json".
const reportSuffix = ".report.json"

// Issue completes, signs and stores a certificate as dir/<certificate id>.json
// and returns its path. Statement, level, schema, the UTC times and, when it is
// empty, the id are filled in here.
//
// A certificate is refused when anything failed, when the re-reading found
// anything, when there was none, or when a record that was found has no outcome.
// Then a Report is written in its place and its path is returned together with
// an error that wraps ErrPartial. Input that is no evidence at all (a malformed
// hash, counts that do not add up, personal data: ErrPersonal) writes nothing.
func Issue(dir string, c Certificate, sign func([]byte) []byte) (path string, err error) {
	if err := c.complete(); err != nil {
		return "", fmt.Errorf("issue a certificate: %w", err)
	}
	if err := c.check(); err != nil {
		return "", fmt.Errorf("issue a certificate: %w", err)
	}
	if reasons := c.shortfalls(); len(reasons) > 0 {
		path, err := writeReport(dir, c, reasons, sign)
		if err != nil {
			return "", fmt.Errorf("write the report of partial failure: %w", err)
		}
		return path, fmt.Errorf("%w: %s", ErrPartial, reasons[0])
	}
	c.state()
	c.Signature.Value = ""
	if c.Signature.Value, err = signed(c, c.Contact, sign); err != nil {
		return "", fmt.Errorf("issue a certificate: %w", err)
	}
	return store(dir, c.CertificateID+".json", c)
}

// complete fills in what follows from the rest.
func (c *Certificate) complete() error {
	if c.FinishedAt.IsZero() || c.FinishedAt.Before(c.StartedAt) || c.StartedAt.IsZero() {
		return errors.New("the times of start and end are missing or in the wrong order")
	}
	if c.CertificateID == "" {
		id, err := ulid.New(ulid.Timestamp(c.FinishedAt), rand.Reader)
		if err != nil {
			return err
		}
		c.CertificateID = id.String()
	}
	c.Schema = CertificateSchema
	for _, t := range []*time.Time{&c.StartedAt, &c.FinishedAt, &c.Verification.RescanAt} {
		if !t.IsZero() {
			*t = t.In(IST).Truncate(time.Second)
		}
	}
	c.StartedAtUTC = c.StartedAt.UTC().Format(time.RFC3339)
	c.FinishedAtUTC = c.FinishedAt.UTC().Format(time.RFC3339)
	if c.Contact.Email == "" {
		c.Contact.Email = defaultContactEmail
	}
	c.Scope = append([]Scope{}, c.Scope...)
	c.Method = append([]Method{}, c.Method...)
	c.Residuals = append([]Residual{}, c.Residuals...)
	return nil
}

// check refuses what is malformed.
func (c *Certificate) check() error {
	if _, err := ulid.ParseStrict(c.CertificateID); err != nil {
		return errors.New("the certificate id is no ULID")
	}
	switch c.Kind {
	case KindRetention, KindErasure, KindFacebook, KindResidual, KindCorrection:
	default:
		return errors.New("the kind is none of those there are")
	}
	if !isHex(c.PlanSHA256, 32, 32) {
		return errors.New("plan_sha256 is no SHA-256 in hex")
	}
	for _, t := range append(append([]string{}, c.SubjectTokens...), c.AccountTokens...) {
		if !isHex(t, 8, 64) {
			return errors.New("a token is no keyed hash in hex")
		}
	}
	dates := []string{c.Backups.ClearBy}
	for _, r := range c.Residuals {
		dates = append(dates, r.ReleaseOn)
		if r.Count < 0 || r.Reason == "" {
			return errors.New("a residual has no reason, or a negative count")
		}
	}
	for _, d := range dates {
		if _, err := time.Parse(time.DateOnly, d); err != nil && d != "" {
			return errors.New("a date is not written as 2006-01-02")
		}
	}
	for _, s := range c.Scope {
		if min(s.Found, s.Erased, s.Redacted, s.Kept, s.Failed) < 0 || s.outcomes() > s.Found {
			return fmt.Errorf("the counts of scope %s/%s do not add up", s.Store, s.Class)
		}
	}
	v := c.Verification
	if min(v.LiveHits, v.DerivedHits, v.ObjectVersions, v.Units, v.Records) < 0 {
		return errors.New("the verification has a negative count")
	}
	return nil
}

func (s Scope) outcomes() int { return s.Erased + s.Redacted + s.Kept + s.Failed }

func isHex(s string, least, most int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) >= least && len(b) <= most
}

// shortfalls lists why this is no complete erasure.
func (c *Certificate) shortfalls() []string {
	var failed, open int
	for _, s := range c.Scope {
		failed += s.Failed
		open += s.Found - s.outcomes()
	}
	var out []string
	add := func(n int, what string) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s %s", records(n), what))
		}
	}
	add(failed, "failed")
	add(open, "found but without an outcome")
	add(c.Verification.LiveHits, "still found by the re-reading")
	add(c.Verification.DerivedHits, "still found in an index, cache or search")
	add(c.Verification.ObjectVersions, "still found in older object versions")
	if c.Verification.RescanAt.IsZero() {
		out = append(out, "the sources were not read again")
	}
	return out
}

func writeReport(dir string, c Certificate, reasons []string, sign func([]byte) []byte) (string, error) {
	key := c.Signature.KeyID
	c.Signature = Signature{}
	c.Level, c.Statement = "", ""
	r := Report{c.CertificateID, ReportSchema, KindPartialFailure, reasons, c, Signature{KeyID: key}}
	var err error
	if r.Signature.Value, err = signed(r, c.Contact, sign); err != nil {
		return "", err
	}
	return store(dir, c.CertificateID+reportSuffix, r)
}

// signed returns the signature of evidence whose signature value is still empty.
func signed(v any, contact Contact, sign func([]byte) []byte) (string, error) {
	b, err := Canonical(v)
	if err != nil {
		return "", err
	}
	if err := impersonal(b, contact); err != nil {
		return "", err
	}
	sig := sign(b)
	if len(sig) == 0 {
		return "", errors.New("the evidence could not be signed")
	}
	return base64.StdEncoding.EncodeToString(sig), nil
}

func store(dir, name string, v any) (string, error) {
	if err := makeDir(dir); err != nil {
		return "", err
	}
	b, err := pretty(v)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if err := createFile(path, b); err != nil {
		return "", fmt.Errorf("store the evidence: %w", err)
	}
	return path, nil
}
