package main

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestBundleOrder holds that a bundle does not depend on which file was read first: a graph
// that grew night by night and one that is made anew hand out the same bytes.
func TestBundleOrder(t *testing.T) {
	s := inSite(t, "people", "class: account_crm", "          - {name: remark, data_categories: [user.content]}\n")
	s.put("in/people/b.csv", "email,remark\nasha@example.com,ask bharat@example.com\n")
	s.run("scan")
	s.put("in/people/a.csv", "email,remark\nasha@example.com,ask chetan@example.com\n")
	s.run("scan")
	s.put("anew.yaml", "state: anew/\nsources:\n  files: {connector: files, url: \"file:in/\", catalog: files.yaml}\n")
	s.run("--config", "anew.yaml", "scan")
	s.run("access", "asha@example.com", "-o", "grown.zip")
	s.run("--config", "anew.yaml", "access", "asha@example.com", "-o", "anew.zip")
	if a, b := handed(t, filepath.Join(s.dir, "grown.zip")), handed(t, filepath.Join(s.dir, "anew.zip")); a != b || !strings.Contains(a, "[PERSON-2]") {
		t.Errorf("a graph that grew hands out\n%s\nand a new one\n%s", a, b)
	}
}

// handed is the copy in a bundle, file by file.
func handed(t *testing.T, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out strings.Builder
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "data/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(f.Name + "\n")
		if _, err := io.Copy(&out, r); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}
