package vcard

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// aCard draws a card with any mixture of versions, encodings and line ends.
func aCard(t *rapid.T) string {
	eol := rapid.SampledFrom([]string{"\r\n", "\n"}).Draw(t, "eol")
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{
		"N:Verma;Asha", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + ashaQP, "TEL;CELL:98765", " 00001", "\t", "", "NOTE;QUOTED-PRINTABLE:a=", "b=0A=",
		"item1.TEL:1", "no colon", "PHOTO;BASE64:", picture[:76], "AGENT:", "AGENT:BEGIN:VCARD", "BEGIN:VCARD", "END:VCARD", "VERSION:2.1", "VERSION:4.0",
		`ADR;LABEL="a:b":;;x\;y;z`, "X-FOO:\xe9", ":", ";:;", ".:", "a.b.TEL;=:x", "NOTE:{\"a\":1} ::: x", "TEL;ENCODING=B:OTg3", " =", "KEY:x", "\"", " x.AGENT:", "UID;X=\"\\n,:\"",
	}), 0, 12).Draw(t, "lines")
	return strings.Join(append(append([]string{"BEGIN:VCARD"}, lines...), "END:VCARD", ""), eol)
}

// TestModel proves for any cards: a rewrite without edits changes no byte, a
// deletion takes exactly its card away, and a redaction is final.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(aCard), 1, 4).Draw(t, "cards")
		check(t, strings.Join(list, ""), rapid.IntRange(0, 8).Draw(t, "which"))
	})
}

// tester is a test of one or many inputs.
type tester interface {
	Fatalf(format string, args ...any)
}

// rowsOf returns the values of each card by column.
func rowsOf(t tester, data string) (rows []map[string]string, locs []string) {
	err := codecOf().Decode(context.Background(), input(data), func(b connectors.Batch) error {
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			m := map[string]string{}
			for col := range int(b.Rows.NumCols()) {
				if v, ok := connectors.Value(b.Rows, col, r); ok && col > 0 {
					m[b.Rows.ColumnName(col)] = strings.Clone(v)
				} else if ok {
					locs = append(locs, strings.Clone(v))
				}
			}
			rows = append(rows, m)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("decoding %q: %v", data, err)
	}
	return rows, locs
}

func same(a, b []map[string]string) bool {
	return slices.EqualFunc(a, b, func(a, b map[string]string) bool { return maps.Equal(a, b) })
}

// swallows reports a record between a card that is never closed and text outside
// the cards: without the record, that text is the card's.
func swallows(t tester, data string, record int) bool {
	x, err := codecOf().open(strings.NewReader(data))
	if err != nil {
		t.Fatalf("%v", err)
	}
	var kinds []kind
	at := -1
	for {
		b, err := x.next(io.Discard)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if b == nil {
			return at > 0 && kinds[at-1] == open && at+1 < len(kinds) && kinds[at+1] == stray
		}
		if b.raw != nil {
			if record == 0 {
				at = len(kinds)
			}
			record--
		}
		kinds = append(kinds, b.kind)
	}
}

// check proves the promises of a rewrite for any bytes.
func check(t tester, data string, which int) {
	run := func(edits ...connectors.Edit) (string, int, connectors.Outcome) {
		var out bytes.Buffer
		e := format.NewEdits(edits)
		left, err := codecOf().Rewrite(context.Background(), input(data), &out, e)
		if err != nil {
			t.Fatalf("rewriting %q: %v", data, err)
		}
		return out.String(), left, e.Outcome()
	}
	rows, locs := rowsOf(t, data)
	out, total, _ := run()
	if out != data || total < len(rows) {
		t.Fatalf("%q was changed to %q; %d left of %d", data, out, total, len(rows))
	}
	if len(rows) == 0 {
		return
	}
	which %= len(rows)
	out, left, o := run(connectors.Edit{Collection: "contacts", Locator: locs[which], Action: connectors.Delete})
	if got, _ := rowsOf(t, out); swallows(t, data, which) {
		// what follows is a card that nobody closed, and has become longer
	} else if o.Deleted != 1 || left != total-1 || !same(got, slices.Delete(slices.Clone(rows), which, which+1)) {
		t.Fatalf("deleting %s of %q: %q, %d of %d left", locs[which], data, out, left, total)
	}
	// Everything but pictures and names in cards goes.
	empty := func(f connectors.Field, v string) (string, connectors.Verdict) { return "", connectors.Empty }
	out, _, _ = run(connectors.Edit{Collection: "contacts", Locator: locs[which], Action: connectors.Redact, Rewrite: empty})
	got, _ := rowsOf(t, out)
	want := slices.Clone(rows)
	want[which] = map[string]string{}
	if !same(got, want) {
		t.Fatalf("emptying %s of %q: %q: %s", locs[which], data, out, cmp.Diff(want, got))
	}
	const text = "आ, b; c é"
	out, _, _ = run(connectors.Edit{Collection: "contacts", Locator: locs[which], Action: connectors.Redact, Rewrite: set("tel", text, connectors.Set)})
	got, _ = rowsOf(t, out)
	want[which] = rows[which]
	if rows[which]["tel"] != "" {
		got[which]["tel"], want[which]["tel"] = strings.ReplaceAll(got[which]["tel"], text, "x"), "x"
	}
	if delete(got[which], RestColumn); true { // a property that goes takes its parameters with it
		delete(want[which], RestColumn)
	}
	if !same(got, want) {
		t.Fatalf("setting in %s of %q: %q: %s", locs[which], data, out, cmp.Diff(want, got))
	}
}
