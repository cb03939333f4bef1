package all

import "testing"

func TestKinds(t *testing.T) {
	kinds := Kinds()
	for _, name := range []string{"sqlite", "postgres", "mysql", "mariadb", "recordings", "files", "ga4", "indiamart", "justdial", "whatsapp", "facebook", "google"} {
		if k, ok := kinds[name]; !ok || k.Name != name || k.Open == nil {
			t.Errorf("connector %s: %+v", name, k)
		}
	}
	if len(kinds) != 12 {
		t.Errorf("%d connectors: two have one name, or the test wants a line", len(kinds))
	}
}
