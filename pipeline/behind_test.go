package pipeline

import (
	"encoding/hex"
	"maps"
	"slices"
	"testing"

	"github.com/cratio/sutra/lineage"
)

// TestLeading: what is remembered of an erased person's ids are those by which other records
// may refer to her rows.
func TestLeading(t *testing.T) {
	k := newKinds(nil)
	k.links["crm.contacts.id"], k.links["crm.visits.id"], k.links["call"] = true, true, true
	k.referredTo["crm.contacts.id"], k.referredTo["call"], k.referredTo["phone"] = true, true, true
	got := k.leading(map[lineage.Token]string{{2}: "crm.contacts.id", {1}: "crm.contacts.id", {3}: "crm.visits.id", {4}: "call", {5}: "phone"})
	if want := []lineage.Token{{1}, {2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCarriesAny: a record is found by an identifier of hers that is its own, and not by one
// that it only names, or that is the staff's.
func TestCarriesAny(t *testing.T) {
	hers := lineage.Token{1}
	who := map[string]string{hex.EncodeToString(hers[:]): "phone"}
	for role, want := range map[lineage.Role]bool{lineage.Subject: true, lineage.Party: true, lineage.Key: true, lineage.Mention: false, lineage.Own: false} {
		f := &lineage.Found{Record: lineage.Sighting{Edges: []lineage.Edge{{Token: lineage.Token{9}, Role: lineage.Subject}, {Token: hers, Role: role}}}}
		if got := carriesAny(f, who); got != want {
			t.Errorf("role %v: %v", role, got)
		}
	}
}

// TestKeysOf: with an old copy go the ids of what goes, and of nothing that stays.
func TestKeysOf(t *testing.T) {
	key := func(tok byte) lineage.Edge {
		return lineage.Edge{Token: lineage.Token{tok}, Kind: "crm.contacts.id", Role: lineage.Key}
	}
	copyOf := func(id lineage.RID, edges ...lineage.Edge) lineage.Found {
		return lineage.Found{RID: id, Record: lineage.Sighting{Edges: edges}}
	}
	p := &lineage.Person{Tokens: map[lineage.Token]string{}, Copies: []lineage.Found{
		copyOf(1, key(1), key(2), lineage.Edge{Token: lineage.Token{5}, Kind: "crm.deals.id", Role: lineage.Link}), copyOf(2, key(2), key(3)), copyOf(3, key(4)), copyOf(4, key(6))}}
	for _, tok := range []byte{1, 2, 3, 4, 5} {
		p.Tokens[lineage.Token{tok}] = "crm.contacts.id"
	}
	got := keysOf(p, map[lineage.RID]bool{1: true, 3: true, 4: true})
	if want := map[lineage.Token]string{{1}: "crm.contacts.id", {4}: "crm.contacts.id"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestUsedAgain: an id leads to an erased person until its row is somebody's again.
func TestUsedAgain(t *testing.T) {
	id := lineage.Token{1}
	row := lineage.Sighting{Collection: "contacts", Locator: "pk=1", Account: "A1", Sum: 7, Edges: []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Key}}}
	said, named, note := row, row, row
	said.Categories = []string{"user.content"}
	named.Edges = append(named.Edges[:1:1], lineage.Edge{Token: lineage.Token{2}, Kind: "phone", Role: lineage.Subject})
	note.Collection, note.Categories = "notes", said.Categories
	note.Edges = []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Link}}
	for _, tt := range []struct {
		name  string
		f     lineage.Sighting
		known []uint64
		want  bool
	}{
		{"emptied", row, nil, false},
		{"with what was there then", said, []uint64{3, 7}, false},
		{"with something else", said, []uint64{3}, true},
		{"about somebody", named, []uint64{7}, true},
		{"a note on it", note, nil, false},
	} {
		if got, err := crmSite(t, tt.f).usedAgain(id, tt.known); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// TestLastScan: all was scanned since the scan of the source that was scanned longest ago.
func TestLastScan(t *testing.T) {
	s := crmSite(t)
	other := &Source{}
	other.Name = "files"
	s.Sources = append(s.Sources, other)
	for i, tt := range []struct {
		list      []*Source
		last, all int
	}{{s.Sources[:1], 1, 0}, {s.Sources[:1], 2, 0}, {s.Sources[1:], 3, 2}, {s.Sources[1:], 4, 2}, {s.Sources, 5, 5}, {nil, 5, 5}} {
		if err := s.scanned(tt.list); err != nil {
			t.Fatal(err)
		}
		if last, all, err := s.lastScan(); err != nil || last != tt.last || all != tt.all {
			t.Errorf("scan %d: %d and %d, want %+v; %v", i+1, last, all, tt, err)
		}
	}
	s.Sources = s.Sources[:1]
	if last, all, err := s.lastScan(); err != nil || last != 5 || all != 5 {
		t.Errorf("without a source: %d and %d, %v", last, all, err)
	}
}

// TestNarrow: a plan for an old copy of somebody who is there again of her own will is about the
// identifiers that were erased, and not about those that she has since.
func TestNarrow(t *testing.T) {
	before, since := lineage.Token{1}, lineage.Token{2}
	book := ledger{before: {{Token: before, Account: "A1"}}, since: {{Token: since, Account: "A2"}}}
	pl := &planner{Site: crmSite(t), plan: &Plan{Kind: "erase"}}
	pl.plan.body.Subjects = []planSubject{{Account: "A1", Tokens: hexTokens(map[lineage.Token]string{before: "phone", since: "email"}), Shared: map[string]string{"x": "phone"}}}
	people := []*lineage.Person{{Account: "A1", Tokens: map[lineage.Token]string{before: "phone", since: "email"}}}
	if err := pl.narrow(people, nil, &book); err != nil {
		t.Fatal(err)
	}
	x := pl.plan.body.Subjects[0]
	if want := hexTokens(map[lineage.Token]string{before: "phone"}); !maps.Equal(x.Tokens, want) || len(x.Shared) > 0 || !x.Returned {
		t.Errorf("got %+v, want %v", x, want)
	}
}
