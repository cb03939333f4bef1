package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// built says where the dataset of a source comes from.
type built struct {
	file *catalogFile
	ds   int    // index of the dataset in the file
	key  string // its fides_key as written
}

// dataset finds the catalog's dataset of a source.
func (l *loader) dataset(s *Source, kind connectors.Kind, n *yamltree.Node, at yamltree.Pos) built {
	if n == nil {
		if kind.Catalog == nil && l.bare {
			s.Dataset = connectors.Dataset{Key: s.Name, Name: s.Name}
			return built{}
		}
		if kind.Catalog == nil {
			l.r.Errorf(at, "add catalog: FILE.yaml; `sutra discover "+s.Name+"` proposes one", "source %s needs a catalog: connector %s has none of its own", s.Name, s.Connector)
			return built{}
		}
		f := l.embedded(s, kind)
		return l.choose(s, f, at)
	}
	name := l.r.Word(n, "sources."+s.Name+".catalog")
	if name == "" {
		return built{}
	}
	s.Catalog = l.path(name)
	f := l.files[s.Catalog]
	if f == nil {
		data, err := os.ReadFile(s.Catalog)
		if l.bare && errors.Is(err, fs.ErrNotExist) {
			s.Dataset = connectors.Dataset{Key: s.Name, Name: s.Name}
			return built{}
		}
		if err != nil {
			l.r.Errorf(n.Pos, "", "the catalog %s of source %s cannot be read: %s", name, s.Name, reason(err))
			return built{}
		}
		f = parseCatalog(l.shown(name), data)
		l.files[s.Catalog] = f
		l.order = append(l.order, f)
	}
	return l.choose(s, f, n.Pos)
}

func (l *loader) embedded(s *Source, kind connectors.Kind) *catalogFile {
	s.Catalog = "\x00" + s.Connector // no path; see sources
	f := l.files[s.Catalog]
	if f == nil {
		f = parseCatalog("catalog of connector "+s.Connector, kind.Catalog)
		f.embedded = true
		l.files[s.Catalog] = f
		l.order = append(l.order, f)
	}
	return f
}

// choose takes the dataset whose fides_key is the source's name, or the only one.
func (l *loader) choose(s *Source, f *catalogFile, at yamltree.Pos) built {
	pick := -1
	var keys []string
	for i, d := range f.datasets {
		keys = append(keys, d.Key)
		if d.Key == s.Name {
			pick = i
		}
	}
	switch {
	case pick < 0 && len(keys) == 1:
		pick = 0
	case pick < 0 && len(keys) > 1:
		l.r.Errorf(at, "name the source after one of them", "the catalog %s holds several datasets (%s) and none is named %s", f.r.File, list(keys), s.Name)
		return built{}
	case pick < 0:
		if len(f.r.Errors) == 0 {
			l.r.Errorf(at, "", "the catalog %s holds no dataset", f.r.File)
		}
		return built{}
	}
	s.Dataset = f.clone(pick)
	s.Dataset.Key = s.Name
	return built{file: f, ds: pick, key: f.datasets[pick].Key}
}

// unused warns about datasets that no source reads.
func (l *loader) unused(f *catalogFile) {
	if f.embedded {
		return
	}
	for i, d := range f.datasets {
		if !slices.ContainsFunc(l.built, func(b built) bool { return b.file == f && b.ds == i }) {
			f.r.Warnf(f.at[i], "", "no source uses dataset %q", d.Key)
		}
	}
}

// reason says why a file cannot be read, without its path.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
