package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// sidecar is a JSON file beside an audio object, or a transcript.
type sidecar struct {
	order   utf16.Order // nil for UTF-8
	odd     []byte      // the byte without a partner at the end of UTF-16
	mark    []byte      // byte order mark, in UTF-8
	data    []byte      // what follows it, in UTF-8
	root    *json.Node
	entries []*json.Node // the elements of calls[]
	logName *json.Node   // call_log_name, when no single entry has it in a column
}

// members of a sidecar, in the words of BCR, and their columns.
var entryColumns = []struct{ member, column string }{
	{"phone_number", "phone"}, {"phone_number_formatted", "phone_formatted"},
	{"caller_name", "caller_name"}, {"contact_name", "contact_name"}, {"call_log_name", "call_log_name"},
}

// newSidecar is a file of such content, which Windows programs write in UTF-16.
func newSidecar(data []byte) *sidecar {
	c := &sidecar{order: utf16.OrderOf(data), data: data}
	if c.order != nil {
		r := utf16.NewReader(bytes.NewReader(data), c.order)
		c.data, _ = io.ReadAll(r) // memory can be read to its end
		c.odd = r.Odd()
	}
	if rest, ok := bytes.CutPrefix(c.data, []byte("\xEF\xBB\xBF")); ok {
		c.mark, c.data = c.data[:3], rest
	}
	return c
}

// encode writes new content as the file's old one is written.
func (c *sidecar) encode(text []byte) ([]byte, error) {
	if c == nil || c.order == nil || text == nil {
		return text, nil
	}
	var b bytes.Buffer
	w := utf16.NewWriter(&b, c.order)
	_, err := w.Write(text)
	return b.Bytes(), errors.Join(err, w.Finish(c.odd))
}

// sidecar takes a sidecar apart. One that is no JSON is a gap and a record of its
// whole text, so that what can be seen in it is found and can be deleted.
func (s *source) sidecar(o blob.Object, data []byte) *object {
	d := &object{collection: sidecarsName, fields: s.single}
	n := ParseName(o.Key)
	c := newSidecar(data)
	d.side = c
	root, err := json.Parse(c.data)
	c.root = root
	if err != nil {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: err.Error()})
	}
	if errors.Is(err, json.ErrCut) || errors.Is(err, json.ErrSyntax) || errors.Is(err, json.ErrMany) {
		d.wholly(s, o, n, "document")
		return d
	}
	if names := c.recordings(); len(names) > 1 {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: fmt.Sprintf("it names %d recordings: whose they are is not taken from a list; put a sidecar beside each, or give the list to a files source that refers to recordings.calls.key", len(names))})
	}
	if calls := root.Get("calls"); calls != nil && calls.Kind == json.Array {
		c.entries = calls.Children
	}
	c.read(d, o, n)
	if d.records[0].sides() {
		d.fields = s.sided
	}
	if len(c.entries) > 1 || stranger(&d.records[0], n) {
		d.fields = s.several
	}
	return d
}

// wholly makes the one record of a file that is no JSON, with its text in a column.
func (d *object) wholly(s *source, o blob.Object, n Name, column string) {
	r := place(o, n, "object")
	nameNumber(&r, n)
	if text := valid(string(d.side.data)); strings.TrimSpace(text) != "" {
		r.cells[column] = cell{value: text, whole: true}
	}
	if r.sides() {
		d.fields = s.sided
	}
	d.records = append(d.records, r)
}

// recordings are the audio files that a sidecar names, one of each call.
func (c *sidecar) recordings() map[string]string {
	names := map[string]string{}
	json.Walk(c.root, func(n *json.Node) bool {
		if n.Kind != json.String {
			return true
		}
		at, _, _ := strings.Cut(n.Text(c.data), "?")
		if name := path.Base(at); kindOf(name) == audio && !strings.ContainsAny(name, " \t\n") {
			id, _, _ := strings.Cut(name, "_") // a call's voice and screen are told apart behind it
			names[id] = at
		}
		return true
	})
	return names
}

