package xlsx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/xlsx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var leads = connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{
	{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone", Categories: []string{"user.contact.phone_number"}}, {Name: "remark"},
}}

func fixture(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	_, err := f.NewSheet("Second")
	for _, sheet := range []string{"Sheet1", "Second"} {
		err = errors.Join(err, f.SetSheetRow(sheet, "A1", &[]any{"ID", "Phone", "Remark", "Other"}))
		for i := 2; i < 9; i += 1 + i%2 { // with a blank row here and there
			err = errors.Join(err, f.SetSheetRow(sheet, fmt.Sprintf("A%d", i), &[]any{i, 9_876_540_000 + i, "कहा " + sheet, i%2 == 0}))
		}
		err = errors.Join(err, f.AddComment(sheet, excelize.Comment{Cell: "B2", Author: "Clerk", Text: "call later"}))
	}
	var out bytes.Buffer
	if err := errors.Join(err, f.Write(&out), f.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestConformance(t *testing.T) {
	for _, field := range []string{"phone", "Other", xlsx.RestColumn} {
		t.Run(field, func(t *testing.T) {
			connectortest.Run(t, connectortest.Suite{
				MinRecords: 16, Gaps: 1, Collection: "leads", Field: field,
				Victim: func(r connectortest.Record) bool { return r.Unit == "a.xlsx" && r.Locator == "sheet 2 row 1" },
				Open: func(t testing.TB) connectors.Source {
					root := t.TempDir()
					for name, data := range map[string][]byte{"a.xlsx": fixture(t), "b/c.xlsm": fixture(t), "old.xlsx": []byte("\xD0\xCF\x11\xE0")} {
						p := filepath.Join(root, name)
						if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, data, 0o644)); err != nil {
							t.Fatal(err)
						}
					}
					s, err := format.Open(context.Background(), connectors.Config{Name: "files", URL: "file:" + root},
						func(blob.Object, string) (format.Codec, error) {
							return xlsx.New("leads", "files", leads, xlsx.Options{}), nil
						}, nil)
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
			})
		})
	}
}
