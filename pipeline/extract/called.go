package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors/format/json"
)

// called reports a name at n that is what somebody is called in an address book or a chat, where
// a payload was kept as it came: the profile of a WhatsApp contact, which changes when its owner
// likes, an entry of the business's telephone, what that wrote beside the recording of a call, or
// a contact of Google's.
func (d *document) called(n *json.Node) bool {
	if labelKey(n.Key) {
		return true
	}
	for o := n.Parent; o != nil; o = o.Parent {
		switch {
		case o.Key == "state_sync", o.Key == "calls" && o.Parent.Get("timestamp_unix_ms") != nil, o.Key == "profile" && d.chatContact(o.Parent), strings.HasPrefix(d.textOf(o.Get("resourceName")), "people/"):
			return true
		}
	}
	return false
}

// chatContact reports the entry of a person in a webhook of WhatsApp.
func (d *document) chatContact(o *json.Node) bool {
	if o == nil || o.Kind != json.Object {
		return false
	}
	_, bsuid := Normalise(KindBSUID, d.textOf(o.Get("user_id")))
	return bsuid || o.Get("wa_id") != nil
}

// textOf is the text of a string, empty for anything else.
func (d *document) textOf(n *json.Node) string {
	if n == nil || n.Kind != json.String {
		return ""
	}
	return n.Text(d.data)
}
