package crm

import (
	"context"
	"fmt"
	"strings"
)

// opened finds the collection and its table, and makes sure that its keys name one row each.
func (s *source) opened(ctx context.Context, ss *session, sc *schema, collection string) (*layout, error) {
	l, err := s.layout(sc, collection)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	silent := s.silent[collection]
	s.mu.Unlock()
	if silent != "" {
		return nil, closedError{fmt.Errorf("the rows of collection %q could not be listed: %s", collection, silent)}
	}
	why, err := s.shared(ctx, ss, l)
	if d, ok := s.d.(doubtful); ok && err == nil && why == "" {
		why, err = d.alike(ctx, ss, sc, l)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("comparing the keys of table %q: %w", l.table.name, err)
	case why != "":
		return nil, closedError{fmt.Errorf("collection %q cannot be read: %s", collection, why)}
	}
	return l, nil
}

// shared looks for rows that have one key, where the catalog names another key than the
// table's own: what is one's would be handed to the other, and be erased with the other's.
// The answer holds until the tables are listed again.
func (s *source) shared(ctx context.Context, ss *session, l *layout) (string, error) {
	pk := l.coll.PrimaryKey()
	if len(pk) == 0 || len(l.missing) > 0 || l.table.key(pk) {
		return "", nil
	}
	s.mu.Lock()
	why, known := s.sharing[l.coll.Name]
	s.mu.Unlock()
	if known {
		return why, nil
	}
	cols := make([]string, len(pk))
	for i, n := range pk {
		cols[i] = s.d.quote(l.table.column(n).name)
	}
	found, err := ss.one(ctx, "SELECT 1 FROM "+l.table.from+" WHERE "+strings.Join(cols, " IS NOT NULL AND ")+" IS NOT NULL GROUP BY "+list(cols)+" HAVING count(*) > 1 LIMIT 1")
	if err != nil {
		return "", err
	}
	if found != "" {
		why = fmt.Sprintf("several rows have the key that the catalog names (%s): name a key that is one row's, or mark none as primary_key", strings.Join(pk, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sharing == nil {
		s.sharing = map[string]string{}
	}
	s.sharing[l.coll.Name] = why
	return why, nil
}
