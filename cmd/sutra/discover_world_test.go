package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/cmd/sutra/internal/world"
)

// TestDiscoverDemoCRM puts the catalog that discover proposes for the demo's CRM
// in the place of the one that was written by hand: of every person both must
// answer with the same records, and what differs must be a gain, by the truth.
func TestDiscoverDemoCRM(t *testing.T) {
	hand, truth := newSite(t, 40)
	found := hand.twin()
	conf := found.file("sutra.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(found.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sutra.yaml", strings.Replace(conf, ", catalog: crm.yaml", "", 1))
	if err := os.Remove(filepath.Join(found.dir, "crm.yaml")); err != nil {
		t.Fatal(err)
	}
	found.run("discover", "crm", "--seed", "4", "-o", "crm.yaml")
	write("sutra.yaml", conf)
	hand.run("scan")
	found.run("scan")
	for p, err := range truth.AllPeople(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Emails) == 0 {
			continue
		}
		codeA, a := hand.status("where", p.Emails[0], "--account", p.Account)
		codeB, b := found.status("where", p.Emails[0], "--account", p.Account)
		if codeA != codeB {
			t.Errorf("%s %v: exit %d by hand, %d by discover", p.ID, p.Tags, codeA, codeB)
			continue
		}
		planted, err := truth.CopiesOf(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		w, g := copiesIn(t, a), copiesIn(t, b)
		for _, l := range w {
			if !slices.Contains(g, l) {
				t.Errorf("%s %v: discover's catalog misses %s", p.ID, p.Tags, l)
			}
		}
		for _, l := range g {
			if !slices.Contains(w, l) && !isPlanted(planted, l) {
				t.Errorf("%s %v: discover's catalog adds a stranger's %s", p.ID, p.Tags, l)
			}
		}
	}
}

func isPlanted(list []world.Copy, line string) bool {
	return slices.ContainsFunc(list, func(c world.Copy) bool { return strings.HasPrefix(line, c.Dataset+" "+c.Locator+" ") })
}

// copiesIn lists the copies of an output of where.
func copiesIn(t *testing.T, out string) []string {
	t.Helper()
	var list []string
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		if strings.Contains(l, `"type":"copy"`) {
			m := last(t, l)
			list = append(list, m["dataset"].(string)+" "+m["locator"].(string)+" "+m["role"].(string))
		}
	}
	return list
}
