package connectortest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// victim returns a record that the suite may delete, its unit, and all records.
func victim(t *testing.T, o Suite, s connectors.Source) (connectors.Unit, Record, []Record) {
	t.Helper()
	all := readAll(t, s)
	i := slices.IndexFunc(all, o.Victim)
	if i < 0 {
		t.Fatal("no record of the fixture may be deleted")
	}
	return unitOf(t, s, all[i].Unit), all[i], all
}

func unitOf(t *testing.T, s connectors.Source, key string) connectors.Unit {
	t.Helper()
	for _, u := range list(t, s) {
		if u.Key == key {
			return u
		}
	}
	t.Fatalf("unit %s is not listed", key)
	return connectors.Unit{}
}

// deletion deletes r, if it is still what it was.
func deletion(r Record) connectors.Edit {
	return connectors.Edit{Collection: r.Collection, Locator: r.Locator, Action: connectors.Delete,
		Rewrite: func(connectors.Field, string) (string, connectors.Verdict) { return "", connectors.Empty },
		Check: func(v map[string]string) error {
			if !maps.Equal(v, r.Values) {
				return errors.New("another record stands here")
			}
			return nil
		}}
}

func testDelete(t *testing.T, o Suite, s connectors.Source) {
	ctx, e := context.Background(), s.(connectors.Eraser)
	u, v, all := victim(t, o, s)
	next, out, err := e.Erase(ctx, u, []connectors.Edit{deletion(v)})
	if err != nil {
		t.Fatal(err)
	}
	want := minus(contents(all), v.content())
	left := readAll(t, s)
	got := contents(left)
	switch {
	case out.Deleted == 1 && out.Redacted == 0:
		if !slices.Equal(got, want) {
			t.Errorf("the other records are not what they were: %d more than and %d less than the %d wanted: %q",
				len(minus(got, want...)), len(minus(want, got...)), len(want), minus(got, want...))
		}
	case out.Shells == 1 && out.Redacted == 1:
		if len(got) != len(all) || len(minus(got, want...)) != 1 {
			t.Error("a shell was made, and other records are not what they were")
		}
	default:
		t.Errorf("outcome %+v", out)
	}
	if !out.Gone && next != unitOf(t, s, u.Key) {
		t.Error("the unit that Erase returned is not the one that is listed")
	}
	if rest, err := e.Residue(ctx, next, []connectors.Edit{deletion(v)}); err != nil || len(rest) != 0 {
		t.Errorf("residue: %d edits, %v", len(rest), err)
	}
	if out.Shells > 0 {
		return
	}
	_, again, err := e.Erase(ctx, next, []connectors.Edit{deletion(v)})
	if !errors.Is(err, connectors.ErrChanged) && (err != nil || again.Missing != 1 || again.Deleted+again.Redacted != 0) {
		t.Errorf("erasing again: %+v, %v", again, err)
	}
	if !slices.Equal(contents(readAll(t, s)), got) {
		t.Error("erasing again changed something")
	}
}

// testStale asks for ErrChanged. A Digester's fingerprint changes more often than
// its content, and in a database others change other rows of a unit all the time, so
// there Edit.Check is the guard, which testFailedCheck tests.
func testStale(t *testing.T, o Suite, s connectors.Source) {
	if _, ok := s.(connectors.Digester); ok {
		return
	}
	if _, ok := s.(connectors.BatchEraser); ok {
		return
	}
	u, v, all := victim(t, o, s)
	u.Fingerprint += "0"
	if _, _, err := s.(connectors.Eraser).Erase(context.Background(), u, []connectors.Edit{deletion(v)}); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("erasing in a stale unit: %v", err)
	}
	if !slices.Equal(contents(readAll(t, s)), contents(all)) {
		t.Error("erasing in a stale unit changed something")
	}
}

