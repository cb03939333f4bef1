package extract

import (
	"testing"

	"github.com/cratio/sutra/lineage"
)

// TestInitialsOfTheirOwn holds that no two letters are one initial: they would make
// R. Verma and S. Verma one name under some keys.
func TestInitialsOfTheirOwn(t *testing.T) {
	for _, h := range []Hasher{shaHash{}, saltedHash("1"), saltedHash("2")} {
		seen := map[uint32]rune{}
		for _, r := range "abcdefghijklmnopqrtuwxyzअआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह" { // v and s are what w and z are taken for
			sig := NameSignature(h, string(r))
			if len(sig) != 1 || sig[0]&0xffffff != 0 {
				t.Fatalf("the signature of %c: %x", r, sig)
			}
			if was, twice := seen[sig[0]]; twice {
				t.Errorf("%c and %c are one initial", was, r)
			}
			seen[sig[0]] = r
		}
	}
}

// saltedHash is shaHash under another key.
type saltedHash string

func (s saltedHash) Token(kind, value string) lineage.Token {
	return shaHash{}.Token(string(s)+kind, value)
}
func (s saltedHash) Sum(msg []byte) uint64 { return shaHash{}.Sum(append([]byte(s), msg...)) }

func (s saltedHash) Word(w string) uint32 { return shaHash{}.Word(string(s) + w) }

// TestSoundsAlike compares spellings that differ in their first letter, and initials.
func TestSoundsAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{{"Wasim Khan", "Vasim Khan", true}, {"W. Khan", "Vasim Khan", true}, {"Zubin Rao", "Subin Rao", true}, {"Wasim Khan", "Nasim Khan", false},
		{"RK Sharma", "Ramesh Kumar Sharma", true}, {"RK Sharma", "R. K. Sharma", true}, {"Md Asif", "Mohammed Asif", true}, {"Ramesh Kr Sharma", "Ramesh Kumar Sharma", true},
		{"SK Sharma", "Ramesh Kumar Sharma", false}, {"Om Sharma", "Ojas Mohan Sharma", false}} {
		if got := NameSignature(shaHash{}, c.a).Agrees(NameSignature(shaHash{}, c.b)); got != c.same {
			t.Errorf("%s and %s: agree %v", c.a, c.b, got)
		}
	}
}
