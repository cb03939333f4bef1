package indiamart

import (
	"strings"
	"unicode"

	"github.com/cratio/sutra/connectors/format/json"
)

// envelope are the members of an answer that hold no lead.
var envelope = map[string]bool{"CODE": true, "STATUS": true, "MESSAGE": true, "TOTAL_RECORDS": true, "RESPONSE": true, "APP_AUTH_FAILURE_CODE": true}

// layout finds the leads of one document: the RESPONSE of a pull (an array) or of
// a push (an object), or a bare lead. An answer that brings no lead, such as
// the advice to ask less often, has none.
func layout(root *json.Node, data []byte) ([]json.Item, string) {
	if root.Kind != json.Object {
		return []json.Item{lead(root)}, "it is no lead and no answer of the lead manager; what it holds is searched as it is"
	}
	response := root.Match("RESPONSE")
	if response == nil {
		switch {
		case bare(root):
			return []json.Item{lead(root)}, ""
		case root.Match("CODE") != nil || root.Match("STATUS") != nil || root.Match("Error_Message") != nil:
			return strangers(root, nil, data), ""
		}
		return []json.Item{lead(root)}, "it is no lead and no answer of the lead manager; what it holds is searched as it is"
	}
	var items []json.Item
	switch response.Kind {
	case json.Array:
		for _, n := range response.Children {
			items = append(items, lead(n))
		}
	case json.Object:
		items = append(items, lead(response))
	case json.String, json.Number:
		if telling(response.Text(data)) {
			items = append(items, lead(response))
		}
	}
	return append(items, strangers(root, response, data)...), ""
}

func lead(n *json.Node) json.Item {
	names := v1
	if n.Match("QUERY_TIME") == nil && n.Match("DATE_TIME_RE") == nil {
		names = v1Days
	}
	return json.Item{Collection: "leads", Node: n, Names: names}
}

// telling reports a text in which somebody may stand.
func telling(text string) bool { return strings.ContainsAny(text, "{@") || digits(text) >= 10 }

// digits counts the digits in a text.
func digits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// bare reports an object that is a lead by its members.
func bare(root *json.Node) bool {
	for _, k := range []string{"UNIQUE_QUERY_ID", "QUERY_ID", "SENDER_MOBILE", "SENDER_EMAIL", "SENDER_NAME", "SENDERNAME", "SENDEREMAIL", "MOB"} {
		if root.Match(k) != nil {
			return true
		}
	}
	return false
}

// strangers makes records of what an answer holds beside its leads, so that
// nothing is overlooked.
func strangers(root, response *json.Node, data []byte) []json.Item {
	var known []string
	for _, n := range root.Children {
		if n == response || envelope[strings.ToUpper(n.Key)] && len(n.Children) == 0 && !telling(n.Text(data)) {
			known = append(known, n.Key)
		}
	}
	items := json.Loose(data, root, json.Item{Collection: "leads"}, known...)
	for i, it := range items {
		items[i].Names = lead(it.Node).Names
	}
	return items
}
