package world

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// eraser is a plain eraser that knows the truth: what a faultless run would do.
type eraser struct {
	t      *testing.T
	tr     *Truth
	dir    string
	db     *sql.DB
	people map[string]Person // erased
	token  map[string]bool   // of the copies that it goes for
}

// run removes the copies that pick names.
func (e *eraser) run(pick func(Copy) bool) {
	e.t.Helper()
	e.db, e.token = open(e.t, e.dir), map[string]bool{}
	byUnit := map[unitID][]Copy{}
	for c, err := range e.tr.AllCopies(context.Background()) {
		if err != nil {
			e.t.Fatal(err)
		}
		if pick(c) {
			id := unitID{c.Source, c.Unit}
			byUnit[id] = append(byUnit[id], c)
			e.token[c.Token] = c.Token != ""
		}
	}
	for id, list := range byUnit {
		switch {
		case id.source == "crm":
			for _, c := range list {
				e.row(c)
			}
		case id.source == "recordings":
			e.recording(id, list)
		default:
			e.file(id, list)
		}
	}
}

func (e *eraser) exec(q string, args ...any) {
	e.t.Helper()
	if _, err := e.db.Exec(q, args...); err != nil {
		e.t.Fatalf("%s: %v", q, err)
	}
}

func (e *eraser) row(c Copy) {
	key := strings.TrimPrefix(c.Locator, "pk=")
	where := "WHERE id = ?"
	args := []any{key}
	if c.Unit == "lead_field_values" {
		a, b, _ := strings.Cut(key, ",")
		where, args = "WHERE lead_id = ? AND field_def_id = ?", []any{a, b}
	}
	switch {
	case c.Role == "mention" && c.Unit == "notes":
		e.clean("notes", "body_html", key, c.Person)
	case c.Role == "mention":
		e.clean("tickets", "body", key, c.Person)
	case c.Unit == "audit_log":
		e.exec("UPDATE audit_log SET before = '{}', after = '{}' "+where, args...)
	case c.Unit == "webhook_log":
		e.webhook(key)
	case c.Expect == ExpectKept && c.Unit == "invoices" && !c.Due:
		e.exec("UPDATE invoices SET billed_to_phone = NULL, billed_to_email = NULL "+where, args...)
	case c.Optional:
	default:
		e.exec("DELETE FROM "+c.Unit+" "+where, args...)
	}
}

// clean takes a mentioned person out of a text.
func (e *eraser) clean(table, column, key, person string) {
	p := e.people[person]
	var old string
	if err := e.db.QueryRow("SELECT "+column+" FROM "+table+" WHERE id = ?", key).Scan(&old); errors.Is(err, sql.ErrNoRows) {
		return // its host was erased too
	} else if err != nil {
		e.t.Fatal(err)
	}
	e.exec("UPDATE "+table+" SET "+column+" = ? WHERE id = ?", e.scrub(old, p), key)
}

func (e *eraser) scrub(text string, p Person) string {
	for _, d := range p.Phones {
		for _, style := range []string{"space", "e164", "bare"} {
			text = strings.ReplaceAll(text, spell(d, style), "[redacted]")
		}
	}
	for _, m := range p.Emails {
		text = strings.ReplaceAll(strings.ReplaceAll(text, upperLocal(m), "[redacted]"), m, "[redacted]")
	}
	return text
}

func (e *eraser) webhook(key string) {
	var body string
	if err := e.db.QueryRow("SELECT body FROM webhook_log WHERE id = ?", key).Scan(&body); err != nil {
		e.t.Fatal(err)
	}
	v, err := decodeJSON([]byte(body))
	if err != nil {
		e.t.Fatal(err)
	}
	m := v.(map[string]any)
	if list, ok := m["RESPONSE"].([]any); ok {
		m["RESPONSE"] = slices.DeleteFunc(list, e.hers)
	} else {
		m["RESPONSE"] = map[string]any{}
	}
	e.exec("UPDATE webhook_log SET body = ? WHERE id = ?", canon(m), key)
}

// hers reports whether a part carries a token of the copies to erase.
func (e *eraser) hers(v any) bool {
	for _, l := range leaves(v, nil) {
		for _, t := range tokensIn(l) {
			if e.token[t] {
				return true
			}
		}
	}
	return false
}

