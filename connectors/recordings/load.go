package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format/json"
)

// maxSidecar is the largest sidecar, in bytes, that is read.
const maxSidecar = 64 << 20

// object is what an object holds.
type object struct {
	collection string
	fields     []connectors.Field
	records    []record
	gaps       []connectors.Gap
	side       *sidecar // nil when it is none
	again      bool     // what belongs to it may come later
}

// record is one record; cells are its values by column, nulls left out.
type record struct {
	locator string
	cells   map[string]cell
}

// cell is one value, and where it stands in the sidecar.
type cell struct {
	value  string
	node   *json.Node          // nil when the value comes from the key or the store
	except map[*json.Node]bool // what of node belongs to other cells
	whole  bool                // value is the whole text of a file that is no JSON
}

func (r *record) put(column, value string) {
	if value != "" {
		r.cells[column] = cell{value: value}
	}
}

// values returns the record in the form that Edit.Check wants.
func (r *record) values() map[string]string {
	out := make(map[string]string, len(r.cells))
	for k, c := range r.cells {
		out[k] = c.value
	}
	return out
}

// load returns the records of an object: of an audio object without opening it.
func (s *source) load(ctx context.Context, o blob.Object) (*object, error) {
	plain := o // an old version tells what the current one does
	plain.Key, _ = blob.Plain(o.Key)
	switch kindOf(o.Key) {
	case audio:
		d := &object{collection: callsName}
		d.called(s, plain, ParseName(plain.Key))
		return d, nil
	case sidecarFile:
		data, err := s.content(ctx, o)
		if err != nil {
			return nil, err
		}
		return s.sidecar(plain, data), nil
	case transcriptFile:
		data, err := s.content(ctx, o)
		if err != nil {
			return nil, err
		}
		return s.transcript(plain, data), nil
	}
	return s.neither(false), nil
}

// neither is an object of which nothing is read; again says that it may be something else
// when it has not changed.
func (s *source) neither(again bool) *object {
	gap := connectors.Gap{Reason: "not an audio file and no sidecar", Again: again}
	return &object{collection: callsName, fields: s.calls, gaps: []connectors.Gap{gap}}
}

func (s *source) content(ctx context.Context, o blob.Object) (data []byte, err error) {
	if o.Size > maxSidecar {
		return nil, fmt.Errorf("read a sidecar: it has more than %d MiB", maxSidecar>>20)
	}
	r, err := s.store.Open(ctx, o.Key, o.Version)
	if err != nil {
		return nil, fmt.Errorf("read a sidecar: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err = io.ReadAll(contextReader{ctx, io.NewSectionReader(r, 0, r.Size())})
	if err != nil {
		return nil, fmt.Errorf("read a sidecar: %w", err)
	}
	return data, nil
}

// place starts a record with what its key says.
func place(o blob.Object, n Name, locator string) record {
	r := record{locator: locator, cells: map[string]cell{}}
	r.put("key", valid(o.Key))
	r.put("stem", valid(n.Stem))
	r.put("contact_id", n.ContactID)
	at := dayFirst(n.At, path.Base(o.Key), o.Modified)
	if at.IsZero() {
		at = o.Modified.In(ist)
	}
	r.put("recorded_at", at.Format(time.RFC3339))
	return r
}

// says reports whether a name tells whose the recording is.
func (n Name) says() bool { return len(n.Phones) > 0 || n.ContactID != "" }

var (
	// whole is a value that is a phone number and nothing else, party the name of a label
	// that says so of one without a country: a bare number may be a time or a length.
	whole = regexp.MustCompile(`^\+?\(?\d[\d\s().-]{7,18}\d$`)
	party = regexp.MustCompile(`(?i)(^|[-_.])(caller|callee|customer|contact|lead|person|phone|mobile|msisdn|from|to)([-_.]|$)`)
)

// labelled adds the numbers in the metadata and the tags of an audio object whose name
// does not tell whose it is.
func (s *source) labelled(ctx context.Context, o blob.Object, d *object) error {
	l, ok := s.store.(blob.Labeler)
	key, _ := blob.Plain(o.Key)
	if !ok || kindOf(o.Key) != audio {
		return nil
	}
	n := ParseName(key)
	if n.says() {
		return nil
	}
	list, err := l.Labels(ctx, o.Key, o.Version)
	if ctx.Err() != nil || errors.Is(err, connectors.ErrNotFound) || errors.Is(err, connectors.ErrChanged) {
		return err
	}
	if err != nil {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "its metadata cannot be read: " + err.Error(), Again: true})
		return nil
	}
	for _, x := range list {
		v := strings.TrimSpace(x.Value)
		if whole.MatchString(v) && (v[0] == '+' || party.MatchString(x.Name)) && !slices.ContainsFunc(n.Phones, func(p string) bool { return lastDigits(p) == lastDigits(v) }) {
			n.Phones = append(n.Phones, v)
		}
	}
	if len(n.Phones) > 0 {
		o.Key = key
		d.called(s, o, n)
	}
	return nil
}

// called makes the record of a call whose name says n.
func (d *object) called(s *source, o blob.Object, n Name) {
	r := call(o, n)
	d.fields, d.records = s.calls, []record{r}
	if _, several := r.cells["phone2"]; several {
		d.fields = s.parties
	}
}

func call(o blob.Object, n Name) record {
	r := place(o, n, "object")
	label := n.Label
	for i, p := range n.Phones {
		switch i {
		case 0:
			r.put("phone", p)
		case 1:
			r.put("phone2", p)
		case 2:
			r.put("phone3", p)
		default:
			label += " " + p
		}
	}
	r.put("contact_name", valid(n.Person))
	r.put("label", valid(strings.TrimSpace(label)))
	return r
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
