package world

import (
	"encoding/json"
	"strconv"
)

// canon writes a decoded value in one way only.
func canon(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?" // no value that decodeJSON makes fails to encode
	}
	return string(b)
}

// leaves appends every key and leaf of a value, and of JSON within its strings.
func leaves(v any, out []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			out = leaves(x, append(out, k))
		}
	case []any:
		for _, x := range v {
			out = leaves(x, out)
		}
	case string:
		out = append(out, v)
		if len(v) > 1 && (v[0] == '{' || v[0] == '[') {
			if x, err := decodeJSON([]byte(v)); err == nil {
				out = leaves(x, out)
			}
		}
	case json.Number:
		out = append(out, v.String())
	case bool:
		out = append(out, strconv.FormatBool(v))
	}
	return out
}

// nodes counts every object, list and text within a value by its canonical form.
func nodes(v any, out map[string]int) map[string]int {
	out[canon(v)]++
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			nodes(x, out)
		}
	case []any:
		for _, x := range v {
			nodes(x, out)
		}
	}
	return out
}
