package pipeline

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"github.com/cratio/sutra/lineage"
)

// TestWorded: a plan is refused when a word on one of its people, in their account, was said or
// taken back since, and for no other word.
func TestWorded(t *testing.T) {
	phone, family, theirs, others := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}, lineage.Token{4}
	word := func(account string, a, b lineage.Token) *lineage.Word {
		return &lineage.Word{ID: "w", Account: account, A: a, B: b}
	}
	for _, tt := range []struct {
		name  string
		kind  string
		word  *lineage.Word
		known bool
		fine  bool
	}{
		{"none", "erase", nil, false, true},
		{"known", "erase", word("A1", phone, theirs), true, true},
		{"said since", "erase", word("A1", phone, theirs), false, false},
		{"said since, the other way round", "erase", word("A1", theirs, phone), false, false},
		{"said since of what she shares", "erase", word("A1", family, theirs), false, false},
		{"said since of others", "erase", word("A1", theirs, others), false, true},
		{"said since in another account", "erase", word("A2", phone, theirs), false, true},
		{"taken back", "erase", nil, true, false},
		{"said since of who is not asked about", "retain", word("A1", phone, theirs), false, true},
	} {
		s := crmSite(t)
		if tt.word != nil {
			doc, err := json.Marshal(tt.word)
			if err == nil {
				err = s.Graph.PutDoc(linkBucket, "w", doc)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		p := &Plan{Kind: tt.kind}
		p.body.Subjects = []planSubject{{Account: "A1", Tokens: map[string]string{hex.EncodeToString(phone[:]): "phone"}, Shared: map[string]string{hex.EncodeToString(family[:]): "phone"}}}
		p.body.Known = map[string]bool{wordMark + "w": tt.known}
		if !tt.known {
			p.body.Known = map[string]bool{}
		}
		a := &application{Site: s, plan: &planFile{Plan: p}}
		if err := a.worded(); (err == nil) != tt.fine || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