func testFailedCheck(t *testing.T, o Suite, s connectors.Source) {
	u, v, all := victim(t, o, s)
	var edits []connectors.Edit
	for _, r := range all {
		if r.Unit == u.Key {
			edits = append(edits, connectors.Edit{Collection: r.Collection, Locator: r.Locator, Action: connectors.Delete})
		}
	}
	for i := range edits {
		if edits[i].Locator == v.Locator && edits[i].Collection == v.Collection {
			edits[i].Check = func(map[string]string) error { return errors.New("no") }
		}
	}
	if _, _, err := s.(connectors.Eraser).Erase(context.Background(), u, edits); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("erasing with a failing check: %v", err)
	}
	if !slices.Equal(contents(readAll(t, s)), contents(all)) {
		t.Error("a failing check did not stop the other edits")
	}
}

func testGoneRecord(t *testing.T, o Suite, s connectors.Source) {
	e := s.(connectors.Eraser)
	u, v, all := victim(t, o, s)
	v.Locator = vanished(v.Locator)
	next, out, err := e.Erase(context.Background(), u, []connectors.Edit{deletion(v)})
	if err != nil || out.Missing != 1 || out.Deleted+out.Redacted != 0 {
		t.Errorf("erasing a record that is gone: %+v, %v", out, err)
	}
	if rest, err := e.Residue(context.Background(), next, []connectors.Edit{deletion(v)}); err != nil || len(rest) != 0 {
		t.Errorf("residue of a record that is gone: %d, %v", len(rest), err)
	}
	if !slices.Equal(contents(readAll(t, s)), contents(all)) {
		t.Error("erasing a record that is gone changed something")
	}
}

// vanished returns a locator of the same form that no fixture has.
func vanished(locator string) string {
	if locator == "object" {
		return "row 987654321"
	}
	return locator + "98765432"
}

func testRedact(t *testing.T, o Suite, s connectors.Source) {
	ctx, e := context.Background(), s.(connectors.Eraser)
	all := readAll(t, s)
	i := slices.IndexFunc(all, func(r Record) bool { return r.Collection == o.Collection && r.Values[o.Field] != "" })
	if i < 0 {
		t.Fatalf("no record of the fixture has a value in %s.%s", o.Collection, o.Field)
	}
	v := all[i]
	edit := connectors.Edit{Collection: v.Collection, Locator: v.Locator, Action: connectors.Redact,
		Rewrite: func(f connectors.Field, value string) (string, connectors.Verdict) {
			if f.Name == o.Field && value != "" {
				return "", connectors.Empty
			}
			return "", connectors.Same
		}}
	u := unitOf(t, s, v.Unit)
	if rest, err := e.Residue(ctx, u, []connectors.Edit{edit}); err != nil || len(rest) != 1 {
		t.Errorf("residue before: %d, %v", len(rest), err)
	}
	next, out, err := e.Erase(ctx, u, []connectors.Edit{edit})
	if err != nil || out.Redacted != 1 || out.Deleted+out.Missing != 0 || out.Gone {
		t.Fatalf("redacting: %+v, %v", out, err)
	}
	after := readAll(t, s)
	if len(after) != len(all) {
		t.Fatalf("%d records, want %d", len(after), len(all))
	}
	for j, r := range after {
		want := all[j]
		got := maps.Clone(r.Values)
		if j == i {
			if got[o.Field] == want.Values[o.Field] {
				t.Errorf("%s is not empty", o.Field)
			}
			want.Values = maps.Clone(want.Values)
			delete(want.Values, o.Field)
			delete(got, o.Field)
		}
		if r.Locator != want.Locator || !maps.Equal(got, want.Values) {
			t.Errorf("%s of %s is not what it was, but for the field", r.Locator, r.Unit)
		}
	}
	if rest, err := e.Residue(ctx, next, []connectors.Edit{edit}); err != nil || len(rest) != 0 {
		t.Errorf("residue: %d, %v", len(rest), err)
	}
	if _, again, err := e.Erase(ctx, next, []connectors.Edit{edit}); err != nil || again.Redacted != 0 {
		t.Errorf("redacting again: %+v, %v", again, err)
	}
}
