package connectors

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
)

// shelf is a source of some units; with finds it is a Finder too.
type shelf struct {
	units []string
	err   error
	lists int
	finds []string
}

func (s *shelf) Units(context.Context) iter.Seq2[Unit, error] {
	s.lists++
	return func(yield func(Unit, error) bool) {
		for _, k := range s.units {
			if !yield(Unit{Key: k}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(Unit{}, s.err)
		}
	}
}

func (s *shelf) Read(context.Context, Unit) iter.Seq2[Batch, error] { return nil }
func (s *shelf) Close() error                                       { return nil }

type finding struct{ *shelf }

func (f finding) Find(_ context.Context, key string) iter.Seq2[Unit, error] {
	f.finds = append(f.finds, key)
	return func(yield func(Unit, error) bool) {
		if f.err != nil {
			yield(Unit{}, f.err)
			return
		}
		for _, k := range f.units {
			if k[:1] == key[:1] && !yield(Unit{Key: k}, nil) {
				return
			}
		}
	}
}

func TestFind(t *testing.T) {
	collect := func(s Source, keys map[string]bool) (out []string, last error) {
		for u, err := range Find(context.Background(), s, keys) {
			if last = err; err == nil {
				out = append(out, u.Key)
			}
		}
		return out, last
	}
	want := map[string]bool{"a": true, "c": true, "gone": true}
	s := &shelf{units: []string{"a", "b", "c"}}
	if got, err := collect(s, want); err != nil || !slices.Equal(got, []string{"a", "c"}) || s.lists != 1 {
		t.Errorf("by listing: %q, %v", got, err)
	}
	f := finding{&shelf{units: []string{"a", "a?old", "b", "c"}}}
	if got, err := collect(f, map[string]bool{"a": true, "a?old": true, "c": true, "gone": true}); err != nil || !slices.Equal(got, []string{"a", "a?old", "c"}) || f.lists != 0 {
		t.Errorf("one by one: %q, %v", got, err)
	}
	many := map[string]bool{"a": true}
	for i := range FindAtMost {
		many[string(rune('\u1000'+i))] = true
	}
	if got, err := collect(f, many); err != nil || !slices.Equal(got, []string{"a"}) || f.lists != 1 {
		t.Errorf("many: %q, %v, %d listings", got, err, f.lists)
	}
	f.err = errors.New("no")
	if _, err := collect(f, want); !errors.Is(err, f.err) {
		t.Errorf("a failing source: %v", err)
	}
}
