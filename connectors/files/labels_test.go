package files

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// TestLabels reads what a bucket keeps beside an object as a record, and takes it away
// alone, together with a row, or not at all.
func TestLabels(t *testing.T) {
	ctx := context.Background()
	cut := func(old string) func(connectors.Field, string) (string, connectors.Verdict) {
		return func(_ connectors.Field, v string) (string, connectors.Verdict) {
			if !strings.Contains(v, old) {
				return v, connectors.Same
			}
			return strings.ReplaceAll(v, old, ""), connectors.Set
		}
	}
	labels := connectors.Edit{Collection: "leads", Locator: "metadata", Action: connectors.Redact, Rewrite: cut("9845067231")}
	strangers := labels
	strangers.Rewrite = cut("9900011223")
	row := connectors.Edit{Collection: "leads", Locator: "row 1", Action: connectors.Delete}
	both := connectors.Edit{Collection: "leads", Locator: "row 2", Action: connectors.Delete}
	const table, noted = "phone\n+919845067231\n+919004731862\n", "caller: +919845067231\n"
	for name, tt := range map[string]struct {
		edits   []connectors.Edit
		outcome connectors.Outcome
		content string // "" when the object is gone
		labels  string
	}{
		"the labels":           {[]connectors.Edit{labels}, connectors.Outcome{Redacted: 1}, table, ""},
		"a row and the labels": {[]connectors.Edit{row, labels}, connectors.Outcome{Deleted: 1, Redacted: 1}, "phone\n+919004731862\n", ""},
		"all":                  {[]connectors.Edit{row, both, labels}, connectors.Outcome{Deleted: 2, Gone: true}, "", ""},
		"of a stranger":        {[]connectors.Edit{strangers}, connectors.Outcome{}, table, noted},
	} {
		t.Run(name, func(t *testing.T) {
			bucket, b := connectortest.Bucket(t, server.Versions)
			_, err := b.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("leads.csv"), Body: strings.NewReader(table), Metadata: map[string]string{"caller": "+919845067231", "etl": "v2"}})
			if err != nil {
				t.Fatal(err)
			}
			src, err := Kind().Open(ctx, connectors.Config{Name: "files", URL: "s3://" + bucket + "/", Workers: 1, Dataset: connectors.Dataset{Key: "files", Collections: []connectors.Collection{
				{Name: "leads", Fields: []connectors.CatalogField{{Name: "phone", Identity: "phone"}}}}}})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			u, got := labelsOf(t, src)
			if got != noted {
				t.Errorf("before: labels %q", got)
			}
			_, out, err := src.(connectors.Eraser).Erase(ctx, u, tt.edits)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.outcome, out); d != "" {
				t.Errorf("outcome (-want +got)\n%s", d)
			}
			if tt.content == "" {
				return
			}
			content, err := b.Read(ctx, bucket, "leads.csv", "")
			if _, left := labelsOf(t, src); err != nil || string(content) != tt.content || left != tt.labels {
				t.Errorf("content %q (%v), labels %q", content, err, left)
			}
		})
	}
}

// labelsOf returns the only unit of a source, and its labels.
func labelsOf(t *testing.T, src connectors.Source) (u connectors.Unit, labels string) {
	t.Helper()
	for next, err := range src.Units(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		u = next
		for b, err := range src.Read(t.Context(), u) {
			if err != nil || len(b.Gaps) > 0 {
				t.Fatalf("%v %v", err, b.Gaps)
			}
			for row := range int(b.Rows.NumRows()) {
				if at, _ := connectors.Value(b.Rows, 0, row); at == "metadata" {
					labels, _ = connectors.Value(b.Rows, 1, row)
				}
			}
		}
	}
	return u, labels
}
