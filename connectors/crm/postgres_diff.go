package crm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// historyOf is what has to be the same for transaction numbers to be comparable, and for
// rows that were not written since to be what they were:
//
//   - the server has not been started since, nor recovered from a crash, which resets
//     its statistics. Numbers are given twice after a backup was restored, a snapshot of
//     the disk was taken back, or commits that had not reached the disk were lost. A
//     standby is no server for this: it may be promoted without a start.
//   - the table is the same one over the same file (TRUNCATE, VACUUM FULL, a table that
//     was renamed into its place), it has no children that may come and go, and its
//     columns are the same, also those that rows do not hold yet (a default that was
//     added).
const historyOf = `SELECT txid_snapshot_xmin(txid_current_snapshot())::text, txid_snapshot_xmax(txid_current_snapshot())::text,
	concat_ws(' ', (SELECT oid FROM pg_database WHERE datname = current_database()), c.oid, pg_relation_filenode(c.oid),
		extract(epoch FROM pg_postmaster_start_time()), extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT md5(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod), ',' ORDER BY a.attnum)) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)),
	txid_current_snapshot()::text
	FROM pg_class c WHERE c.oid = %d AND c.relkind = 'r' AND NOT c.relhassubclass AND NOT pg_is_in_recovery()`

// marks are those of tables in the state that transactions share, by the table's number.
// Their history is not hashed yet.
type marks struct {
	state string
	of    map[int64]mark
}

// mark implements differ. What a transaction wrote that was open when a unit was read
// is not older than the first open transaction, however late it was committed.
func (d *postgres) mark(ctx context.Context, s *session, l *layout, sp span) (m mark, err error) {
	if !l.tellable() {
		return mark{}, nil
	}
	m, err = d.tableMark(ctx, s, l.table)
	if err != nil || m.history == "" {
		return mark{}, err
	}
	h := sha256.New()
	put(h, m.history)
	put(h, l.meaning())
	if !l.table.ordinal { // the same names of cuts may come to stand for other keys
		lo, hi, err := d.sp.ends(ctx, s, l, sp)
		if err != nil {
			return mark{}, err
		}
		for _, v := range slices.Concat(lo, []any{nil}, hi) {
			put(h, v)
		}
	}
	m.history = hex.EncodeToString(h.Sum(nil)[:16])
	return m, nil
}

// tableMark asks for the mark of a table, once in a state that is shared. A history that
// changes after that is not the one that the next listing finds.
func (d *postgres) tableMark(ctx context.Context, s *session, t *table) (m mark, err error) {
	if s.state != "" {
		d.mu.Lock()
		known, ok := d.marks.of[t.oid]
		ok = ok && d.marks.state == s.state
		d.mu.Unlock()
		if ok {
			return known, nil
		}
	}
	err = s.each(ctx, fmt.Sprintf(historyOf, t.oid), nil, func(v []any) (err error) {
		if m.open, err = strconv.ParseUint(str(v[0]), 10, 64); err == nil {
			m.next, err = strconv.ParseUint(str(v[1]), 10, 64)
		}
		if err != nil {
			return fmt.Errorf("the server's snapshot has no number")
		}
		m.history, m.snapshot = str(v[2]), str(v[3])
		return nil
	})
	if err != nil || s.state == "" {
		return m, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.marks.state != s.state {
		d.marks = marks{s.state, map[int64]mark{}}
	}
	d.marks.of[t.oid] = m
	return m, nil
}

// changed implements differ. age counts from the newest transaction back, with the sign
// of a 32-bit number: rows so old that their numbers seem to lie ahead meet the
// condition too, and are read once more than they had to be.
func (d *postgres) changed(from mark) string {
	return fmt.Sprintf("age(xmin) <= (SELECT age('%d'::xid))", uint32(from.open))
}
