package form

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// labelled is the codec of texts in which each line is a label and a value.
type labelled struct {
	*codec
	aliases map[string]string
}

// NewLabels returns a codec for texts such as mails that tell of a lead line by
// line ("Caller Name : Asha", "Area - Andheri"). A record begins with the first
// line, again with a line whose label the record has already, and behind a line of
// dashes; its locator is "line N". A label is a field's name, or an alias of it as connectors.FoldHeader
// folds it; other labels, and lines without one (as "text"), go to [RestColumn].
// A text of more than [MaxLine] bytes is a gap.
func NewLabels(dataset string, cat connectors.Collection, aliases map[string]string) format.Codec {
	c := &labelled{New(dataset, cat).(*codec), aliases}
	return c
}

// labelLine is a line with a label: some words, a colon or a dash, a value.
var labelLine = regexp.MustCompile(`^[ \t>*]*(\pL[\pL\pM\d ./_&()-]{0,40}?)[ \t]*(?::[ \t]*|[ \t]+-[ \t]+)(\S.*?)?[ \t\r]*$`)

// CountLabels returns how many of the lines begin with a label that is known.
func CountLabels(text []byte, known func(folded string) bool) (n int) {
	for line := range bytes.Lines(text) {
		if m := labelLine.FindSubmatch(bytes.TrimRight(line, "\n")); m != nil && known(connectors.FoldHeader(string(m[1]))) {
			n++
		}
	}
	return n
}

// mailHeads are the heads of a mail in which addresses stand.
var mailHeads = map[string]bool{"from": true, "to": true, "cc": true, "bcc": true, "sender": true, "replyto": true, "returnpath": true, "deliveredto": true, "xoriginalto": true, "resentto": true, "resentfrom": true}

var (
	mailBegins = regexp.MustCompile(`^From \S+ .*\d{4}\s*$`) // in a mailbox of several
	mailHead   = regexp.MustCompile(`(?i)^(?:From |[a-z][a-z-]*:)`)
	mailMarks  = regexp.MustCompile(`(?im)^(?:mime-version|content-type|message-id|received):`)
	mailPacked = regexp.MustCompile(`(?im)^content-(?:transfer-encoding:\s*"?(?:quoted-printable|base64)|type:\s*text/html)`)
)

// IsMail reports the head of a mail with its headers.
func IsMail(head []byte) bool {
	head = bytes.TrimLeft(head, "\r\n")
	return mailHead.Match(head) && mailMarks.Match(head)
}

// record is a run of lines about one lead.
type record struct {
	line       int
	start, end int
	pairs      []pair // their places count from start
}

// split takes a text apart.
func (c *labelled) split(text []byte) []record {
	var out []record
	seen := map[string]bool{}
	at, n, cut := 0, 0, false
	for line := range bytes.Lines(text) {
		n++
		start := at
		at += len(line)
		if ruled := isRule(line); ruled || len(bytes.TrimSpace(line)) == 0 {
			if len(out) > 0 {
				out[len(out)-1].end = at
				cut = cut || ruled
			}
			continue
		}
		p, field := c.pair(bytes.TrimRight(line, "\r\n"))
		cut = cut || mailBegins.Match(line)
		if len(out) == 0 || cut || field && seen[p.name] {
			if len(out) == 0 {
				start = 0 // blank lines in front
			}
			out = append(out, record{line: n, start: start})
			clear(seen)
			cut = false
		}
		seen[p.name] = seen[p.name] || field
		r := &out[len(out)-1]
		shift := at - len(line) - r.start
		p.start, p.end, p.at = p.start+shift, p.end+shift, p.at+shift
		r.pairs, r.end = append(r.pairs, p), at
	}
	return out
}

// rule stands between two records; one is written where the record between them
// was taken out, or they would seem to be one person's.
const rule = "---"

// isRule reports a line that is drawn between two records.
func isRule(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) >= len(rule) && strings.IndexByte("-=_*", line[0]) >= 0 && len(bytes.Trim(line, string(line[:1]))) == 0
}

