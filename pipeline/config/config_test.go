package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/policy"
)

const recordingsCatalog = `
dataset:
  - fides_key: recordings
    collections:
      - name: calls
        meta: {sutra: {class: call_recording, recorded_at: recorded_at, trigger: recorded_at, erase: delete, path: ["**/*.m4a", "**/*.wav"]}}
        fields:
          - {name: key, data_categories: [user.content.private]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: recorded_at, data_categories: [system.operations]}
      - name: sidecars
        meta: {sutra: {class: call_recording, path: "**/*.json"}}
        fields:
          - {name: stem, fides_meta: {references: [{dataset: recordings, field: calls.key}]}, meta: {sutra: {role: member}}}
`

var testKinds = map[string]connectors.Kind{
	"sqlite": {Name: "sqlite"}, "postgres": {Name: "postgres"}, "mysql": {Name: "mysql"}, "files": {Name: "files"},
	"recordings": {Name: "recordings", Catalog: []byte(recordingsCatalog)},
}

func env(name string) (string, bool) {
	v, ok := map[string]string{"CRM_DSN": "postgres://u:s3cret@h/db", "TWICE": "${CRM_DSN}", "EMPTY": "",
		"SUTRA_KEY": strings.Repeat("ab", 32)}[name]
	return v, ok
}

const smallCatalog = `dataset:
- fides_key: crm
  collections:
  - name: leads
    meta: {sutra: {class: account_crm}}
    fields:
    - {name: id, fides_meta: {primary_key: true}}
`

// world writes files and returns the path of sutra.yaml.
func world(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "sutra.yaml")
}

// load returns the errors and warnings with the folder cut away.
func load(t testing.TB, files map[string]string) (*Config, []string, []string) {
	t.Helper()
	path := world(t, files)
	c, warns, err := Load(path, env, testKinds)
	clean := func(s string) string { return strings.ReplaceAll(s, filepath.Dir(path)+"/", "") }
	var w, e []string
	for _, x := range warns {
		w = append(w, clean(x.String()))
	}
	if err != nil {
		e = strings.Split(clean(err.Error()), "\n")
	}
	return c, w, e
}

func TestLoad(t *testing.T) {
	c, warns, errs := load(t, map[string]string{"crm.yaml": smallCatalog, "p.yaml": "", "sutra.yaml": `
sources:
  crm: {connector: sqlite, url: "file:crm.db?mode=ro", catalog: crm.yaml}
  calls: {connector: recordings, url: "file:rec/", account: {path: 1}}
  cloud: {connector: recordings, url: s3://b/calls/, account: A1}
  pg: {connector: postgres, url: "${CRM_DSN}", catalog: crm.yaml}
  abs: {connector: recordings, url: file:///data/rec, account: 42}
  odd: {connector: recordings, url: "s3://b/$${x}${TWICE}", account: "{path: 1}"}
policy: p.yaml
`})
	if errs != nil {
		t.Fatal(errs)
	}
	dir := c.Dir
	want := []Source{
		{Name: "crm", URL: "file:" + dir + "/crm.db?mode=ro", Catalog: dir + "/crm.yaml", Line: 3},
		{Name: "calls", URL: "file:" + dir + "/rec/", Account: connectors.AccountRule{Segment: 1}, Line: 4},
		{Name: "cloud", URL: "s3://b/calls/", Account: connectors.AccountRule{Constant: "A1"}, Line: 5},
		{Name: "pg", URL: "postgres://u:s3cret@h/db", Catalog: dir + "/crm.yaml", Line: 6},
		{Name: "abs", URL: "file:/data/rec", Account: connectors.AccountRule{Constant: "42"}, Line: 7},
		{Name: "odd", URL: "s3://b/${x}${CRM_DSN}", Account: connectors.AccountRule{Constant: "{path: 1}"}, Line: 8},
	}
	for i, s := range c.Sources {
		if s.Dataset.Key != s.Name {
			t.Errorf("dataset %s of source %s", s.Dataset.Key, s.Name)
		}
		s.Dataset, s.Connector = connectors.Dataset{}, ""
		if d := cmp.Diff(want[i], s); d != "" {
			t.Error(d)
		}
	}
	if c.State != dir+"/state" || c.Key != (KeyRef{"file", dir + "/sutra.key"}) || !slices.Equal(c.Residency, []string{"ap-south-1"}) || c.Policy != dir+"/p.yaml" {
		t.Errorf("%+v", c)
	}
	if len(warns) != 1 || !strings.Contains(warns[0], "without the quotes") {
		t.Error(warns)
	}
	calls, _ := c.Source("calls")
	side, _ := calls.Dataset.Collection("sidecars")
	if d := cmp.Diff([]connectors.Reference{{Dataset: "calls", Collection: "calls", Field: "key"}}, side.Fields[0].References); d != "" {
		t.Error("embedded references are not renamed:", d)
	}
}