// read makes the records of a sidecar that is JSON.
func (c *sidecar) read(d *object, o blob.Object, n Name) {
	shared := map[*json.Node]bool{} // what is not in the column "document"
	at := c.recordedAt(shared)
	begin := func(locator string) record {
		r := place(o, n, locator)
		r.put("recorded_at", at)
		return r
	}
	if calls := c.root.Get("calls"); len(c.entries) > 0 {
		shared[calls] = true
	}
	for i, e := range c.entries {
		r := begin("/calls/" + strconv.Itoa(i))
		own := map[*json.Node]bool{}
		for _, m := range entryColumns {
			r.claim(c.data, e.Get(m.member), m.column, own)
		}
		if e.Kind != json.Object || len(own) < len(e.Children) {
			r.cells["entry"] = cell{value: valid(string(json.Without(c.data, e, own))), node: e, except: own}
		}
		d.records = append(d.records, r)
	}
	if len(c.entries) == 0 {
		d.records = append(d.records, begin("object"))
	}
	c.placeLogName(d.records, shared)
	first := &d.records[0]
	if len(c.entries) < 2 {
		nameNumber(first, n)
	}
	if c.root.Kind != json.Object || len(shared) < len(c.root.Children) {
		first.cells["document"] = cell{value: valid(string(json.Without(c.data, c.root, shared))), node: c.root, except: shared}
	}
}

// claim puts a scalar member in a column.
func (r *record) claim(data []byte, n *json.Node, column string, own map[*json.Node]bool) {
	if n == nil || n.Kind == json.Object || n.Kind == json.Array || n.Kind == json.Broken {
		return
	}
	if _, taken := r.cells[column]; taken {
		return
	}
	own[n] = true
	if text := n.Text(data); n.Kind != json.Null && text != "" {
		r.cells[column] = cell{value: valid(text), node: n}
	}
}

// placeLogName gives the name of the call log to the only entry, or to the one
// that it names. In a conference where it names nobody it stays in the document.
func (c *sidecar) placeLogName(records []record, shared map[*json.Node]bool) {
	n := c.root.Get("call_log_name")
	if n == nil {
		return
	}
	if len(records) == 1 {
		records[0].claim(c.data, n, "call_log_name", shared)
		return
	}
	for i := range records {
		r := &records[i]
		if n.Kind == json.String && r.named(n.Text(c.data)) {
			r.claim(c.data, n, "call_log_name", shared)
			if r.cells["call_log_name"].node == n {
				c.logName = n
			}
			return
		}
	}
}

// named reports whether a name column of the record has the given value.
func (r *record) named(name string) bool {
	name = strings.TrimSpace(name)
	for _, col := range []string{"caller_name", "contact_name"} {
		if v, ok := r.cells[col]; ok && name != "" && strings.EqualFold(strings.TrimSpace(v.value), name) {
			return true
		}
	}
	return false
}

// stranger reports an entry whose number is none of those that the name of the audio
// tells: the recording is then hers and theirs, and does not make them one person.
func stranger(r *record, n Name) bool {
	phone, ok := r.cells["phone"]
	if !ok {
		phone, ok = r.cells["phone_formatted"]
	}
	if !ok || len(n.Phones) == 0 {
		return false
	}
	for _, p := range n.Phones {
		if lastDigits(p) == lastDigits(phone.value) {
			return false
		}
	}
	return true
}

// lastDigits are the last ten digits of a number: what its spellings have in common.
func lastDigits(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return digits[max(0, len(digits)-10):]
}

// nameNumber adds the numbers of the key, which a sidecar of one call shares with
// its audio. An entry that has a number of its own keeps to it: in what is left
// of a conference the key may name somebody who is not in the file any more.
func nameNumber(r *record, n Name) {
	_, phone := r.cells["phone"]
	_, formatted := r.cells["phone_formatted"]
	if phone || formatted {
		return
	}
	for i, p := range n.Phones[:min(len(n.Phones), 3)] {
		r.put([]string{"name_phone", "name_phone2", "name_phone3"}[i], p)
	}
}

// sides reports a record that has several numbers from its key.
func (r *record) sides() bool {
	_, several := r.cells["name_phone2"]
	return several
}

// recordedAt returns when the call was, "" when the sidecar does not say.
func (c *sidecar) recordedAt(shared map[*json.Node]bool) string {
	at := ""
	if n := c.root.Get("timestamp_unix_ms"); n != nil && (n.Kind == json.Number || n.Kind == json.String) {
		if ms, err := strconv.ParseInt(n.Text(c.data), 10, 64); err == nil && ms > 0 && ms < 1<<42 {
			at = time.UnixMilli(ms).In(ist).Format(time.RFC3339)
			shared[n] = true
		}
	}
	if n := c.root.Get("timestamp"); n != nil && n.Kind == json.String {
		text, _, _ := strings.Cut(n.Text(c.data), "[") // a zone's name
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05"} {
			t, err := time.ParseInLocation(layout, text, ist)
			if err != nil {
				continue
			}
			shared[n] = true
			if at == "" {
				at = t.Format(time.RFC3339)
			}
			break
		}
	}
	return at
}
