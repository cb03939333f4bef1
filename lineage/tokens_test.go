package lineage

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// ofRows makes the tokens of rows of a table with a key, a reference to rows of another
// one, and two identifiers of a person.
func ofRows(k *keyring, rows int) (out []Token) {
	s := k.state()
	defer k.macs.Put(s)
	for i := range rows {
		out = append(out, s.token("crm.leads.id", strconv.Itoa(5_000_050+i)), s.token("phone", strconv.Itoa(i)), s.token("crm.contacts.id", strconv.Itoa(70_003-i)), s.token("email", strconv.Itoa(i)))
	}
	return out
}

func readTokens(b []byte, width int) ([]byte, bool) {
	d := decoder{in: b}
	out := d.tokens(width)
	return out, !d.bad && len(d.in) == 0
}

func plainTokens(list []Token, width int) (out []byte) {
	for i := range list {
		out = append(out, list[i][:width]...)
	}
	return out
}

// TestTokensOfRows wants one byte of every token of a row, but where a hundred of them ends.
func TestTokensOfRows(t *testing.T) {
	k, err := newKeyring(testKey)
	if err != nil {
		t.Fatal(err)
	}
	list := ofRows(k, blockRows)
	for _, width := range []int{halfToken, wholeToken} {
		out := appendTokens(nil, list, width)
		if got, ok := readTokens(out, width); !ok || !bytes.Equal(got, plainTokens(list, width)) {
			t.Fatalf("width %d: other tokens came back", width)
		}
		persons, rows, bitmap, head := 2*blockRows*width, 2*blockRows, len(list)/8, 3
		if most := head + bitmap + persons + rows + 6*width; len(out) > most {
			t.Errorf("width %d: %d bytes, want at most %d", width, len(out), most)
		}
	}
}

// TestTokensRoundTrip writes tokens of any number in a row, of few families.
func TestTokensRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) (x Token) {
			x[0], x[restAt], x[8] = rapid.Byte().Draw(t, "family")&3, rapid.Byte().Draw(t, "row"), rapid.Byte().Draw(t, "rest")&1
			return x
		})
		list := rapid.SliceOfN(one, 0, 100).Draw(t, "tokens")
		width := rapid.SampledFrom([]int{halfToken, wholeToken}).Draw(t, "width")
		out := appendTokens(nil, list, width)
		if got, ok := readTokens(out, width); !ok || !bytes.Equal(got, plainTokens(list, width)) {
			t.Fatalf("%x came back as %x", list, got)
		}
		if len(out) > 0 {
			if _, ok := readTokens(out[:len(out)-1], width); ok && len(list) > 0 {
				t.Fatal("tokens that were cut short were read")
			}
		}
	})
}

// TestPageOfRows wants the tokens of neighbours in few bytes of a page, and back as they were.
func TestPageOfRows(t *testing.T) {
	k, err := newKeyring(testKey)
	if err != nil {
		t.Fatal(err)
	}
	list := ofRows(k, 1000)
	slices.SortFunc(list, func(a, b Token) int { return bytes.Compare(a[:], b[:]) })
	var p page
	for i := range list {
		name := name16(list[i])
		p.add(&name, []byte{byte(i)})
	}
	if most := 2*1000*(1+16+2) + 2*1000*(2+2) + 30*16; len(p.data) > most {
		t.Errorf("%d bytes, want at most %d", len(p.data), most)
	}
	e := entries{data: p.data}
	for i := range list {
		if ok, err := e.next(); !ok || err != nil || Token(e.name) != list[i] || !bytes.Equal(e.value, []byte{byte(i)}) {
			t.Fatalf("entry %d: %v, %v", i, ok, err)
		}
	}
	if ok, err := e.next(); ok || err != nil {
		t.Fatalf("behind the last entry: %v, %v", ok, err)
	}
}
