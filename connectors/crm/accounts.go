package crm

import (
	"context"
	"iter"
)

// Accounts implements [connectors.Accountant].
func (s *source) Accounts(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var ids []string
		err := s.reading(ctx, func(ss *session, sc *schema) error {
			for _, c := range s.dataset.Collections {
				l := layoutOf(s.d, s.dataset, s.name, sc, c)
				if !c.Accounts || l.reason != "" {
					continue
				}
				id := l.table.column(c.Account)
				if id == nil {
					continue
				}
				q := s.d.value(id)
				err := ss.each(ctx, "SELECT "+q+" FROM "+l.table.from+" ORDER BY "+q, nil, func(v []any) error {
					if text, ok := spell(v[0], true); ok {
						ids = append(ids, text)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			yield("", err)
			return
		}
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}
