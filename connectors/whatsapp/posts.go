package whatsapp

import (
	"context"
	"regexp"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/json"
)

// posts is the codec of a file of webhooks. It counts what is new in them: a kind
// of webhook or message that nobody knew is read as it is, and told of.
type posts struct {
	*json.Codec
	strange map[string]int
}

func newPosts(ds connectors.Dataset) format.Codec {
	p := &posts{strange: map[string]int{}}
	read := func(root *json.Node, data []byte) ([]json.Item, string) {
		return (&post{data: data, strange: p.strange}).layout(root)
	}
	p.Codec = json.NewLayout(ds.Key, ds.Collections, read, false)
	return p
}

// Decode implements [format.Codec].
func (p *posts) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	clear(p.strange)
	if err := p.Codec.Decode(ctx, in, yield); err != nil || len(p.strange) == 0 {
		return err
	}
	return yield(connectors.Batch{Collection: "messages", Notes: p.strange})
}

// fields are the kinds of webhooks that are known; all that begin with "template"
// or "message_template" are known too.
var fields = map[string]bool{
	"messages": true, "smb_message_echoes": true, "smb_app_state_sync": true, "history": true, "user_preferences": true, "user_id_update": true, "calls": true,
	"group_lifecycle_update": true, "group_participants_update": true, "group_settings_update": true, "group_status_update": true,
	"account_update": true, "account_settings_update": true,
}

func known(field string) bool {
	return fields[field] || strings.HasPrefix(field, "template") || strings.HasPrefix(field, "message_template")
}

// types are the types of messages that are known.
var types = map[string]bool{
	"text": true, "image": true, "video": true, "audio": true, "document": true, "sticker": true, "location": true, "contacts": true, "interactive": true,
	"button": true, "order": true, "reaction": true, "system": true, "revoke": true, "edit": true, "unsupported": true, "unknown": true,
}

// plain is a word that tells of nobody.
var plain = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// count takes in something new. Its name is told only where it is a plain word.
func (p *post) count(what, name string) {
	if p.strange == nil {
		return
	}
	if !plain.MatchString(name) {
		name = "(not a word)"
	}
	p.strange[what+name+", kept and searched as it is"]++
}
