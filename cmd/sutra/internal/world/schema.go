package world

import (
	"fmt"
	"strings"
)

// column is one column of the CRM: what the database and the catalog know of it.
type column struct {
	name     string
	typ      string // SQLite type and constraints
	category string // fideslang key; "" means system.operations
	identity string
	ref      string // "table.column" it refers to, a foreign key unless soft
	soft     bool   // the reference stands in the catalog only
	dataset  string // dataset of a soft reference; "" means crm
	sutra    string // body of meta.sutra
	object   bool   // holds JSON
	moment   bool   // holds a time and never anything else
}

// table is one table of the CRM.
type table struct {
	name  string
	sutra string // body of meta.sutra
	pk    []string
	cols  []column
	index []string // columns that get an index, comma-separated
}

// ddl returns the statement that makes the table.
func (t table) ddl() string {
	var parts []string
	for _, c := range t.cols {
		parts = append(parts, fmt.Sprintf("%q %s", c.name, c.typ))
	}
	parts = append(parts, "PRIMARY KEY ("+strings.Join(t.pk, ", ")+")")
	for _, c := range t.cols {
		if c.ref != "" && !c.soft {
			tab, col, _ := strings.Cut(c.ref, ".")
			parts = append(parts, fmt.Sprintf("FOREIGN KEY (%q) REFERENCES %s(%s)", c.name, tab, col))
		}
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(parts, ", ") + ")"
}

// insert returns the statement that adds a row.
func (t table) insert() string {
	return "INSERT INTO " + t.name + " VALUES (?" + strings.Repeat(", ?", len(t.cols)-1) + ")"
}

const (
	catName  = "user.name"
	catPhone = "user.contact.phone_number"
	catEmail = "user.contact.email"
	catText  = "user.content"
)

func col(name, typ string) column       { return column{name: name, typ: typ} }
func moment(name string) column         { return column{name: name, typ: "TEXT", moment: true} }
func text(name, category string) column { return column{name: name, typ: "TEXT", category: category} }
func ident(name, cat, kind string) column {
	return column{name: name, typ: "TEXT", category: cat, identity: kind}
}
func phone(name string) column { return ident(name, catPhone, "phone_number") }
func email(name string) column { return ident(name, catEmail, "email") }
func object(name string) column {
	return column{name: name, typ: "TEXT", category: "user", object: true}
}
func fk(name, typ, ref string) column { return column{name: name, typ: typ, ref: ref} }
func (c column) with(sutra string) column {
	c.sutra = sutra
	return c
}

func acct() column { return fk("account_id", "TEXT NOT NULL", "accounts.id") }
func id() column   { return col("id", "INTEGER NOT NULL") }

// crm is the schema of the CRM, in the order in which foreign keys allow rows.
var crm = []table{
	{name: "accounts", sutra: "accounts: true, class: account_crm, account: id, recorded_at: created_at, trigger: terminated_at, erase: keep, order: 90", pk: []string{"id"},
		cols: []column{col("id", "TEXT NOT NULL"), col("name", "TEXT"), col("gstin", "TEXT"), col("phone", "TEXT"), col("status", "TEXT"), moment("terminated_at"),
			col("recording_retention_days", "INTEGER").with("override: call_recording"), moment("created_at")}},
	{name: "users", sutra: "staff: true, class: account_crm, account: account_id, recorded_at: created_at, erase: keep, order: 80", pk: []string{"id"},
		cols: []column{id(), acct(), text("name", catName), email("email"), phone("phone"), col("active", "INTEGER"), moment("created_at")}},
	{name: "contacts", sutra: "class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 60", pk: []string{"id"},
		cols: []column{id(), acct(), text("full_name", catName), email("email"), email("email_alt"), phone("phone"), phone("phone_alt"), ident("wa_id", catPhone, "wa_id"),
			text("remark", catText), moment("created_at"), moment("deleted_at"), fk("merged_into_id", "INTEGER", "contacts.id").with("link: merged")},
		index: []string{"merged_into_id"}},
	{name: "leads", sutra: "class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 50", pk: []string{"id"},
		cols: []column{col("id", "TEXT NOT NULL"), acct(), fk("contact_id", "INTEGER", "contacts.id"), text("name", catName), email("email"), phone("phone"), col("company", "TEXT"),
			text("city", "user.contact.address.city"), col("source", "TEXT"), col("source_ref", "TEXT").with("link: [indiamart_query, justdial_lead]"), object("source_payload"),
			text("notes", catText), fk("assigned_to", "INTEGER", "users.id"), moment("created_at"), moment("deleted_at")},
		index: []string{"contact_id"}},
	{name: "field_defs", sutra: "class: account_crm, account: account_id, erase: delete, order: 85", pk: []string{"id"},
		cols: []column{id(), acct(), col("form", "TEXT"), col("label", "TEXT"), col("type", "TEXT")}},
	{name: "lead_field_values", sutra: "class: account_crm, erase: delete, order: 20", pk: []string{"lead_id", "field_def_id"},
		cols:  []column{fk("lead_id", "TEXT NOT NULL", "leads.id"), fk("field_def_id", "INTEGER NOT NULL", "field_defs.id"), text("value_text", catText)},
		index: []string{"field_def_id"}},
	{name: "call_logs", sutra: "class: account_crm, account: account_id, recorded_at: start_at, erase: delete, order: 20", pk: []string{"id"},
		cols: []column{id(), acct(), fk("lead_id", "TEXT", "leads.id"), fk("user_id", "INTEGER", "users.id"), col("provider_sid", "TEXT"), phone("from_number"), phone("to_number"),
			text("to_name", catName), col("direction", "TEXT"), moment("start_at"), col("duration_s", "INTEGER"),
			{name: "recording_key", typ: "TEXT", ref: "calls.key", soft: true, dataset: "recordings", sutra: "role: link"}, text("note", catText)},
		index: []string{"lead_id"}},
	{name: "device_contacts", sutra: "class: account_crm, account: account_id, recorded_at: synced_at, erase: delete, order: 20", pk: []string{"id"},
		cols: []column{id(), acct(), fk("user_id", "INTEGER", "users.id"), text("name", catName), phone("phone"), text("note", catText), moment("synced_at")}},
	{name: "notes", sutra: "class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 10, refs: [{type: ref_type, id: ref_id, map: {Lead: leads, Contact: contacts}}]", pk: []string{"id"},
		cols:  []column{id(), acct(), col("ref_type", "TEXT"), col("ref_id", "TEXT"), text("body_html", catText), fk("author_id", "INTEGER", "users.id"), moment("created_at")},
		index: []string{"ref_type, ref_id"}},
	{name: "tasks", sutra: "class: account_crm, account: account_id, recorded_at: created_at, erase: delete, order: 10, refs: [{type: ref_type, id: ref_id}]", pk: []string{"id"},
		cols:  []column{id(), acct(), col("ref_type", "TEXT"), col("ref_id", "TEXT"), text("title", catText), text("description", catText), moment("due_at"), moment("created_at")},
		index: []string{"ref_type, ref_id"}},
	{name: "tickets", sutra: "class: support_ticket, account: account_id, recorded_at: created_at, trigger: closed_at, erase: delete, order: 30", pk: []string{"id"},
		cols: []column{id(), acct(), fk("contact_id", "INTEGER", "contacts.id"), text("subject", catText), text("body", catText), col("channel", "TEXT"), col("status", "TEXT"),
			moment("created_at"), col("closed_at", "TEXT")},
		index: []string{"contact_id"}},
	{name: "ticket_messages", sutra: "class: support_ticket, recorded_at: sent_at, trigger: ticket_closed_at, erase: delete, order: 25", pk: []string{"id"},
		cols:  []column{id(), fk("ticket_id", "INTEGER NOT NULL", "tickets.id"), col("author", "TEXT"), text("body", catText), moment("sent_at"), col("ticket_closed_at", "TEXT")},
		index: []string{"ticket_id"}},
	{name: "invoices", sutra: "class: billing, account: account_id, recorded_at: document_date, trigger: document_date, erase: keep, order: 70", pk: []string{"id"},
		cols: []column{id(), acct(), fk("contact_id", "INTEGER", "contacts.id"), col("number", "TEXT"), text("billed_to_name", catName).with("erase: keep"), phone("billed_to_phone"),
			email("billed_to_email"), text("address", "user.contact.address").with("erase: keep"), {name: "total", typ: "INTEGER", category: "user.financial", sutra: "erase: keep"},
			col("document_date", "TEXT"), col("memo", "TEXT")},
		index: []string{"contact_id"}},
	{name: "messages", sutra: "class: account_crm, account: account_id, recorded_at: sent_at, erase: delete, order: 20", pk: []string{"id"},
		cols: []column{{name: "id", typ: "TEXT NOT NULL", category: "user.unique_id", sutra: "link: wa_message"}, acct(), fk("lead_id", "TEXT", "leads.id"), col("channel", "TEXT"),
			col("direction", "TEXT"), text("body", catText), moment("sent_at")},
		index: []string{"lead_id"}},
	{name: "webhook_log", sutra: "class: account_crm, account: account_id, recorded_at: received_at, erase: redact, order: 10", pk: []string{"id"},
		cols: []column{id(), acct(), col("source", "TEXT"), moment("received_at"), {name: "headers", typ: "TEXT", object: true}, object("body")}},
	{name: "audit_log", sutra: "class: account_crm, account: account_id, recorded_at: at, erase: redact, order: 10, refs: [{type: entity, id: entity_id}]", pk: []string{"id"},
		cols:  []column{id(), acct(), col("entity", "TEXT"), col("entity_id", "TEXT"), object("before"), object("after"), moment("at"), fk("actor_id", "INTEGER", "users.id")},
		index: []string{"entity, entity_id"}},
	{name: "dead_letters", sutra: "class: account_crm, account: account_id, recorded_at: at, erase: delete, order: 10", pk: []string{"id"},
		cols: []column{id(), acct(), col("source", "TEXT"), col("error", "TEXT"), {name: "body", typ: "BLOB", category: "user"}, moment("at")}},
	{name: "import_rows", sutra: "class: account_crm, account: account_id, recorded_at: at, erase: delete, order: 10", pk: []string{"id"},
		cols: []column{id(), acct(), col("batch", "TEXT"), object("raw"), moment("at")}},
}

// classOf returns the retention class of a table's rows.
func classOf(tab string) string {
	switch tab {
	case "tickets", "ticket_messages":
		return classTicket
	case "invoices":
		return classBilling
	}
	return classCRM
}
