package chat

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// TestMedia covers what of an archive is handed out with a message.
func TestMedia(t *testing.T) {
	talk := zipTalk + "[21/04/26, 10:18:00] Ravi: <attached: 3.jpg>\n[21/04/26, 10:19:00] Ravi: <attached: 4.jpg>\n[21/04/26, 10:20:00] Ravi: no file\n[21/04/26, 10:21:00] Ravi: <attached: 5.jpg>\n"
	data := archive(t, "1.jpg", "one", "_chat.txt", talk, "2.jpg", "two", "media/3.jpg", "three", "a/5.jpg", "x", "b/5.jpg", "y")
	for at, want := range map[string]string{
		"line 1/1.jpg": "", "line 2/2.jpg": "two", "line 3/1.jpg": "", "line 4/3.jpg": "three", "line 5/4.jpg": "", "line 6/": "", "line 7/5.jpg": "", "line 99/2.jpg": "",
		"line 4/2.jpg": "", "line 2": "", "object": "", "line 2/_chat.txt": "",
	} {
		var out strings.Builder
		err := NewZip("chats", "whatsapp", cat, "Friends").(format.MediaReader).Media(context.Background(), input(data), at, &out)
		if out.String() != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("%s: %q, %v", at, out.String(), err)
		}
	}
	// in her own chat, what the other side sent is not hers to have
	pair := archive(t, "_chat.txt", "[21/04/26, 10:15:00] Agent: <attached: 1.jpg>\n[21/04/26, 10:16:00] +91 98765 40001: <attached: 2.jpg>\n", "1.jpg", "one", "2.jpg", "two")
	for at, want := range map[string]string{"line 1/1.jpg": "", "line 2/2.jpg": "two"} {
		var out strings.Builder
		if err := NewZip("chats", "whatsapp", cat, "+91 98765 40001").(format.MediaReader).Media(context.Background(), input(pair), at, &out); out.String() != want || (err == nil) != (want != "") {
			t.Errorf("a chat of two, %s: %q, %v", at, out.String(), err)
		}
	}
}
