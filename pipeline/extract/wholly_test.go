package extract

import (
	"testing"

	"github.com/cratio/sutra/lineage"
)

// A member that is nothing but a number or an address says who the record is about whatever
// its name, and so does a link to a number where a call's end stands; a text or another link
// that only contains it mentions somebody.
func TestWholly(t *testing.T) {
	for _, c := range []struct {
		key, text string
		want      lineage.Role
	}{
		{"address", "+91 98123 45670", lineage.Subject}, {"address", "tel:+919812345670", lineage.Subject}, {"uri", " TEL:+91-98123-45670;ext=12", lineage.Subject},
		{"remoteUri", "callto:9812345670", lineage.Subject}, {"link", "mailto:asha@example.com", lineage.Mention}, {"help", "tel:9812345670", lineage.Mention},
		{"address", "12, MG Road, tel: 9812345670", lineage.Mention}, {"uri", "tel:9812345670 or later", lineage.Mention}, {"title", "Call with 9812345670", lineage.Mention},
		{"agent_uri", "tel:+919812345670", lineage.Mention}, {"caller_id_number", "9812345670", lineage.Party}, {"callee_id_number", "919812345670", lineage.Party},
	} {
		hits := leafHits(c.key, c.text, false)
		if len(hits) != 1 || hits[0].role != c.want {
			t.Errorf("%s: %q: %v, want one of role %d", c.key, c.text, hits, c.want)
		}
	}
	if hits := leafHits("order_id_number", "9812345670", false); len(hits) > 0 {
		t.Errorf("the digits of an id are taken for a number: %v", hits)
	}
}
