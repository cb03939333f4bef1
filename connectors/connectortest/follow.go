package connectortest

import (
	"context"
	"maps"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// testFollow deletes a third of every unit's records. Where the source says what became
// of the others, they have to stand where it says, and what is looked at near the changes
// has to be what reading the unit brings.
func testFollow(t *testing.T, _ Suite, s connectors.Source) {
	f, ok := s.(connectors.Follower)
	if !ok {
		return
	}
	ctx := context.Background()
	for _, u := range list(t, s) {
		before, _, err := collect(u.Key, s.Read(ctx, u))
		if err != nil {
			t.Fatal(err)
		}
		var edits []connectors.Edit
		var left []Record
		for i, r := range before {
			if i%3 == 1 {
				edits = append(edits, deletion(r))
			} else {
				left = append(left, r)
			}
		}
		next, out, err := f.Erase(ctx, u, edits)
		if err != nil || out.Gone || out.Deleted != len(edits) || len(edits) == 0 {
			continue // what it cannot delete alone is not followed
		}
		how, err := f.Follow(ctx, next, edits)
		if err != nil {
			t.Fatalf("unit %s: %v", u.Key, err)
		}
		if how == nil {
			continue
		}
		after, _, err := collect(u.Key, s.Read(ctx, next))
		if err != nil || len(after) != len(left) {
			t.Fatalf("unit %s: %d records, want %d (%v)", u.Key, len(after), len(left), err)
		}
		now := map[string]Record{}
		for _, r := range after {
			now[r.place()] = r
		}
		for _, r := range left {
			was := r.Locator
			r.Locator = how.Moved(r.Collection, r.Locator)
			if !maps.Equal(now[r.place()].Values, r.Values) {
				t.Errorf("unit %s: what stood at %s does not stand at %s", u.Key, was, r.Locator)
			}
		}
		lookWant(t, f, next, how, now)
	}
}

// lookWant looks at the places of a change.
func lookWant(t *testing.T, f connectors.Follower, u connectors.Unit, how *connectors.Followed, now map[string]Record) {
	t.Helper()
	var refs []connectors.Ref
	want := map[string]bool{}
	for _, r := range how.Near {
		there, ok := now[Record{Unit: u.Key, Collection: r.Collection, Locator: r.Locator}.place()]
		if r.At = there.at; ok {
			want[there.place()] = true
		}
		if ok || how.Alone {
			refs = append(refs, r)
		}
	}
	if len(want) == 0 {
		return
	}
	got, _, err := collect(u.Key, f.Look(context.Background(), u, refs))
	if err != nil && !how.Alone {
		return // its records have no positions
	}
	if err != nil {
		t.Fatalf("unit %s: %v", u.Key, err)
	}
	for _, r := range got {
		if delete(want, r.place()); !maps.Equal(now[r.place()].Values, r.Values) {
			t.Errorf("unit %s: %s looks otherwise than it reads", u.Key, r.Locator)
		}
	}
	if len(want) > 0 {
		t.Errorf("unit %s: %d places were not looked at", u.Key, len(want))
	}
}