// pair reads a line; field is true when its label is a field of the catalog.
func (c *labelled) pair(line []byte) (p pair, field bool) {
	p = pair{plain: true}
	m := labelLine.FindSubmatchIndex(line)
	if m == nil {
		trimmed := bytes.TrimSpace(line)
		p.name, p.value = "text", string(trimmed)
		p.at = bytes.Index(line, trimmed)
		p.start, p.end = p.at, p.at+len(trimmed)
		return p, false
	}
	p.name = string(line[m[2]:m[3]])
	if mailHeads[connectors.FoldHeader(p.name)] { // whom a mail went to and fro says nothing of whom it is about
		p.name, p.value, p.start, p.at, p.end = "text", string(line[m[2]:]), m[2], m[2], len(line)
		return p, false
	}
	p.start, p.at, p.end = m[2], len(line), len(line)
	if m[4] >= 0 {
		p.value, p.at, p.end = string(line[m[4]:m[5]]), m[4], m[5]
	}
	folded := connectors.FoldHeader(p.name)
	name := c.aliases[folded]
	if _, ok := c.at[folded]; ok {
		name = folded
	}
	if name == "" {
		return p, false
	}
	p.name = name
	return p, true
}

// read returns the text without its byte order mark, and the mark.
func (c *labelled) read(in format.Input) (mark, text []byte, err error) {
	r, err := in.Open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	text, err = io.ReadAll(io.LimitReader(r, MaxLine+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading a form: %w", err)
	}
	if rest, ok := bytes.CutPrefix(text, []byte("\xEF\xBB\xBF")); ok {
		return text[:3], rest, nil
	}
	return nil, text, nil
}

// Decode implements [format.Codec].
func (c *labelled) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	_, text, err := c.read(in)
	if err != nil {
		return err
	}
	if len(text) > MaxLine {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: fmt.Sprintf("a text of more than %d MiB", MaxLine>>20)}}})
	}
	if mailPacked.Match(text) && IsMail(text) {
		gap := connectors.Gap{Reason: "the mail has a part that is HTML or packed (base64, quoted-printable): it is searched as words at most; keep the mail as plain text"}
		if err := yield(connectors.Batch{Gaps: []connectors.Gap{gap}}); err != nil {
			return err
		}
	}
	b := connectors.NewBuilder(memory.DefaultAllocator, c.collection, c.fields)
	defer b.Release()
	for _, r := range c.split(text) {
		c.row(b, r.line, r.pairs)
		if b.Full() {
			if err := errors.Join(ctx.Err(), yield(b.Flush())); err != nil {
				return err
			}
		}
	}
	if b.Len() == 0 {
		return ctx.Err()
	}
	return errors.Join(ctx.Err(), yield(b.Flush()))
}

// Rewrite implements [format.Codec].
func (c *labelled) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	mark, text, err := c.read(in)
	if err == nil && len(text) > MaxLine {
		err = fmt.Errorf("a text of more than %d MiB", MaxLine>>20)
	}
	if err != nil {
		return 0, err
	}
	out, left, cut := bytes.Clone(mark), 0, false
	for _, r := range c.split(text) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		raw := text[r.start:r.end]
		e := edits.For(c.collection, locator(r.line))
		if e != nil && e.Action == connectors.Delete {
			edits.Deleted()
			cut = left > 0
			continue
		}
		if left++; cut {
			out = append(out, rule+"\n"...)
			cut = false
		}
		if e != nil && e.Rewrite != nil {
			now, err := c.redact(raw, r.pairs, e.Rewrite)
			if err != nil {
				return 0, err
			}
			if !bytes.Equal(now, raw) {
				edits.Redacted()
			}
			raw = now
		}
		out = append(out, raw...)
	}
	if _, err := w.Write(out); err != nil {
		return 0, fmt.Errorf("writing a form: %w", err)
	}
	return left, nil
}

// oneLine keeps a value on its line.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}
