package all

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func open(t testing.TB, kind string, c connectors.Config) connectors.Source {
	t.Helper()
	s, err := Kinds()[kind].Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLiteConforms(t *testing.T) {
	cat := connectors.Dataset{Key: "crm", Collections: []connectors.Collection{{Name: "leads", Fields: []connectors.CatalogField{
		{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone", Categories: []string{"user.contact.phone_number"}},
	}}}}
	connectortest.Run(t, connectortest.Suite{
		Open: func(t testing.TB) connectors.Source {
			path := filepath.Join(t.TempDir(), "crm.db")
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Exec(`create table leads(id integer primary key, phone text, remark text not null);
				insert into leads values (1, '+919876500001', 'a'), (2, null, 'b'), (15000, '+919876500002', 'c')`)
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			return open(t, "sqlite", connectors.Config{Name: "crm", URL: "file:" + path, Dataset: cat})
		},
		MinRecords: 3, Unknown: "leads[990001,1000001)", Collection: "leads", Field: "phone",
	})
}

func TestRecordingsConform(t *testing.T) {
	for _, scheme := range connectortest.Stores {
		t.Run(scheme, func(t *testing.T) { testRecordings(t, scheme) })
	}
}

func testRecordings(t *testing.T, scheme string) {
	connectortest.Run(t, connectortest.Suite{
		Open: func(t testing.TB) connectors.Source {
			root := t.TempDir()
			for key, data := range map[string]string{
				"A1/20230414_215701.088-0400_in_+919876500001.m4a":  "audio",
				"A1/20230414_215701.088-0400_in_+919876500001.json": `{"timestamp_unix_ms": 1681523821088, "timestamp": "2023-04-14T21:57:01.088-04:00", "direction": "conference", "calls": [{"phone_number": "+919876500001", "contact_name": "Asha"}, {"phone_number": "+919876500002"}]}`,
				"A1/Asha-2304142157.mp3":                            "audio",
			} {
				p := filepath.Join(root, key)
				if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			return open(t, "recordings", connectors.Config{Name: "recordings", URL: connectortest.Stored(t, scheme, root), Dataset: connectors.Dataset{Key: "recordings"}})
		},
		MinRecords: 4, Collection: "sidecars", Field: "contact_name",
		Victim: func(r connectortest.Record) bool { return r.Collection == "calls" },
	})
}
