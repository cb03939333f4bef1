package crm

import "unsafe"

// rawRows puts rows of text into a batch.
type rawRows struct {
	e       *emitter
	texts   []string
	null    []bool
	check   []bool                        // columns that may hold what is no UTF-8
	decode  []func(b []byte) (any, error) // columns whose text is not passed on as it is, or nil
	times   []*timeText                   // columns of timestamps that come as numbers, or nil
	typed   bool                          // the columns' types are known
	locator []byte
}

func newRawRows(e *emitter) *rawRows {
	n := len(e.l.cols)
	return &rawRows{e: e, texts: make([]string, n), null: make([]bool, n), check: make([]bool, n), decode: make([]func([]byte) (any, error), n), times: make([]*timeText, n)}
}

// add adds a row; the values are valid during the call.
func (r *rawRows) add(raw [][]byte) error {
	for i, b := range raw {
		if r.null[i] = b == nil; r.null[i] {
			continue
		}
		switch {
		case r.times[i] != nil:
			t, err := r.times[i].spell(b)
			if err != nil {
				return err
			}
			r.texts[i] = unsafeText(t)
		case r.decode[i] != nil:
			v, err := r.decode[i](b)
			if err != nil {
				return err
			}
			r.texts[i], _ = spell(v, r.e.l.cols[i].keyed)
		case r.check[i]:
			r.texts[i] = spellBytes(b, r.e.l.cols[i].keyed)
		default:
			r.texts[i] = unsafeText(b)
		}
	}
	if key := r.e.l.key; len(key) == 1 {
		r.locator = append(append(r.locator[:0], pkPrefix...), r.texts[key[0]]...)
		r.e.b.Row(unsafeText(r.locator))
	} else {
		parts := make([]string, len(key))
		for n, i := range key {
			parts[n] = r.texts[i]
		}
		r.e.b.Row(joinKey(parts))
	}
	for i, t := range r.texts {
		if !r.null[i] {
			r.e.b.Set(i, t)
		}
	}
	return r.e.added()
}

// unsafeText is the bytes as a text without a copy: the batch's builder copies it
// before they change.
func unsafeText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
