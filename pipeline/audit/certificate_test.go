package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func certificate() Certificate {
	return Certificate{
		CertificateID: "01J1CK8Z8ZQ8YV3W4X5Y6Z7A8B",
		Kind:          KindErasure,
		Policy:        Policy{"cratio-privacy", "2026-04-21", strings.Repeat("ab", 32)},
		SubjectTokens: []string{strings.Repeat("0f", 16)},
		Request:       &Request{ID: "R-7", Type: "erasure", ReceivedOn: "2026-06-20", Decision: "partial"},
		Scope: []Scope{{Store: "crm", Class: "account_crm", Rule: "account_crm", Found: 5, Erased: 3, Redacted: 2},
			{Store: "crm", Class: "billing", Rule: "billing", Found: 1, Kept: 1}},
		Method:       []Method{{Class: "account_crm", Method: "hard_delete"}},
		Residuals:    []Residual{{Class: "billing", Count: 1, Reason: "law", Citation: "CGST Act s.36", ReleaseOn: "2034-04-01"}},
		Verification: Verification{RescanAt: noon.Add(time.Minute), Units: 4, Records: 900},
		PlanSHA256:   strings.Repeat("cd", 32),
		StartedAt:    noon, FinishedAt: noon.Add(2 * time.Minute),
		Log:       Anchor{3, strings.Repeat("ef", 32), "root"},
		Signature: Signature{KeyID: "k1"},
	}
}

func TestCertificateIssueAndVerify(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certificates")
	path, err := Issue(dir, certificate(), sign)
	ok(t, err)
	c, err := VerifyCertificate(path, verify)
	ok(t, err)
	if c.Level != levelLive || !strings.HasPrefix(c.Statement, "The personal data in scope was erased from live systems on 27 June 2026: 3 records deleted, 2 records emptied of it.") ||
		strings.Contains(c.Statement, "recoverable") || !strings.Contains(c.Statement, "(CGST Act s.36), to be released on 1 April 2034.") {
		t.Fatal(c.Level, c.Statement)
	}
	if c.StartedAtUTC != "2026-06-27T06:30:00Z" || c.Contact.Email != "support@cratio.com" {
		t.Fatal(c)
	}
	b, err := os.ReadFile(path)
	ok(t, err)
	if !bytes.Contains(b, []byte(`"started_at": "2026-06-27T12:00:00+05:30"`)) || !bytes.Contains(b, []byte(`"live_hits": 0`)) {
		t.Fatalf("%s", b)
	}
	if _, err := VerifyCertificate(path, verifyNone); !errors.Is(err, ErrTampered) {
		t.Fatal(err)
	}
	if _, err := Issue(dir, certificate(), sign); !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	other := t.TempDir()
	again, err := Issue(other, certificate(), sign)
	ok(t, err)
	if b2, err := os.ReadFile(again); err != nil || !bytes.Equal(b, b2) {
		t.Fatal("equal input, other bytes", err)
	}
	for i := range b {
		m := bytes.Clone(b)
		m[i] ^= 1
		ok(t, os.WriteFile(again, m, 0o600))
		if _, err := VerifyCertificate(again, verify); err == nil {
			t.Fatalf("a change of byte %d passed", i)
		}
	}
	ok(t, os.WriteFile(again, bytes.Replace(b, []byte(`"kind"`), []byte(`"kind": "x", "kind"`), 1), 0o600))
	if _, err := VerifyCertificate(again, verify); !errors.Is(err, ErrTampered) {
		t.Fatal("a doubled member passed")
	}
}

func TestCertificateWordings(t *testing.T) {
	cases := []struct {
		name, level, has string
		change           func(*Certificate)
	}{
		{"horizon ahead", levelLive, "It is no longer recoverable from 27 July 2026.", func(c *Certificate) { c.Backups.ClearBy = "2026-07-27" }},
		{"horizon past", levelUnrecoverable, "It is no longer recoverable from 27 June 2026.", func(c *Certificate) { c.Backups.ClearBy = "2026-06-01" }},
		{"a log that ends after the backups", levelLive, "It is no longer recoverable from 2 August 2026. Deletion leaves behind what the leftovers list.", func(c *Certificate) {
			c.Backups.ClearBy, c.Leftovers = "2026-07-27", []Leftover{{"crm", "the log", "2026-08-01"}, {"crm", "the other log", "2026-07-01"}}
		}},
		{"a log without an end", levelLive, "emptied of it. Deletion leaves behind what the leftovers list.", func(c *Certificate) {
			c.Backups.ClearBy, c.Leftovers = "2026-06-01", []Leftover{{"crm", "the log", "2026-06-01"}, {"crm", "dead rows", ""}}
		}},
		{"a log past its end", levelUnrecoverable, "It is no longer recoverable from 27 June 2026.", func(c *Certificate) {
			c.Backups.ClearBy, c.Leftovers = "2026-06-01", []Leftover{{"crm", "the log", "2026-06-20"}}
		}},
		{"no horizon", levelLive, "does not speak of backups", func(c *Certificate) {}},
		{"nothing found", levelLive, "Nothing in scope was found in live systems", func(c *Certificate) { c.Scope, c.Residuals = nil, nil }},
		{"all kept", levelLive, "Nothing was erased", func(c *Certificate) { c.Scope = c.Scope[1:]; c.Backups.ClearBy = "2026-07-27" }},
		{"simulated", levelLive, "simulated clock", func(c *Certificate) { c.Simulated = true }},
		{"late in the day in India", levelLive, "on 28 June 2026", func(c *Certificate) { c.FinishedAt = time.Date(2026, 6, 27, 19, 0, 0, 0, time.UTC) }},
	}
	for _, k := range cases {
		c := certificate()
		k.change(&c)
		path, err := Issue(t.TempDir(), c, sign)
		ok(t, err)
		got, err := VerifyCertificate(path, verify)
		ok(t, err)
		if got.Level != k.level || !strings.Contains(got.Statement, k.has) {
			t.Errorf("%s: %s %q", k.name, got.Level, got.Statement)
		}
		if k.name == "all kept" && strings.Contains(got.Statement, "recoverable") {
			t.Error(got.Statement)
		}
	}
}

