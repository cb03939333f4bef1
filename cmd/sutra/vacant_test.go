package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/config"
)

// TestKilledAfterTheLast holds that an erasure that took the last there was, and was killed
// before it could note that, comes to its end, also where the folder is on another device by
// then: its journal says that it was at it, so that the empty place is its own work. Without
// such a word another place is doubted.
func TestKilledAfterTheLast(t *testing.T) {
	for _, begun := range []bool{true, false} {
		s := inSite(t, "people", "class: account_crm", "")
		s.put("in/people/a.csv", "email\nasha@example.com\n")
		s.run("scan")
		s.run("erase", "asha@example.com", "-o", "plan")
		if begun {
			s.began("plan")
		}
		s.put("sutra.yaml", "sources:\n  files: {connector: files, url: \"file:other/\", catalog: files.yaml}\n")
		if err := os.Mkdir(filepath.Join(s.dir, "other"), 0o755); err != nil {
			t.Fatal(err)
		}
		if !begun {
			s.ends(exitGaps, "apply", "plan")
			continue
		}
		if out := s.run("apply", "plan"); !strings.Contains(out, `"erased":1,`) || !strings.Contains(out, `"residue":0,"gaps":0`) {
			t.Errorf("the erasure did not come to its end:\n%s", out)
		}
		s.run("scan")
		s.run("verify")
	}
}

// began writes into the graph and the journal of a plan that its first step was begun, as a
// run does that is killed then.
func (s *site) began(plan string) {
	s.t.Helper()
	var head struct {
		ID string `json:"id"`
	}
	data, err := os.ReadFile(filepath.Join(s.dir, plan))
	if err == nil {
		err = json.NewDecoder(strings.NewReader(string(data))).Decode(&head)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	c, _, err := config.Load(filepath.Join(s.dir, "sutra.yaml"), os.LookupEnv, all.Kinds())
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := c.KeyBytes()
	if err != nil {
		s.t.Fatal(err)
	}
	g, err := lineage.Open(c.State, key, lineage.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	j, err := audit.OpenJournal(filepath.Join(c.State, "journal"), head.ID, g.Seal, g.Unseal)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(g.PutDoc("begun", head.ID, fmt.Appendf(nil, `{"path":%q}`, filepath.Join(s.dir, plan))), j.Record(0, audit.Intent, nil), j.Close(), g.Close()); err != nil {
		s.t.Fatal(err)
	}
}
