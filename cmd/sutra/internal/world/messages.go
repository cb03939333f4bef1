package world

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// post is what the Cloud API posts to a webhook.
func post(value map[string]any) map[string]any {
	value["messaging_product"] = "whatsapp"
	value["metadata"] = map[string]string{"display_phone_number": "917124001000", "phone_number_id": "3304"}
	return map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": "2203", "changes": []any{map[string]any{"field": "messages", "value": value}}}}}
}

// said is a message of hers and her contact entry.
func (x *imports) said(s *soul, text string, at time.Time) (contact, message map[string]any) {
	d := s.writes("wa")
	return map[string]any{"profile": map[string]string{"name": s.first}, "wa_id": d},
		map[string]any{"from": d, "id": wamid(s.r, d), "timestamp": fmt.Sprint(at.Unix()), "type": "text", "text": map[string]string{"body": text}}
}

// valueN is the locator of a record in the post on the N-th line.
func valueN(list string, k int) func(int) string {
	return func(n int) string { return fmt.Sprintf("line %d/entry/0/changes/0/value/%s/%d", n, list, k) }
}

// addMessage plants one post: a message, a message with a stranger's beside it, or
// a status in which her number stands only inside the message id.
func (x *imports) addMessage(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	c := Copy{Source: "whatsapp", Dataset: "whatsapp.messages", Token: t}
	if s.r.IntN(3) == 0 {
		c.Dataset = "whatsapp.statuses"
		x.put("webhook", s, c, valueN("statuses", 0), at, post(map[string]any{"statuses": []any{map[string]any{"id": wamid(s.r, s.writes("wa")), "status": "read",
			"timestamp": fmt.Sprint(at.Unix()), "recipient_id": "R77", "biz_opaque_callback_data": t}}}))
		return
	}
	contact, message := x.said(s, "price? "+t, at)
	other := x.b.other(s, 0)
	if other == nil || !other.own() || s.r.IntN(4) != 0 {
		x.put("webhook", s, c, valueN("messages", 0), at, post(map[string]any{"contacts": []any{contact}, "messages": []any{message}}))
		return
	}
	t2 := x.b.token()
	c2, m2 := x.said(other, "invoice please "+t2, at)
	key, n := x.put("webhook", s, c, valueN("messages", 0), at, post(map[string]any{"contacts": []any{contact, c2}, "messages": []any{message, m2}}))
	x.b.plant(Copy{Person: other.ID, Account: other.Account, Source: "whatsapp", Dataset: "whatsapp.messages", Unit: key, Locator: valueN("messages", 1)(n), Token: t2}, at)
}

// addChat plants a chat that an agent exported from a phone: all of it is her
// conversation, by the name of the file.
func (x *imports) addChat(s *soul) {
	me, at := s.writes("space"), x.b.ago(s.r, 50)
	lines := []string{"Messages and calls are end-to-end encrypted.", me + ": hello, need a quote", "Agent: sure, which model?",
		me + ": the small one\nand a second line", "Agent: <Media omitted>"}
	key := s.Account + "/chats/WhatsApp Chat with " + me + ".txt"
	text, line := "", 1
	for i, l := range lines {
		when := at.Add(time.Duration(i) * time.Minute).In(ist)
		t := x.b.token()
		x.b.plant(Copy{Person: s.ID, Account: s.Account, Source: "whatsapp", Dataset: "whatsapp.chats", Unit: key, Locator: lineN(line), Token: t}, when)
		part := when.Format("02/01/06, 15:04") + " - " + l + " " + t + "\n"
		text += part
		line += strings.Count(part, "\n")
	}
	x.b.do(func() error {
		path := filepath.Join(x.b.dir, "imports/whatsapp", filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write a chat: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write a chat: %w", err)
		}
		return nil
	})
}