func (e *eraser) recording(id unitID, list []Copy) {
	path := filepath.Join(e.dir, "recordings", id.unit)
	if !isSidecar(id.unit) {
		if list[0].Expect == ExpectShared && len(list) < 2 {
			return
		}
		if err := os.Remove(path); err != nil {
			e.t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	v, err := decodeJSON(b)
	if err != nil {
		e.t.Fatal(err)
	}
	m := v.(map[string]any)
	var gone []string
	for _, c := range list {
		gone = append(gone, strings.TrimPrefix(c.Locator, "/calls/"))
	}
	var left []any
	for i, x := range m["calls"].([]any) {
		if !slices.Contains(gone, string(rune('0'+i))) {
			left = append(left, x)
		}
	}
	m["calls"] = left
	if len(left) == 0 {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, []byte(canon(m)), 0o644)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

// file rewrites an object without the records to erase.
func (e *eraser) file(id unitID, list []Copy) {
	folder := ""
	for _, f := range folders {
		if f.source == id.source {
			folder = f.path
		}
	}
	path := filepath.Join(e.dir, folder, id.unit)
	gone, clean := map[string]bool{}, map[string]Person{}
	for _, c := range list {
		if c.Role == "mention" {
			clean[c.Locator] = e.people[c.Person]
		} else {
			gone[c.Locator] = true
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	var out []byte
	switch {
	case strings.HasPrefix(folder, "imports/") && folder != "imports/drop":
		if out, err = dropImport(id.unit, b, gone); err == nil && len(out) == 0 {
			if err := os.Remove(path); err != nil {
				e.t.Fatal(err)
			}
			return
		}
	case strings.HasSuffix(path, ".csv"):
		out, err = dropCSV(b, gone)
	case strings.HasSuffix(path, ".gz"):
		out, err = dropLines(b, gone)
	case strings.HasSuffix(path, ".json"):
		out, err = dropElements(b, gone)
	case id.source == "analytics":
		out, err = e.dropEvents(b, gone, clean)
	default:
		out, err = dropVisits(b, gone)
	}
	if err == nil {
		err = os.WriteFile(path, out, 0o644)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

func dropCSV(b []byte, gone map[string]bool) ([]byte, error) {
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for i, r := range rows {
		if i == 0 || !gone[rowN(i)] {
			err = errors.Join(err, w.Write(r))
		}
	}
	w.Flush()
	return out.Bytes(), err
}

func dropLines(b []byte, gone map[string]bool) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for i, l := range strings.SplitAfter(string(text), "\n") {
		if !gone[lineN(i+1)] {
			_, werr := io.WriteString(w, l)
			err = errors.Join(err, werr)
		}
	}
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

func dropElements(b []byte, gone map[string]bool) ([]byte, error) {
	var list, left []json.RawMessage
	err := json.Unmarshal(b, &list)
	for i, x := range list {
		if !gone[elemN(i+1)] {
			left = append(left, x)
		}
	}
	if left == nil {
		left = []json.RawMessage{}
	}
	out, err2 := json.Marshal(left)
	return out, errors.Join(err, err2)
}

func dropVisits(b []byte, gone map[string]bool) ([]byte, error) {
	rows, err := parquet.Read[visitRow](bytes.NewReader(b), int64(len(b)))
	var left []visitRow
	for i, r := range rows {
		if !gone[rowN(i+1)] {
			left = append(left, r)
		}
	}
	var out bytes.Buffer
	err = errors.Join(err, parquet.Write(&out, left))
	return out.Bytes(), err
}

func (e *eraser) dropEvents(b []byte, gone map[string]bool, clean map[string]Person) ([]byte, error) {
	rows, err := parquet.Read[gaEvent](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	var left []gaEvent
	for i, r := range rows {
		if gone[rowN(i+1)] {
			continue
		}
		if _, ok := clean[rowN(i+1)]; ok {
			for k := range r.EventParams {
				if r.EventParams[k].Key == "page_location" {
					cut, _, _ := strings.Cut(*r.EventParams[k].Value.String, "&email=")
					r.EventParams[k].Value.String = &cut
				}
			}
		}
		left = append(left, r)
	}
	var out bytes.Buffer
	if err := parquet.Write(&out, left); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
