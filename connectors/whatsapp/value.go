package whatsapp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors/format/json"
)

// value is the value of one change: what happened, to whom.
type value struct {
	*post
	field    *json.Node   // the kind of webhook
	contacts []*json.Node // the entries of contacts[]
	used     map[*json.Node]bool
}

// lists are the members of a value that hold one record an element, and how they
// are read.
var lists = map[string]func(*value, *json.Node){
	"messages":         (*value).messages,
	"statuses":         (*value).statuses,
	"message_echoes":   (*value).echoes,
	"history":          (*value).history,
	"user_preferences": (*value).preferences,
	"user_id_update":   (*value).userIDs,
	"groups":           (*value).groups,
	"calls":            (*value).calls,
	"state_sync":       (*value).saved,
}

// value makes the records of a value.
func (p *post) value(n, field *json.Node) {
	v := &value{post: p, field: field, used: map[*json.Node]bool{}}
	if c := n.Get("contacts"); array(c) {
		v.contacts = c.Children
	}
	known := []string{"messaging_product", "metadata"}
	about := len(known)
	for _, m := range n.Children {
		read, ok := lists[m.Key]
		switch {
		case m.Key == "contacts" && array(m):
		case ok && m.Kind == json.Array:
			read(v, m)
		case m.Kind == json.Array && len(m.Children) > 0 && m.Children[0].Kind == json.Object:
			for _, e := range m.Children {
				v.event(e)
			}
		default:
			continue
		}
		known = append(known, m.Key)
	}
	for _, c := range v.contacts {
		if !v.used[c] {
			v.add(json.Item{Collection: "messages", Node: c, Names: map[string]string{"profile": ""}, Extra: v.named(profile(c))})
		}
	}
	if len(known) > about {
		v.loose(n, v.named(nil), known...)
	} else if slices.ContainsFunc(n.Children, func(m *json.Node) bool { return !slices.Contains(known, m.Key) }) {
		v.add(json.Item{Collection: "messages", Node: n, Names: map[string]string{"messaging_product": "", "metadata": ""}, Extra: v.named(nil)})
	}
}

// event is a record of which only the place is known.
func (v *value) event(n *json.Node) {
	v.add(json.Item{Collection: "messages", Node: n, Extra: v.named(nil)})
}

// named adds the kind of webhook to a record's values.
func (v *value) named(list []json.Extra) []json.Extra {
	if v.field != nil {
		list = append(list, json.Extra{Name: "field", Node: v.field})
	}
	return list
}

// profile flattens what a contact entry says of its owner's profile.
func profile(c *json.Node) []json.Extra {
	var out []json.Extra
	p := c.Get("profile")
	if p == nil || p.Kind != json.Object {
		return nil
	}
	for _, m := range p.Children {
		name := "profile_" + m.Key
		out = append(out, json.Extra{Name: name, Node: m})
	}
	return out
}

// contact returns the entry of the person with one of the ids, as values of her
// record; the entry goes with the last record that has it. A single entry beside
// records without any id is theirs.
func (v *value) contact(ids ...*json.Node) []json.Extra {
	var entry *json.Node
	some := false
	for _, id := range ids {
		text := v.text(id)
		some = some || text != ""
		for _, c := range v.contacts {
			if text != "" && (text == v.text(c.Get("wa_id")) || text == v.text(c.Get("user_id"))) && entry == nil {
				entry = c
			}
		}
	}
	if entry == nil && !some && len(v.contacts) == 1 {
		entry = v.contacts[0]
	}
	if entry == nil || entry.Kind != json.Object {
		return nil
	}
	v.used[entry] = true
	out := profile(entry)
	for _, m := range entry.Children {
		if m.Key != "profile" {
			out = append(out, json.Extra{Name: m.Key, Node: m})
		}
	}
	for i := range out {
		out[i].Part = entry
	}
	return out
}

func (v *value) messages(list *json.Node) {
	for _, m := range list.Children {
		v.message(m, v)
	}
}

// message makes the record of a message that a customer sent.
func (p *post) message(m *json.Node, v *value) {
	if kind := p.text(m.Get("type")); kind != "" && !types[kind] {
		p.count("message of the unknown type ", kind)
	}
	it := json.Item{Collection: "messages", Node: m, Names: cards(p, m)}
	it.Extra = v.named(append(v.contact(m.Get("from"), m.Get("from_user_id")), v.changed(m)...))
	p.add(it)
}

// cards tells a contact's own card, which she was asked for, from those of others.
func cards(p *post, m *json.Node) map[string]string {
	list := m.Get("contacts")
	if !array(list) {
		return nil
	}
	for _, c := range list.Children {
		if strings.HasPrefix(p.text(c.Get("origin")), "contact_request") {
			return map[string]string{"contacts": "own_card"}
		}
	}
	return nil
}

// changed returns the number, or the user id, that a system message says she
// changed to.
func (p *post) changed(m *json.Node) []json.Extra {
	s := m.Get("system")
	for _, k := range []string{"new_wa_id", "wa_id"} {
		if n := s.Get(k); n != nil {
			return append(p.userIDsIn(s, "new_user_id"), json.Extra{Name: "new_wa_id", Node: n})
		}
	}
	return p.userIDsIn(s, "new_user_id")
}

