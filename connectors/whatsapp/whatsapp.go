package whatsapp

import (
	"context"
	_ "embed"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/chat"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "whatsapp", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	chats, _ := c.Dataset.Collection("chats")
	pick := func(key string, head []byte) (format.Codec, error) {
		title, _ := chat.Title(key)
		switch looks := format.LooksLike(head); looks {
		case format.LooksJSON:
			return newPosts(c.Dataset), nil
		case format.LooksText:
			return format.Wide(chat.New("chats", c.Dataset.Key, chats, title)), nil
		case format.LooksZip:
			return chat.NewZip("chats", c.Dataset.Key, chats, title), nil
		default:
			return nil, format.NotRead(looks, "webhook JSON and exported chats (.txt, .zip)")
		}
	}
	return format.OpenSniffed(ctx, c, pick)
}
