package extract

import "testing"

// An address that a marketplace hands on from is nobody's own, and joins nothing by itself.
func TestRelayAddresses(t *testing.T) {
	for addr, weak := range map[string]bool{
		"buyer@indiamart.com": true, "asha.1@buyermail.indiamart.com": true, "b7c9@marketplace.amazon.in": true, "x1@reply.example.com": true,
		"q4@privaterelay.appleid.com": true, "lead@justdial.com": true, "asha@notindiamart.com": false, "asha@example.com": false,
	} {
		if id, ok := Email(addr); !ok || id.Weak != weak {
			t.Errorf("%s: weak %v, want %v", addr, id.Weak, weak)
		}
	}
}
