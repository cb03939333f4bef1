package recordings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// TestBesideTheEntries: what stands beside the entries of a conference says of none of them
// whose it is, and what of it tells of somebody goes with her entry: the next one would have it.
func TestBesideTheEntries(t *testing.T) {
	const key, entries = "a/c.json", `"calls":[{"phone_number":"+919822031416","contact_name":"Asha Verma"},{"phone_number":"+919822031417","contact_name":"Ravi","note":"of Asha Verma"}]}`
	for beside, want := range map[string]map[string]string{
		`{"from":"98220 31416","sim":1,`:        {"/calls/0": `{"from":null,"sim":1,`, "/calls/1": `{"from":"98220 31416","sim":1,`},
		`{"host":{"tel":919822031417},`:         {"/calls/0": `{"host":{"tel":919822031417},`, "/calls/1": `{"host":{"tel":null},`},
		`{"title":"Call of asha verma","x":[],`: {"/calls/0": `{"title":null,"x":[],`},
		`{"title":"Asha Verma and Ravi",`:       {"/calls/0": `{"title":"Asha Verma and Ravi",`}, // of him, too: it is asked about as a mention
	} {
		for locator, now := range want {
			s, dir := fixture(t, map[string]string{key: beside + entries}, connectors.AccountRule{})
			u := units(t, s)[key]
			for b, err := range s.Read(t.Context(), u) {
				if err != nil {
					t.Fatal(err)
				}
				field, _ := b.Rows.Schema().FieldsByName("document")
				if role := connectors.FieldOf(field[0]).Role; role != "mention" {
					t.Errorf("%s is a %q of the first", beside, role)
				}
			}
			if _, out := erase(t, s, key, del(sidecarsName, locator)); out.Deleted != 1 || out.Gone {
				t.Fatalf("%+v", out)
			}
			data, err := os.ReadFile(filepath.Join(dir, key))
			if err != nil {
				t.Fatal(err)
			}
			rest := `"calls":[{"phone_number":"+919822031417","contact_name":"Ravi","note":"of Asha Verma"}]}` // what he says is not beside it
			if locator == "/calls/1" {
				rest = `"calls":[{"phone_number":"+919822031416","contact_name":"Asha Verma"}]}`
			}
			if d := cmp.Diff(now+rest, string(data)); d != "" {
				t.Errorf("%s without %s: %s", beside, locator, d)
			}
		}
	}
}