func TestPartialFailureIsAReport(t *testing.T) {
	cases := map[string]func(*Certificate){
		"2 records failed":                               func(c *Certificate) { c.Scope[0].Erased, c.Scope[0].Failed = 1, 2 },
		"1 record still found by the re-reading":         func(c *Certificate) { c.Verification.LiveHits = 1 },
		"1 record found but without an outcome":          func(c *Certificate) { c.Scope[0].Erased-- },
		"3 records still found in an index, cache":       func(c *Certificate) { c.Verification.DerivedHits = 3 },
		"4 records still found in older object versions": func(c *Certificate) { c.Verification.ObjectVersions = 4 },
		"the sources were not read again":                func(c *Certificate) { c.Verification.RescanAt = time.Time{} },
	}
	dir := t.TempDir()
	for reason, change := range cases {
		c := certificate()
		c.CertificateID = ""
		change(&c)
		path, err := Issue(dir, c, sign)
		if !errors.Is(err, ErrPartial) || !strings.HasSuffix(path, reportSuffix) {
			t.Fatal(reason, path, err)
		}
		r, err := VerifyReport(path, verify)
		ok(t, err)
		if r.Kind != KindPartialFailure || !strings.HasPrefix(r.Reasons[0], reason) || r.Attempt.Statement != "" || r.Attempt.Level != "" {
			t.Errorf("%s: %+v", reason, r)
		}
		if _, err := VerifyCertificate(path, verify); err == nil {
			t.Error("a report passes for a certificate")
		}
	}
	ok2, err := Issue(dir, certificate(), sign)
	ok(t, err)
	put(t, dir, "notes.json", "{}")
	items, err := List(dir)
	if err != nil || len(items) != len(cases)+1 {
		t.Fatal(err, items)
	}
	n := 0
	for _, it := range items {
		if it.Path == ok2 && !it.Partial && it.Kind == KindErasure && it.FinishedAt == "2026-06-27T12:02:00+05:30" {
			n++
		}
	}
	put(t, dir, "01J1CK8Z8ZQ8YV3W4X5Y6Z7A8C.json", "{")
	if items, err := List(dir); err == nil || len(items) != len(cases)+1 || n != 1 {
		t.Fatal("a damaged file is passed over", err, n)
	}
	if items, err := List(filepath.Join(dir, "none")); err != nil || items != nil {
		t.Fatal(err)
	}
}

func TestCertificateRefusals(t *testing.T) {
	cases := map[string]func(*Certificate){
		"id":            func(c *Certificate) { c.CertificateID = "../../x" },
		"kind":          func(c *Certificate) { c.Kind = "erase" },
		"plan hash":     func(c *Certificate) { c.PlanSHA256 = "abc" },
		"token":         func(c *Certificate) { c.SubjectTokens = []string{"asha"} },
		"times":         func(c *Certificate) { c.FinishedAt = c.StartedAt.Add(-time.Second) },
		"no times":      func(c *Certificate) { c.FinishedAt = time.Time{} },
		"date":          func(c *Certificate) { c.Backups.ClearBy = "27/07/2026" },
		"release date":  func(c *Certificate) { c.Residuals[0].ReleaseOn = "soon" },
		"reason":        func(c *Certificate) { c.Residuals[0].Reason = "" },
		"counts":        func(c *Certificate) { c.Scope[0].Erased = 9 },
		"negative":      func(c *Certificate) { c.Scope[0].Kept = -1 },
		"negative hits": func(c *Certificate) { c.Verification.LiveHits = -1 },
	}
	for name, change := range cases {
		c, dir := certificate(), t.TempDir()
		change(&c)
		if _, err := Issue(dir, c, sign); err == nil || errors.Is(err, ErrPartial) {
			t.Errorf("%s: %v", name, err)
		}
		if f, err := os.ReadDir(dir); err != nil || len(f) > 0 {
			t.Errorf("%s: something was written", name)
		}
	}
	for name, change := range map[string]func(*Certificate){
		"email":       func(c *Certificate) { c.Scope[0].Store = "asha@example.com" },
		"phone":       func(c *Certificate) { c.Residuals[0].Citation = "see +91 98765 43210" },
		"in a report": func(c *Certificate) { c.Method[0].Note = "9876543210"; c.Verification.LiveHits = 1 },
	} {
		c := certificate()
		change(&c)
		if _, err := Issue(t.TempDir(), c, sign); !errors.Is(err, ErrPersonal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Issue(t.TempDir(), certificate(), func([]byte) []byte { return nil }); err == nil {
		t.Error("an unsigned certificate was issued")
	}
}
