package world

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// dropImport is the stand-in's way with the files of the outside world. An empty
// result means that the file goes.
func dropImport(unit string, b []byte, gone map[string]bool) ([]byte, error) {
	switch {
	case strings.HasSuffix(unit, ".txt"):
		var out []byte
		err := readChat(bytes.NewReader(b), func(locator string, parts, _ []string, _ func() any) {
			if !gone[locator] {
				out = append(out, parts[0]...)
			}
		})
		return out, err
	case strings.HasSuffix(unit, ".log"):
		return dropParts(string(b), "\n", func(i int) string { return lineN(i + 1) }, gone), nil
	case strings.HasSuffix(unit, ".vcf"):
		return dropParts(string(b), "END:VCARD\r\n", func(i int) string { return fmt.Sprintf("card %d", i+1) }, gone), nil
	case strings.HasSuffix(unit, ".csv"):
		return dropTable(b, gone)
	case strings.HasSuffix(unit, ".json"):
		return dropEnveloped(b, gone)
	}
	var out []byte
	for i, l := range strings.SplitAfter(string(b), "\n") {
		if l == "" || gone[lineN(i+1)] {
			continue
		}
		kept, err := dropPosted(l, lineN(i+1), gone)
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
	}
	return out, nil
}

func dropParts(text, end string, locator func(int) string, gone map[string]bool) []byte {
	var out []byte
	for i, p := range strings.SplitAfter(text, end) {
		if !gone[locator(i)] {
			out = append(out, p...)
		}
	}
	return out
}

func dropTable(b []byte, gone map[string]bool) ([]byte, error) {
	r, err := tableReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	rows, err := r.ReadAll()
	var out bytes.Buffer
	var w recordWriter = &csvFile{csv.NewWriter(&out)}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) {
		out.WriteString("\xff\xfe")
		w = wideTable{&out}
	} else {
		out.WriteString("\xef\xbb\xbf")
	}
	for i, row := range rows {
		if i == 0 || !gone[rowN(i)] {
			err = errors.Join(err, w.add(row))
		}
	}
	err = errors.Join(err, w.close())
	return out.Bytes(), err
}

func dropEnveloped(b []byte, gone map[string]bool) ([]byte, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	for _, member := range []string{"RESPONSE", "data"} {
		var list, left []json.RawMessage
		if json.Unmarshal(doc[member], &list) != nil || list == nil {
			continue
		}
		for i, e := range list {
			if !gone[envelopeN(member)(i+1)] {
				left = append(left, e)
			}
		}
		if left == nil {
			left = []json.RawMessage{}
		}
		raw, err := json.Marshal(left)
		if err != nil {
			return nil, err
		}
		doc[member] = raw
	}
	return json.Marshal(doc)
}

// dropPosted takes messages and their contact entries out of a line.
func dropPosted(line, at string, gone map[string]bool) ([]byte, error) {
	v, err := decodeJSON([]byte(line))
	if err != nil {
		return nil, err
	}
	root, ok := v.(map[string]any)
	if !ok || root["entry"] == nil {
		return []byte(line), nil
	}
	value := root["entry"].([]any)[0].(map[string]any)["changes"].([]any)[0].(map[string]any)["value"].(map[string]any)
	left := 0
	for _, name := range []string{"messages", "statuses"} {
		list, ok := value[name].([]any)
		if !ok {
			continue
		}
		var kept []any
		for k, m := range list {
			if !gone[fmt.Sprintf("%s/entry/0/changes/0/value/%s/%d", at, name, k)] {
				kept = append(kept, m)
				continue
			}
			value["contacts"] = without(value["contacts"], m.(map[string]any)["from"])
		}
		left += len(kept)
		value[name] = kept
		if len(kept) == len(list) {
			return []byte(line), nil
		}
	}
	if left == 0 {
		return nil, nil
	}
	return []byte(canon(root) + "\n"), nil
}

func without(contacts any, id any) any {
	list, ok := contacts.([]any)
	if !ok {
		return contacts
	}
	var kept []any
	for _, c := range list {
		if c.(map[string]any)["wa_id"] != id {
			kept = append(kept, c)
		}
	}
	return kept
}
