package world

import (
	"context"
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The kinds of traces that a search finds.
const (
	kindToken  = "token"
	kindPhone  = "phone"
	kindEmail  = "email"
	kindCookie = "cookie"
)

// anybody owns an identifier that is also something else than a person's.
const anybody = "*"

// trace is one thing to look for.
type trace struct {
	kind   string
	owners []string // person ids; anybody for what may stay
	copy   Copy     // of a token
}

// within reports whether the trace belongs to the given people and nobody else.
func (t *trace) within(people map[string]bool) bool {
	for _, o := range t.owners {
		if !people[o] {
			return false
		}
	}
	return len(t.owners) > 0
}

// finder knows the identifiers and tokens of the watched people.
type finder struct {
	watch                          []string
	traces                         []trace
	tokens, phones, mails, cookies map[string]int32
}

// newFinder reads the truth; watch nil means everybody.
func newFinder(ctx context.Context, t *Truth, watch []string) (*finder, error) {
	f := &finder{watch: watch, tokens: map[string]int32{}, phones: map[string]int32{}, mails: map[string]int32{}, cookies: map[string]int32{}}
	want := set(watch)
	for _, addNew := range []bool{true, false} {
		for p, err := range t.AllPeople(ctx) {
			if err != nil {
				return nil, err
			}
			if hers := watch == nil || want[p.ID]; hers == addNew {
				f.person(&p, addNew)
			}
		}
		if watch == nil {
			break
		}
	}
	for c, err := range t.AllCopies(ctx) {
		if err != nil {
			return nil, err
		}
		if c.Token != "" && c.Person != "" && (watch == nil || want[c.Person]) {
			f.tokens[c.Token] = int32(len(f.traces))
			f.traces = append(f.traces, trace{kind: kindToken, owners: []string{c.Person}, copy: c})
		}
	}
	return f, nil
}

// person adds her identifiers, or only makes her an owner of those that are
// there already.
func (f *finder) person(p *Person, addNew bool) {
	own := func(m map[string]int32, kind, value string) {
		if value == "" {
			return
		}
		i, ok := m[value]
		if !ok {
			if !addNew {
				return
			}
			i = int32(len(f.traces))
			m[value] = i
			f.traces = append(f.traces, trace{kind: kind})
		}
		if f.traces[i].owners = append(f.traces[i].owners, p.ID); slices.Contains(p.Open, value) {
			f.traces[i].owners = append(f.traces[i].owners, anybody)
		}
	}
	for _, x := range append([]string{p.SharedPhone}, p.Phones...) {
		own(f.phones, kindPhone, x)
	}
	for _, x := range p.Emails {
		own(f.mails, kindEmail, x)
	}
	own(f.cookies, kindCookie, p.Cookie)
}

// search returns the traces in the texts, in any spelling and encoding.
func (f *finder) search(texts ...string) []int32 {
	var out []int32
	for _, t := range texts {
		f.views(t, func(v string) { out = f.plain(v, out) })
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// views hands on the text and what is encoded in it: \u escapes, HTML entities,
// percent signs (twice), UTF-16, base64 ids.
func (f *finder) views(t string, see func(string)) {
	see(t)
	if strings.IndexByte(t, 0) >= 0 {
		see(strings.ReplaceAll(t, "\x00", ""))
	}
	if u := unescape(t); u != t {
		t = u
		see(t)
	}
	if strings.IndexByte(t, '&') >= 0 {
		if u := html.UnescapeString(t); u != t {
			see(u)
		}
	}
	for v, i := t, 0; i < 2 && strings.IndexByte(v, '%') >= 0; i++ {
		u := percent(v)
		if u == v {
			break
		}
		v = u
		see(v)
		see(strings.ReplaceAll(v, "+", " "))
	}
	for rest := t; ; {
		_, after, ok := strings.Cut(rest, "wamid.")
		if !ok {
			break
		}
		end := strings.IndexFunc(after, func(r rune) bool { return !isBase64(r) })
		if end < 0 {
			end = len(after)
		}
		if b, err := base64.RawURLEncoding.DecodeString(urlBase64(after[:end])); err == nil {
			see(string(b))
		}
		rest = after[end:]
	}
}

func isBase64(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/-_=", r)
}

func urlBase64(s string) string {
	return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s)
}

// unescape replaces \uXXXX of JSON text that was not parsed.
func unescape(t string) string {
	i := strings.Index(t, `\u`)
	if i < 0 {
		return t
	}
	var b strings.Builder
	for ; i >= 0; i = strings.Index(t, `\u`) {
		b.WriteString(t[:i])
		n, err := uint64(0), error(nil)
		if len(t) >= i+6 {
			n, err = strconv.ParseUint(t[i+2:i+6], 16, 32)
		}
		if err != nil || len(t) < i+6 {
			b.WriteString(`\u`)
			t = t[i+2:]
			continue
		}
		b.WriteRune(rune(n))
		t = t[i+6:]
	}
	return b.String() + t
}

// percent decodes percent signs where they can be, and leaves the rest.
func percent(t string) string {
	if u, err := url.PathUnescape(t); err == nil {
		return u
	}
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		if t[i] == '%' && i+2 < len(t) {
			if n, err := strconv.ParseUint(t[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(t[i])
	}
	return b.String()
}

// plain finds traces in a text that has nothing encoded in it.
func (f *finder) plain(t string, out []int32) []int32 {
	t = strings.ToLower(t)
	for rest := t; ; {
		i := strings.Index(rest, "kx")
		if i < 0 || len(rest) < i+tokenLen {
			break
		}
		if n, ok := f.tokens[rest[i:i+tokenLen]]; ok {
			out = append(out, n)
		}
		rest = rest[i+2:]
	}
	for i := strings.IndexByte(t, '@'); i >= 0; {
		a, b := i, i+1
		for a > 0 && mailByte(t[a-1], true) {
			a--
		}
		for b < len(t) && mailByte(t[b], false) {
			b++
		}
		if n, ok := f.mails[strings.Trim(t[a:b], ".")]; ok {
			out = append(out, n)
		}
		j := strings.IndexByte(t[i+1:], '@')
		if j < 0 {
			break
		}
		i += 1 + j
	}
	return f.numbers(t, out)
}

func mailByte(c byte, local bool) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || local && (c == '+' || c == '_')
}

// span is a run of digits in a text.
type span struct{ from, to int }

// numbers finds phones and cookies. A phone begins and ends where runs of digits
// do; between its runs stand only spaces, hyphens, dots, brackets.
func (f *finder) numbers(t string, out []int32) []int32 {
	var runs []span
	for i := 0; i < len(t); i++ {
		if t[i] < '0' || t[i] > '9' {
			continue
		}
		from := i
		for i < len(t) && t[i] >= '0' && t[i] <= '9' {
			i++
		}
		runs = append(runs, span{from, i})
	}
	for i, r := range runs {
		digits := ""
		for j := i; j < len(runs) && len(digits) < 14; j++ {
			if j > i && !glue(t[runs[j-1].to:runs[j].from]) {
				break
			}
			digits += t[runs[j].from:runs[j].to]
			if n, ok := f.phones[national(digits)]; ok {
				out = append(out, n)
			}
		}
		if i+1 < len(runs) && r.to-r.from >= 9 && runs[i+1].from == r.to+1 && t[r.to] == '.' {
			if n, ok := f.cookies[t[r.from:runs[i+1].to]]; ok {
				out = append(out, n)
			}
		}
	}
	return out
}

func glue(s string) bool {
	return len(s) <= 4 && strings.Trim(s, " -().+/\u00a0\u2011\u2013") == ""
}

// national takes the country code or the trunk prefix off; "" if what is left is
// no number.
func national(d string) string {
	for _, prefix := range []string{"", "0", "91", "091", "0091"} {
		if len(d) == len(prefix)+phoneLen && strings.HasPrefix(d, prefix) {
			return d[len(prefix):]
		}
	}
	return ""
}
