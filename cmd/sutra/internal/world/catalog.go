package world

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sutraYAML is the configuration of a world, with the CRM's connector and url and
// the beginning of the other urls left open.
const sutraYAML = `# The demo's world: a synthetic CRM company.
state: state/
key: file:sutra.key
residency: [ap-south-1]
sources:
  crm:        {connector: %[1]s, url: "%[2]s", catalog: crm.yaml}
  recordings: {connector: recordings, url: "%[3]srecordings/", account: {path: 1}}
  analytics:  {connector: ga4, url: "%[3]sanalytics/", account: {path: 1}}
  indiamart:  {connector: indiamart, url: "%[3]simports/indiamart/", account: {path: 1}}
  justdial:   {connector: justdial, url: "%[3]simports/justdial/", account: {path: 1}}
  whatsapp:   {connector: whatsapp, url: "%[3]simports/whatsapp/", account: {path: 1}}
  facebook:   {connector: facebook, url: "%[3]simports/facebook/", account: {path: 1}}
  google:     {connector: google, url: "%[3]simports/google/", account: {path: 1}}
  files:      {connector: files, url: "%[3]sexports/", catalog: exports.yaml}
  imports:    {connector: files, url: "%[3]simports/drop/", catalog: imports.yaml}
`

// The columns of the file sources; the types matter only to the writers.
var (
	leadRef = column{name: "lead_id", ref: "leads.id", soft: true}
	exports = []table{
		{name: "leads_export", sutra: "class: account_crm, account: account_id, recorded_at: created_at, erase: delete",
			cols: []column{col("account_id", ""), leadRef, text("name", catName), phone("mobile"), email("email"), text("remark", catText), col("created_at", "")}},
		{name: "calls_export", sutra: "class: account_crm, account: account_id, recorded_at: at, erase: delete",
			cols: []column{col("account_id", ""), col("call_id", ""), phone("number"), email("email"), text("remark", catText), col("at", ""), col("n", "")}},
		{name: "visits_export", sutra: "class: account_crm, account: account_id, recorded_at: at, erase: delete",
			cols: []column{col("account_id", ""), email("email"), phone("phone"), text("remark", catText), col("score", ""), col("ok", ""), col("at", "")}},
	}
	drops = []table{
		{name: "leads", sutra: `class: account_crm, account: account_id, recorded_at: created_at, erase: delete, path: "*.json"`,
			cols: []column{col("account_id", ""), col("enquiry_id", "").with("link: indiamart_query"), text("name", catName), phone("mobile"), phone("mobile_alt"), phone("landline"),
				email("email"), text("address", "user.contact.address"), text("message", catText), col("created_at", "")}},
	}
)

// configuration is sutra.yaml of a world that stands at the place.
func (p place) configuration() string {
	connector, url, base := "sqlite", "file:crm.db", "file:"
	if p.product != nil {
		connector, url = p.product.name, "${CRM_DSN}"
	}
	if p.buckets != nil {
		base = "s3://" + p.bucket + "/"
	}
	return fmt.Sprintf(sutraYAML, connector, url, base)
}

// writeConfig writes sutra.yaml and the catalogs.
func writeConfig(dir string, p place) error {
	for name, body := range map[string]string{
		"sutra.yaml":   p.configuration(),
		"crm.yaml":     catalog("crm", "CRM", crm),
		"exports.yaml": catalog("files", "Exports", exports),
		"imports.yaml": catalog("imports", "Import drop", drops),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			return fmt.Errorf("write the world's configuration: %w", err)
		}
	}
	return nil
}

// catalog writes a fideslang dataset.
func catalog(key, name string, tables []table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dataset:\n  - fides_key: %s\n    name: %s\n    collections:\n", key, name)
	for _, t := range tables {
		fmt.Fprintf(&b, "      - name: %s\n        meta: {sutra: {%s}}\n        fields:\n", t.name, t.sutra)
		for _, c := range t.cols {
			fmt.Fprintf(&b, "          - {%s}\n", field(t, c))
		}
	}
	return b.String()
}

func field(t table, c column) string {
	cat := c.category
	if cat == "" {
		cat = "system.operations"
	}
	out := fmt.Sprintf("name: %s, data_categories: [%s]", c.name, cat)
	var meta []string
	switch {
	case c.object && c.typ == "list":
		meta = append(meta, `data_type: "object[]"`)
	case c.object:
		meta = append(meta, "data_type: object")
	case strings.HasPrefix(c.typ, "INTEGER"):
		meta = append(meta, "data_type: integer")
	default:
		meta = append(meta, "data_type: string")
	}
	if slices.Contains(t.pk, c.name) {
		meta = append(meta, "primary_key: true")
	}
	if c.identity != "" {
		meta = append(meta, "identity: "+c.identity)
	}
	if c.ref != "" {
		ds := c.dataset
		if ds == "" {
			ds = "crm"
		}
		meta = append(meta, fmt.Sprintf("references: [{dataset: %s, field: %s, direction: from}]", ds, c.ref))
	}
	out += ", fides_meta: {" + strings.Join(meta, ", ") + "}"
	if c.sutra != "" {
		out += ", meta: {sutra: {" + c.sutra + "}}"
	}
	return out
}
