package chat

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// New returns the codec of an exported text. title is what the file is named
// after, see [Title]. The columns are those of the catalog's fields sent_at,
// date_order, author, partner, mention_author, text, attachment and system.
func New(collection, dataset string, cat connectors.Collection, title string) format.Codec {
	return &codec{collection: collection, fields: connectors.Columns(dataset, cat), title: title}
}

type codec struct {
	collection string
	fields     []connectors.Field
	title      string
	deleted    func(attachment string) // told of the file of a message that goes
	kept       func(attachment string)
}

// Decode implements [format.Codec].
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	v, err := c.survey(in)
	if errors.Is(err, errNoChat) {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: err.Error()}}})
	}
	if err != nil {
		return err
	}
	b := connectors.NewBuilder(memory.DefaultAllocator, c.collection, c.fields)
	defer b.Release()
	gaps, notes := v.gaps, map[string]int(nil)
	if v.assumed() {
		notes = map[string]int{"exported chat whose dates fit both d/m/y and m/d/y; d/m/y is assumed": 1}
	}
	flush := func() error {
		out := connectors.Batch{Collection: c.collection}
		if b.Len() > 0 {
			out = b.Flush()
		}
		out.Gaps, out.Notes, gaps, notes = gaps, notes, nil, nil
		if out.Rows == nil && len(out.Gaps)+len(out.Notes) == 0 {
			return ctx.Err()
		}
		return yield(out)
	}
	err = c.each(in, v, io.Discard, func(m *message) error {
		if m.long {
			gaps = append(gaps, connectors.Gap{Locator: locator(m), Reason: fmt.Sprintf("a message of more than %d MiB", MaxMessage>>20)})
			return nil
		}
		values := v.values(m)
		b.Row(locator(m))
		for i, f := range c.fields {
			if x := values.get(v, f.Name); x != "" {
				b.Set(i, strings.ToValidUTF8(x, "\uFFFD"))
			}
		}
		if b.Full() {
			return flush()
		}
		return nil
	})
	return errors.Join(err, flush())
}

func locator(m *message) string { return "line " + strconv.Itoa(m.line) }

func (c *codec) survey(in format.Input) (*survey, error) {
	r, err := in.Open()
	if err != nil {
		return nil, err
	}
	v, err := look(r, c.title)
	return v, errors.Join(err, r.Close())
}

// each hands on the messages of a file; its byte order mark goes to w.
func (c *codec) each(in format.Input, v *survey, w io.Writer, fn func(*message) error) (err error) {
	r, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	s, mark, err := newScanner(r, v.variant)
	if err != nil {
		return err
	}
	if _, err := w.Write(mark); err != nil {
		return fmt.Errorf("writing a chat: %w", err)
	}
	for {
		m, err := s.message(w)
		if err != nil || m == nil {
			return err
		}
		if err := fn(m); err != nil {
			return err
		}
	}
}

// Rewrite implements [format.Codec]. The name of the file, and with it the
// partner, is not the codec's to change.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	v, err := c.survey(in)
	if err != nil {
		return 0, err
	}
	bw := bufio.NewWriter(w)
	left := 0
	err = c.each(in, v, bw, func(m *message) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := edits.For(c.collection, locator(m))
		if m.long {
			left++ // it stands in bw already
			return nil
		}
		if e != nil && e.Action == connectors.Delete {
			edits.Deleted()
			c.tell(c.deleted, m)
			return nil
		}
		left++
		c.tell(c.kept, m)
		out := m.raw
		if e != nil && e.Rewrite != nil {
			if out = c.redact(v, m, e.Rewrite); !bytes.Equal(out, m.raw) {
				edits.Redacted()
			}
		}
		_, err := bw.Write(out)
		return err
	})
	if err := errors.Join(err, bw.Flush()); err != nil {
		return 0, fmt.Errorf("rewriting a chat: %w", err)
	}
	return left, nil
}

func (c *codec) tell(fn func(string), m *message) {
	if fn == nil {
		return
	}
	_, _, _, body, _, _ := m.parts()
	if a := attachment(string(body)); a != "" {
		fn(a)
	}
}

// redact asks rewrite about every column and writes the message again. An author
// who is emptied leaves a dash.
func (c *codec) redact(v *survey, m *message, rewrite func(connectors.Field, string) (string, connectors.Verdict)) []byte {
	head, author, glue, body, end, _ := m.parts()
	values := v.values(m)
	text, name := string(body), string(author)
	for _, f := range c.fields {
		old := values.get(v, f.Name)
		if old == "" || f.Name == "partner" || f.Name == "sent_at" || f.Name == "date_order" {
			continue
		}
		now, verdict := rewrite(f, old)
		if verdict == connectors.Same {
			continue
		}
		if verdict == connectors.Empty {
			now = ""
		}
		switch f.Name {
		case "author", "mention_author":
			if name = now; name == "" {
				name = "-"
			}
		case "attachment":
			text = strings.ReplaceAll(text, old, now)
		default:
			text = now
		}
	}
	if m.h.end > 0 { // a line that looked like a header would begin a message
		lines := strings.SplitAfter(text, "\n")
		for i := 1; i < len(lines); i++ {
			if _, is := parseHeader([]byte(lines[i]), v.variant); is {
				lines[i] = " " + lines[i]
			}
		}
		text = strings.Join(lines, "")
	}
	out := append(bytes.Clone(head), name...)
	return append(append(append(out, glue...), text...), end...)
}
