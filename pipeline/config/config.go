package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// Error is one mistake in sutra.yaml or in a catalog.
type Error = yamltree.Error

// Errors is every mistake that [Load] or [ParseCatalog] found.
type Errors = yamltree.Errors

// Warning is something that works and is probably not meant.
type Warning = yamltree.Warning

// Config is a sutra.yaml, checked and with its defaults filled in.
type Config struct {
	Path      string   // as it was given to Load
	Dir       string   // the folder of the file, absolute
	State     string   // the state folder, absolute
	Key       KeyRef   // where the key is
	Residency []string // the AWS regions in which a bucket may lie
	Policy    string   // the policy file, absolute; "" means the built-in policy
	Sources   []Source // in file order, at least one

	env func(string) (string, bool)
}

// Source is one configured system of record.
type Source struct {
	Name      string
	Connector string             // a name of the kinds given to Load
	URL       string             // "file:" + absolute path, "s3://...", or a database DSN; may hold a password
	Catalog   string             // the catalog file, absolute; "" when the connector's own catalog is used
	Dataset   connectors.Dataset // its Key is Name, and so is every reference to it
	Account   connectors.AccountRule
	Line      int // in sutra.yaml
}

// Source returns the source with the given name.
func (c *Config) Source(name string) (Source, bool) {
	for _, s := range c.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// databases are the connectors whose sources are tables; every other one reads
// objects.
var databases = []string{"sqlite", "postgres", "mysql", "mariadb"}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// loader is one run of Load.
type loader struct {
	r     *yamltree.Report // of sutra.yaml
	cfg   *Config
	kinds map[string]connectors.Kind
	files map[string]*catalogFile // catalogs read, by absolute path
	order []*catalogFile          // the same, in the order of first use
	built []built                 // parallel to cfg.Sources
	bare  bool                    // a source may be without its catalog
}

// ErrUnreadable marks a configuration file that is not there or cannot be read.
var ErrUnreadable = errors.New("the configuration cannot be read (--config FILE names another one, sutra init DIR writes one)")

// Load reads the configuration at path and the catalogs it names. env answers
// for ${VAR}; kinds are the connectors by the word after `connector:`. The error
// is an [Errors] with everything that is wrong, or the failure to read the file.
func Load(path string, env func(string) (string, bool), kinds map[string]connectors.Kind) (*Config, []Warning, error) {
	return loadWith(path, env, kinds, false)
}

// LoadBare is [Load] for who is about to write a catalog: a source that has none
// yet, or names a file that does not exist yet, has a Dataset without collections.
func LoadBare(path string, env func(string) (string, bool), kinds map[string]connectors.Kind) (*Config, []Warning, error) {
	return loadWith(path, env, kinds, true)
}

func loadWith(path string, env func(string) (string, bool), kinds map[string]connectors.Kind, bare bool) (*Config, []Warning, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("finding the folder of the configuration: %w", err)
	}
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	l := &loader{
		r:   &yamltree.Report{File: path},
		cfg: &Config{Path: path, Dir: filepath.Dir(abs), env: env}, kinds: kinds,
		files: map[string]*catalogFile{}, bare: bare,
	}
	root := yamltree.Parse(l.r, data)
	if root != nil && root.Kind != yamltree.Null && l.r.Map(root, "the configuration") == nil {
		root = nil
	}
	if root != nil {
		l.expand(root)
		l.top(root)
		l.sources(root)
		l.connect()
	}
	errs, warns := l.findings()
	if len(errs) > 0 {
		return nil, warns, errs
	}
	return l.cfg, warns, nil
}

// findings joins what was said of all files, each thing once: a dataset that two
// sources use is checked for both.
func (l *loader) findings() (errs Errors, warns []Warning) {
	reports := []*yamltree.Report{l.r}
	for _, f := range l.order {
		reports = append(reports, f.r)
	}
	seenErr, seenWarn := map[Error]bool{}, map[Warning]bool{}
	for _, r := range reports {
		for _, e := range r.Errors {
			if !seenErr[*e] {
				seenErr[*e] = true
				errs = append(errs, e)
			}
		}
		for _, w := range r.Warnings {
			if !seenWarn[w] {
				seenWarn[w] = true
				warns = append(warns, w)
			}
		}
	}
	return errs, warns
}

// top reads everything but the sources.
func (l *loader) top(root *yamltree.Node) {
	l.r.Known(root, "", "state", "key", "residency", "policy", "sources")
	state := "state/"
	if n := root.Get("state"); n != nil {
		if state = l.r.Word(n, "state"); state == "" {
			state = "state/"
		}
		if strings.Contains(state, "://") {
			l.r.Errorf(n.Pos, "write the path of a folder of this machine", "state is no url: what is known of people is kept in no bucket")
		}
	}
	l.cfg.State = l.path(state)
	l.cfg.Key = l.key(root.Get("key"))
	l.residency(root.Get("residency"))
	if p := l.r.Word(root.Get("policy"), "policy"); p != "" {
		l.cfg.Policy = l.path(p)
		if st, err := os.Stat(l.cfg.Policy); err != nil || st.IsDir() {
			l.r.Errorf(root.Get("policy").Pos, "leave the key out for the built-in policy", "the policy file %s cannot be read", p)
		}
	}
}

func (l *loader) residency(n *yamltree.Node) {
	l.cfg.Residency = []string{"ap-south-1"}
	if n == nil {
		return
	}
	if n.Kind != yamltree.List {
		l.r.Errorf(n.Pos, "write residency: [ap-south-1]", "residency must be a list of regions, not %s", n.Kind)
		return
	}
	var regions []string
	for _, x := range n.Items {
		s := l.r.Word(x, "every item of residency")
		switch {
		case s == "":
		case !nameRule.MatchString(s):
			l.r.Errorf(x.Pos, "a region is written like ap-south-1", "%q is no AWS region", s)
		case !slices.Contains(regions, s):
			regions = append(regions, s)
		}
	}
	if len(n.Items) == 0 {
		l.r.Errorf(n.Pos, "leave the key out for [ap-south-1]", "residency is empty")
	}
	l.cfg.Residency = regions
}

// path makes a path of sutra.yaml absolute.
func (l *loader) path(p string) string {
	p = filepath.FromSlash(p)
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(l.cfg.Dir, p)
}

// shown is the path of a file as error messages name it: relative to where the
// user named sutra.yaml.
func (l *loader) shown(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(l.cfg.Path), filepath.FromSlash(p))
}

func known(kinds map[string]connectors.Kind) []string {
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

func list(words []string) string { return strings.Join(words, ", ") }
