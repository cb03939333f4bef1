package lineage

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cratio/sutra/connectors"
)

// appendUnit encodes the state of a unit. There may be tens of millions of them, one
// for every recording, so none of the names of its fields is written.
func appendUnit(out []byte, st *UnitState) []byte {
	out = binary.AppendUvarint(out, uint64(st.ID))
	out = binary.AppendUvarint(out, st.Generation)
	for _, s := range []string{st.Source, st.Unit.Key, st.Unit.Fingerprint, st.Unit.Account, st.Digest, st.Catalog, st.Mark} {
		out = appendStr(out, s)
	}
	at := int64(0)
	if !st.CommittedAt.IsZero() {
		at = st.CommittedAt.UnixMilli()
	}
	for _, n := range []int64{st.Unit.Size, int64(st.Records), int64(st.Sightings), at} {
		out = binary.AppendVarint(out, n)
	}
	out = binary.AppendUvarint(out, uint64(len(st.Gaps)))
	for _, g := range st.Gaps {
		out = appendStr(appendStr(out, g.Locator), g.Reason)
	}
	return st.places.append(st.patched.append(append(out, st.flags())))
}

// Flags of a unit, as they are written.
const (
	flagAccounts = 1 << iota
	flagAgain
)

func (st *UnitState) flags() (b byte) {
	if st.Accounts {
		b |= flagAccounts
	}
	if st.Again {
		b |= flagAgain
	}
	return b
}

// readUnit decodes the state of a unit; its time is of milliseconds, in UTC.
func readUnit(b []byte) (*UnitState, error) {
	d := &decoder{in: b}
	st := &UnitState{ID: uint32(d.uint()), Generation: d.uint()}
	for _, s := range []*string{&st.Source, &st.Unit.Key, &st.Unit.Fingerprint, &st.Unit.Account, &st.Digest, &st.Catalog, &st.Mark} {
		*s = d.str()
	}
	st.Unit.Size, st.Records, st.Sightings = d.int(), int(d.int()), int(d.int())
	if at := d.int(); at != 0 {
		st.CommittedAt = time.UnixMilli(at).UTC()
	}
	for n := d.count(2); n > 0; n-- {
		st.Gaps = append(st.Gaps, connectors.Gap{Locator: d.str(), Reason: d.str()})
	}
	flags := d.byte()
	st.Accounts, st.Again = flags&flagAccounts != 0, flags&flagAgain != 0
	st.patched, st.places = d.patched(), d.places()
	if d.bad || len(d.in) > 0 {
		return nil, fmt.Errorf("read the state of a unit: %w", errBlock)
	}
	return st, nil
}
