package extract

import "testing"

func TestHide(t *testing.T) {
	for name, want := range map[string]string{
		"":             "",
		"A1/pull.json": "A1/pull.json",
		"A1/WhatsApp Chat with +91 98765 40001.txt": "A1/WhatsApp Chat with [phone ...001].txt",
		"A1/asha@example.in/+919876540001.m4a":      "A1/[email ....in]/[phone ...001].m4a",
	} {
		if got := Hide(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}