func TestLoadErrors(t *testing.T) {
	const src = "sources: {crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}}\n"
	one := func(s string) string { return "sources: {crm: {" + s + "}}" }
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", []string{"sutra.yaml:1: there are no sources; a source is written NAME: {connector: ..., url: ...}"}},
		{"sources: {}", []string{"sutra.yaml:1: there are no sources; a source is written NAME: {connector: ..., url: ...}"}},
		{"[1]", []string{"sutra.yaml:1: the configuration must be a mapping, not a list"}},
		{"\n\nsources:\n  crm:\n    conector: sqlite\n    url: file:crm.db\n    catalog: crm.yaml\n", []string{
			`sutra.yaml:5: unknown key "conector" under sources.crm; did you mean "connector"?`,
			`sutra.yaml:4: sources.crm has no connector; known connectors: files, mysql, postgres, recordings, sqlite`}},
		{one("connector: sqlit, url: 'file:a'"), []string{`sutra.yaml:1: unknown connector "sqlit" under sources.crm; did you mean "sqlite"? known connectors: files, mysql, postgres, recordings, sqlite`}},
		{one("connector: sqlite, catalog: crm.yaml"), []string{"sutra.yaml:1: sources.crm has no url"}},
		{one("connector: sqlite, url: '${EMPTY}', catalog: crm.yaml"), []string{"sutra.yaml:1: sources.crm has no url"}},
		{one("connector: sqlite, url: '${NOPE}', catalog: crm.yaml"), []string{
			`sutra.yaml:1: environment variable NOPE is not set; set it, or write "$${" for a literal "${"`, "sutra.yaml:1: sources.crm has no url"}},
		{one("connector: sqlite, url: 'file:${NOPE', catalog: crm.yaml"), []string{`sutra.yaml:1: "${" without its "}"; write "$${" for a literal "${"`,
			"sutra.yaml:1: the url of sources.crm has no path"}},
		{one("connector: sqlite, url: '${CRM_DSN}', catalog: crm.yaml"), []string{"sutra.yaml:1: the url of sources.crm must begin with file:; write file:crm.db"}},
		{one("connector: files, url: '/tmp', catalog: crm.yaml"), []string{"sutra.yaml:1: the url of sources.crm must begin with s3:// or file:"}},
		{"state: s3://b/state/\n" + strings.TrimPrefix(one("connector: sqlite, url: file:x.db, catalog: crm.yaml"), "\n"), []string{"sutra.yaml:1: state is no url: what is known of people is kept in no bucket; write the path of a folder of this machine"}},
		{one("connector: files, url: 's3:///x', catalog: crm.yaml"), []string{"sutra.yaml:1: the url of sources.crm names no bucket; write s3://BUCKET/PREFIX/"}},
		{one("connector: files, url: 'file://host/x', catalog: crm.yaml"), []string{"sutra.yaml:1: the url of sources.crm names a host; write file:PATH, or file:///PATH"}},
		{one("connector: postgres, url: 'file:x', catalog: crm.yaml"), []string{"sutra.yaml:1: the url of sources.crm is no database; write a postgres DSN, best as ${VAR}"}},
		{one("connector: files, url: 'file:x'"), []string{"sutra.yaml:1: source crm needs a catalog: connector files has none of its own; add catalog: FILE.yaml; `sutra discover crm` proposes one"}},
		{one("connector: files, url: 'file:x', catalog: no.yaml"), []string{"sutra.yaml:1: the catalog no.yaml of source crm cannot be read: no such file or directory"}},
		{one("connector: sqlite, url: 'file:x', catalog: crm.yaml, account: A1"), []string{"sutra.yaml:1: sources.crm.account is for objects, not for a database; the catalog names the field, in meta.sutra.account of a collection"}},
		{one("connector: files, url: 'file:x', catalog: crm.yaml, account: {path: 0}"), []string{"sutra.yaml:1: sources.crm.account.path must be between 1 and 100"}},
		{one("connector: files, url: 'file:x', catalog: crm.yaml, account: [1]"), []string{"sutra.yaml:1: sources.crm.account must be a constant or {path: N}, not a list"}},
		{one("connector: files, url: 7, catalog: crm.yaml"), []string{"sutra.yaml:1: sources.crm.url must be a text, not a number"}},
		{"sources:\n  Crm: {connector: sqlite}\n", []string{`sutra.yaml:2: source name "Crm" must be lower-case letters, digits, _ and -, beginning with a letter`}},
		{src + "sources: {}\nstate: [x]\n", []string{`sutra.yaml:2: key "sources" is given twice; the first is on line 1`, "sutra.yaml:3: state must be a text, not a list"}},
		{"sources:\n  a: {connector: sqlite, url: 'file:x', catalog: crm.yaml}\n  a: {connector: sqlite}\n", []string{`sutra.yaml:3: key "a" is given twice; the first is on line 2`}},
		{src + "key: abcdef\n", []string{"sutra.yaml:2: key must be file:PATH or env:NAME; the key itself never stands in this file"}},
		{src + "residency: ap-south-1\n", []string{"sutra.yaml:2: residency must be a list of regions, not a text; write residency: [ap-south-1]"}},
		{src + "policy: no.yaml\n", []string{"sutra.yaml:2: the policy file no.yaml cannot be read; leave the key out for the built-in policy"}},
		{src + "sorces: 1\n", []string{`sutra.yaml:2: unknown key "sorces"; did you mean "sources"?`}},
		{"a: [\n", []string{"sutra.yaml:1: not YAML: sequence end token ']' not found"}},
		{"sources: {two: {connector: files, url: 'file:x', catalog: many.yaml}}", []string{
			"sutra.yaml:1: the catalog many.yaml holds several datasets (a, b) and none is named two; name the source after one of them"}},
	} {
		cfg, _, errs := load(t, map[string]string{"sutra.yaml": c.in, "crm.yaml": smallCatalog,
			"many.yaml": "dataset: [{fides_key: a, collections: []}, {fides_key: b, collections: []}]"})
		if d := cmp.Diff(c.want, errs); d != "" || cfg != nil {
			t.Errorf("%s\n%s", c.in, d)
		}
		if strings.Contains(strings.Join(errs, ""), "s3cret") {
			t.Errorf("%s: the error shows a secret", c.in)
		}
	}
	if _, _, err := Load(filepath.Join(t.TempDir(), "x.yaml"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestErrorsAs(t *testing.T) {
	path := world(t, map[string]string{"sutra.yaml": "x: 1\ny: 2\n"})
	_, _, err := Load(path, env, testKinds)
	var one *Error
	var all Errors
	if !errors.As(err, &all) || !errors.As(err, &one) || len(all) != 3 || one.Line != 1 || one.Column != 1 || one.File != path {
		t.Errorf("%v %+v", all, one)
	}
}

func TestKey(t *testing.T) {
	c := Config{env: env}
	file := filepath.Join(t.TempDir(), "k")
	hex := strings.Repeat("0f", 32)
	for _, k := range []struct{ data, want string }{
		{hex, ""}, {hex + "\n", ""}, {strings.ToUpper(hex) + "\r\n", ""}, {strings.Repeat("\x01", 32), ""},
		{hex[:63], "holds 63 bytes"}, {hex[:63] + "g", "not all of them are hexadecimal"}, {"", "holds 0 bytes"},
		{strings.Repeat("0", 64), "all zeros"}, {strings.Repeat("x", 9000), "a key is 64"}, {strings.Repeat("\n", 31), "holds 31 bytes"},
	} {
		if err := os.WriteFile(file, []byte(k.data), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Key = KeyRef{"file", file}
		_, err := c.KeyBytes()
		if (k.want == "") != (err == nil) || err != nil && (!errors.Is(err, ErrKey) || !strings.Contains(err.Error(), k.want) || strings.Contains(err.Error(), "0f0f")) {
			t.Errorf("%.10q: %v", k.data, err)
		}
	}
	c.Key = KeyRef{"env", "SUTRA_KEY"}
	if k, err := c.KeyBytes(); err != nil || k[31] != 0xab {
		t.Error(err)
	}
	for _, bad := range []KeyRef{{"env", "NOPE"}, {"file", file + ".none"}, {}} {
		c.Key = bad
		if _, err := c.KeyBytes(); !errors.Is(err, ErrKey) {
			t.Error(bad, err)
		}
	}
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "place")
	if err := Init(dir); err != nil {
		t.Fatal(err)
	}
	c, warns, err := Load(filepath.Join(dir, "sutra.yaml"), nil, testKinds)
	if err != nil || warns != nil {
		t.Fatal(err, warns)
	}
	if _, err := c.KeyBytes(); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(filepath.Join(dir, "sutra.key")); err != nil || st.Mode().Perm() != 0o600 || st.Size() != 65 {
		t.Error(st, err)
	}
	p, err := policy.Load(c.Policy)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(policy.Default(), p, cmp.AllowUnexported(policy.Floor{})); d != "" {
		t.Error("policy.yaml is not the built-in policy:", d)
	}
	before, err := os.ReadFile(filepath.Join(dir, "sutra.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"", "sutra.yaml", "crm.yaml", "policy.yaml"} {
		if gone != "" {
			if err := os.Remove(filepath.Join(dir, gone)); err != nil {
				t.Fatal(err)
			}
		}
		var exists *ExistsError
		if err := Init(dir); !errors.As(err, &exists) {
			t.Errorf("%v", err)
		}
	}
	left, err := os.ReadDir(dir)
	after, err2 := os.ReadFile(filepath.Join(dir, "sutra.key"))
	if err != nil || err2 != nil || len(left) != 1 || string(before) != string(after) {
		t.Error("a refused init wrote something")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("sources: {crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}}\n"))
	f.Add([]byte("key: env:X\nsources:\n  a: &x {connector: recordings, url: s3://b/, account: {path: 1}}\n  b: *x\n"))
	dir := f.TempDir()
	path := filepath.Join(dir, "sutra.yaml")
	if err := os.WriteFile(filepath.Join(dir, "crm.yaml"), []byte(smallCatalog), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, _, err := Load(path, env, testKinds)
		if (c == nil) == (err == nil) {
			t.Fatal(c, err)
		}
	})
}
