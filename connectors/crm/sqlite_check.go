package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// examine looks at the file: can it be read and written, is it whole, and where
// would erased values stay.
func (d *sqlite) examine(ctx context.Context) ([]connectors.Finding, error) {
	ss, err := d.read(ctx, forNow)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: !errors.Is(err, connectors.ErrBusy)}}, nil
	}
	out, err := d.look(ctx, ss)
	if err = errors.Join(err, ss.end(ctx)); err != nil {
		return nil, err
	}
	return append(out, d.writable(ctx)), nil
}

func (d *sqlite) look(ctx context.Context, ss *session) ([]connectors.Finding, error) {
	out := []connectors.Finding{{What: "reachable", OK: true, Note: "the database file can be read"}}
	whole := connectors.Finding{What: "integrity", OK: true, Note: "quick_check found nothing"}
	verdict, err := ss.one(ctx, "PRAGMA quick_check(1)")
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		whole = connectors.Finding{What: "integrity", Note: err.Error(), Fatal: true}
	case verdict != "ok":
		whole = connectors.Finding{What: "integrity", Note: "quick_check found damage; what lies in damaged pages is reported as a gap"}
	}
	out = append(out, whole)
	mode, err := ss.one(ctx, "PRAGMA journal_mode")
	if err != nil {
		return nil, err
	}
	note := "an erasure is followed by the end of its journal, no log of before is left"
	if strings.EqualFold(mode, "wal") {
		note = "write-ahead log: it is emptied after each erasure, which fails while another process keeps reading an old state"
	}
	free, err := ss.one(ctx, "PRAGMA freelist_count")
	if err != nil {
		return nil, err
	}
	return append(out,
		connectors.Finding{What: "journal", OK: true, Note: note},
		connectors.Finding{What: "free pages", OK: true, Note: free + " free pages; an erasure wipes them and the gaps in pages in use"},
		connectors.Finding{What: "backups", OK: true, Note: "copies of the file (backups, replicas, exports, file system snapshots) are beyond reach: they need a period of their own"},
	), nil
}

// writable tries to begin a write transaction and gives it up.
func (d *sqlite) writable(ctx context.Context) connectors.Finding {
	ss, err := d.write(ctx)
	if err == nil {
		err = ss.end(ctx)
	}
	switch {
	case err == nil:
		return connectors.Finding{What: "permissions", OK: true, Note: "the database can be written"}
	case errors.Is(err, connectors.ErrBusy):
		return connectors.Finding{What: "permissions", Note: "another process holds the database; whether it can be written is not known"}
	}
	return connectors.Finding{What: "permissions", Note: fmt.Sprintf("the database cannot be written, erasing will fail: %v", err)}
}

// leftovers is empty: an erasure wipes the file itself.
func (d *sqlite) leftovers(context.Context, *session, []*table) ([]connectors.Leftover, error) {
	return nil, nil
}