// userID is how a business-scoped user id looks: a country, and perhaps ENT for
// the one that spans the portfolios of a business.
var userID = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}$`)

// userIDsIn finds user ids among the members of n, whatever they are called, and
// gives them to the columns in turn.
func (p *post) userIDsIn(n *json.Node, columns ...string) []json.Extra {
	var out []json.Extra
	if n == nil || n.Kind != json.Object {
		return nil
	}
	for _, m := range n.Children {
		if len(out) < len(columns) && userID.MatchString(p.text(m)) {
			out = append(out, json.Extra{Name: columns[len(out)], Node: m})
		}
	}
	return out
}

// userIDs are changes of user ids: both are hers. What their members are called
// is not known, so they are told by their looks.
func (v *value) userIDs(list *json.Node) {
	for _, n := range list.Children {
		v.add(json.Item{Collection: "messages", Node: n, Extra: v.named(v.userIDsIn(n, "from_user_id", "new_user_id", "user_id", "parent_user_id"))})
	}
}

func (v *value) statuses(list *json.Node) {
	for _, s := range list.Children {
		ids := []*json.Node{s.Get("recipient_id"), s.Get("recipient_user_id"), s.Get("recipient_participant_id"), s.Get("recipient_participant_user_id")}
		v.add(json.Item{Collection: "statuses", Node: s, Extra: v.named(v.contact(ids...))})
	}
}

// fromBusiness are the names of a message's members when the business wrote it.
// What the business takes back is no wish of the customer's.
var fromBusiness = map[string]string{"from": "business", "from_user_id": "", "from_parent_user_id": "", "revoke": "business_revoke"}

// echoes are what staff typed on the handset: the customer is in "to".
func (v *value) echoes(list *json.Node) {
	for _, m := range list.Children {
		v.add(json.Item{Collection: "messages", Node: m, Names: fromBusiness, Extra: v.named(v.contact(m.Get("to"), m.Get("to_user_id")))})
	}
}

// history holds threads, each with one customer; a thread goes with its last
// message.
func (v *value) history(list *json.Node) {
	for _, h := range list.Children {
		threads := h.Get("threads")
		if !array(threads) {
			v.event(h)
			continue
		}
		for _, t := range threads.Children {
			v.thread(t)
		}
		v.loose(h, v.named(nil), "metadata", "threads")
	}
}

func (v *value) thread(t *json.Node) {
	id, messages := t.Get("id"), t.Get("messages")
	if !array(messages) || len(messages.Children) == 0 {
		v.add(json.Item{Collection: "messages", Node: t, Names: map[string]string{"id": "thread"}, Extra: v.named(nil)})
		return
	}
	for _, m := range messages.Children {
		it := json.Item{Collection: "messages", Node: m}
		if from := v.text(m.Get("from")); from != "" && from != v.text(id) {
			it.Names = fromBusiness
		}
		if id != nil {
			it.Extra = append(it.Extra, json.Extra{Name: "thread", Node: id, Part: t})
		}
		it.Extra = v.named(it.Extra)
		v.add(it)
	}
	v.loose(t, v.named(nil), "id", "messages")
}

// preferences are consent: what somebody wants of marketing messages.
func (v *value) preferences(list *json.Node) {
	for _, n := range list.Children {
		v.add(json.Item{Collection: "messages", Node: n, Names: map[string]string{"value": "preference"}, Extra: v.named(v.contact(n.Get("wa_id"), n.Get("user_id")))})
	}
}

// saved are entries of the owner's address book: what he calls somebody is no name of hers.
func (v *value) saved(list *json.Node) {
	for _, n := range list.Children {
		v.add(json.Item{Collection: "messages", Node: n, Names: map[string]string{"contact": "saved_contact"}, Extra: v.named(nil)})
	}
}

// groups are changes of a group: each participant is a record of her own, and so is who
// asked to join or made the change.
func (v *value) groups(list *json.Node) {
	for _, g := range list.Children {
		known := []string{"timestamp", "group_id", "type", "reason", "join_request_id"}
		beside := v.named([]json.Extra{{Name: "timestamp", Node: g.Get("timestamp")}, {Name: "group_id", Node: g.Get("group_id")}})
		found := false
		for _, m := range g.Children {
			if !array(m) {
				continue
			}
			known = append(known, m.Key)
			for _, who := range m.Children {
				found = true
				v.add(json.Item{Collection: "messages", Node: who, Extra: beside})
			}
		}
		if !found {
			v.event(g)
			continue
		}
		v.loose(g, beside, known...)
	}
}

// calls have the business on one side.
func (v *value) calls(list *json.Node) {
	for _, c := range list.Children {
		names, who := map[string]string{"to": "business"}, c.Get("from")
		if strings.HasPrefix(strings.ToUpper(v.text(c.Get("direction"))), "BUSINESS") {
			names, who = map[string]string{"from": "business"}, c.Get("to")
		}
		v.add(json.Item{Collection: "messages", Node: c, Names: names, Extra: v.named(v.contact(who))})
	}
}
