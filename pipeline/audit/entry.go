package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Entry is one line of the log.
type Entry struct {
	Seq    int64          `json:"seq"`    // from 1, without holes
	At     string         `json:"at"`     // RFC 3339, +05:30
	Actor  string         `json:"actor"`  // who did it: a role or a user of the machine
	Event  string         `json:"event"`  // what was done: "apply.finished"
	Fields map[string]any `json:"fields"` // counts, ids and hashes; numbers come back as json.Number
	Prev   string         `json:"prev"`   // hash of the entry before, 64 zeros for the first
	Hash   string         `json:"hash"`   // SHA-256 of this line without its hash member, in hex
}

const (
	maxLine  = 64 << 10 // bytes of an entry
	maxText  = 1024     // bytes of one text in an entry
	hashMark = `,"hash":"`
	hashTail = len(hashMark) + 2*sha256.Size + len(`"}`)
)

// zeroHash is the Prev of the first entry.
var zeroHash = string(bytes.Repeat([]byte("0"), 2*sha256.Size))

// body is an entry without its hash, in the order in which it is written.
type body struct {
	Seq    int64          `json:"seq"`
	At     string         `json:"at"`
	Actor  string         `json:"actor"`
	Event  string         `json:"event"`
	Fields map[string]any `json:"fields"`
	Prev   string         `json:"prev"`
}

// encodeEntry returns the entry's line, without newline: the body, sealed with
// the hash of itself.
func encodeEntry(seq int64, at time.Time, actor, event string, fields map[string]any, prev string) ([]byte, error) {
	if fields == nil {
		fields = map[string]any{}
	}
	if err := checkFields(actor, event, fields); err != nil {
		return nil, err
	}
	b, err := marshal(body{seq, stamp(at), actor, event, fields, prev})
	if err != nil {
		return nil, fmt.Errorf("encode the log entry: %w", err)
	}
	sum := sha256.Sum256(b)
	line := append(b[:len(b)-1:len(b)-1], hashMark...)
	line = hex.AppendEncode(line, sum[:])
	line = append(line, `"}`...)
	if len(line) > maxLine {
		return nil, fmt.Errorf("encode the log entry: %d bytes, at most %d are allowed", len(line), maxLine)
	}
	return line, nil
}

// decodeEntry reads a line and checks the hash it carries.
func decodeEntry(line []byte) (Entry, error) {
	var e Entry
	if err := decode(line, &e); err != nil {
		return e, errors.New("not a log entry")
	}
	if lineHash(line) != e.Hash {
		return e, errors.New("the entry does not match its hash")
	}
	return e, nil
}

// lineHash computes the hash of a line over everything but its hash member; ""
// when the line does not end in one.
func lineHash(line []byte) string {
	cut := len(line) - hashTail
	if cut < 1 || !bytes.HasPrefix(line[cut:], []byte(hashMark)) {
		return ""
	}
	h := sha256.New()
	h.Write(line[:cut])
	h.Write([]byte("}"))
	return hex.EncodeToString(h.Sum(nil))
}

// checkFields lets only short texts, numbers, booleans and flat lists or maps of
// them into the log, and none that looks like personal data.
func checkFields(actor, event string, fields map[string]any) error {
	if actor == "" || event == "" {
		return errors.New("a log entry needs an actor and an event")
	}
	for _, s := range []string{actor, event} {
		if len(s) > maxText {
			return fmt.Errorf("a text of a log entry has %d bytes, at most %d are allowed", len(s), maxText)
		}
	}
	for k, v := range fields {
		if err := checkValue(reflect.ValueOf(v), 2); err != nil {
			return fmt.Errorf("field %q of a log entry: %w", k, err)
		}
	}
	return nil
}

func checkValue(v reflect.Value, depth int) error {
	switch v.Kind() {
	case reflect.Invalid, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.String:
		return checkText(v.String())
	case reflect.Interface:
		return checkValue(v.Elem(), depth)
	case reflect.Slice, reflect.Array:
		if depth > 0 {
			for i := range v.Len() {
				if err := checkValue(v.Index(i), depth-1); err != nil {
					return err
				}
			}
			return nil
		}
	case reflect.Map:
		if depth > 0 && v.Type().Key().Kind() == reflect.String {
			for it := v.MapRange(); it.Next(); {
				if err := errors.Join(checkText(it.Key().String()), checkValue(it.Value(), depth-1)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return fmt.Errorf("a value of type %s has no place in the log", v.Kind())
}

func checkText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%d bytes of text, at most %d are allowed", len(s), maxText)
	}
	if personal.MatchString(s) {
		return ErrPersonal
	}
	return nil
}
