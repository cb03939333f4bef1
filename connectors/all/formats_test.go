package all_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// TestTimesOfEveryFormat holds one time as each format writes it; those of file
// names are read by the recordings connector and tested there.
func TestTimesOfEveryFormat(t *testing.T) {
	for _, c := range []struct{ from, raw, want string }{
		{"IndiaMART", "2021-12-08 12:47:25", "2021-12-08T12:47:25+05:30"},
		{"IndiaMART v1, a day", "08 Dec 2021", "2021-12-08T00:00:00+05:30"},
		{"IndiaMART v1, short", "08-Dec-21", "2021-12-08T00:00:00+05:30"},
		{"IndiaMART v1, with a noon that is twice said", "08-Dec-2021 12:47:25 PM", "2021-12-08T12:47:25+05:30"},
		{"IndiaMART request", "25-01-2022 16:30:00", "2022-01-25T16:30:00+05:30"},
		{"IndiaMART request, a day", "25-JAN-2022", "2022-01-25T00:00:00+05:30"},
		{"JustDial", "2023-02-28", "2023-02-28T00:00:00+05:30"},
		{"JustDial, day first", "07-08-2026 11:40", "2026-08-07T11:40:00+05:30"},
		{"JustDial, unknown", "1900/01/01", ""},
		{"JustDial, unknown", "0000/00/00", ""},
		{"WhatsApp", "1697043223", "2023-10-11T22:23:43+05:30"},
		{"Meta webhook", "1440120384", "2015-08-21T06:56:24+05:30"},
		{"Meta Graph, no colon in the offset", "2022-02-03T16:16:51+0000", "2022-02-03T21:46:51+05:30"},
		{"Meta table, an offset a row", "2026-07-16T00:12:13+03:00", "2026-07-16T02:42:13+05:30"},
		{"GA4, microseconds", "1617691790431476", "2021-04-06T12:19:50+05:30"},
		{"GA4, a day", "20260421", "2026-04-21T00:00:00+05:30"},
		{"Exotel", "2026-04-21 10:15:00", "2026-04-21T10:15:00+05:30"},
		{"Telecrm, day first", "01/06/2026 10:30:00", "2026-06-01T10:30:00+05:30"},
		{"Cratio", "2026-04-22T10:30:00Z", "2026-04-22T16:00:00+05:30"},
		{"half an hour into the Indian year", "2026-04-01 00:30:00", "2026-04-01T00:30:00+05:30"},
	} {
		at, _, _, ok := policy.ParseDate(c.raw)
		got := ""
		if ok {
			got = at.Truncate(time.Second).Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.from, c.raw, got, c.want)
		}
	}
}

// edges extracts one value and returns what stands in it, as "role kind:value".
func edges(f connectors.Field, raw string) []string {
	h := plainHasher{}
	b := connectors.NewBuilder(memory.DefaultAllocator, "rows", []connectors.Field{f})
	defer b.Release()
	b.Row("row 1")
	b.Set(0, raw)
	batch := b.Flush()
	defer batch.Rows.Release()
	x := extract.Extractor{Hash: h, Dates: func(string) (time.Time, lineage.Date, bool) { return time.Time{}, lineage.NoDate, false }}
	var out []string
	for _, s := range x.Batch("files", connectors.Collection{Name: "rows"}, connectors.Unit{Key: "k"}, batch, false) {
		for _, e := range s.Edges {
			out = append(out, roleNames[e.Role]+" "+h[e.Token])
		}
	}
	return out
}

// TestCallsOfEveryProvider holds what telephony providers post. Which side is the
// customer depends on who was called first, so both are parties: the account's own
// numbers are told apart later, and nobody becomes the subject by a guess.
func TestCallsOfEveryProvider(t *testing.T) {
	for from, c := range map[string]struct {
		raw  string
		want []string
	}{
		"Exotel": {`{"Call":{"Sid":"c5ca","To":"09820145678","From":"04426281930","PhoneNumberSid":"P1","PhoneNumber":"09820188888","Direction":"outbound-api","RecordingUrl":"https://s3.example/exotelrecordings/x/c5ca.mp3","Duration":"42","Price":"0.5"}}`,
			[]string{"party phone:+919820145678", "party phone:+914426281930", "mention phone:+919820188888"}},
		"Exotel passthru": {`{"CallSid":"c5ca","CallFrom":"09820145678","CallTo":"04426281930","DialWhomNumber":"09820199999","AgentEmail":"agent@example.in","StartTime":"2026-04-21 10:15:00"}`,
			[]string{"party phone:+919820145678", "party phone:+914426281930", "party phone:+919820199999", "mention email:agent@example.in"}},
		"LeadSquared": {`{"SourceNumber":"+91-9820145678","DestinationNumber":"9820199999","DisplayNumber":"04426281930","CallSessionId":"7","LeadId":"8"}`,
			[]string{"party phone:+919820145678", "party phone:+919820199999"}},
		"LeadSquared, its own request told again": {`{"Status":"Success","RequestBody":"{\"SourceNumber\":\"9820145678\",\"DestinationNumber\":\"9820199999\"}"}`,
			[]string{"party phone:+919820145678", "party phone:+919820199999"}},
		"Knowlarity": {`{"k_number":"+912240000000","caller_id":"+912240000001","agent_number":"+919820199999","customer_number":"+919820145678"}`,
			[]string{"subject phone:+919820145678", "mention phone:+919820199999"}},
		"Twilio": {`{"AccountSid":"AC1","CallSid":"CA1","RecordingSid":"RE1","RecordingUrl":"https://api.example/2010-04-01/Accounts/AC1/Recordings/RE1","RecordingDuration":"42"}`, nil},
		"Amazon Connect": {`{"ContactId":"0f8fad5b-d9cb-469f-a165-70867728950e","CustomerEndpoint":{"Address":"+919820145678","Type":"TELEPHONE_NUMBER"},"Agent":{"Username":"ravi"}}`,
			[]string{"subject phone:+919820145678"}},
	} {
		got := edges(connectors.Field{Name: "body", Look: connectors.LookJSON}, c.raw)
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %q lacks %s", from, got, w)
			}
		}
		for _, g := range got {
			if strings.HasPrefix(g, "subject") && !slices.Contains(c.want, g) {
				t.Errorf("%s: %s, by a guess", from, g)
			}
		}
	}
}

// TestNumberOfEveryFormat holds one number as each format writes it, in a column or
// in a document.
func TestNumberOfEveryFormat(t *testing.T) {
	const want = "phone:+919820145678"
	field := func(name string, f connectors.Field) connectors.Field { f.Name = name; return f }
	phone, wa := connectors.Field{Identity: "phone"}, connectors.Field{Identity: "wa_id"}
	doc, label := connectors.Field{Look: connectors.LookJSON}, connectors.Field{Look: connectors.LookLabel}
	for _, c := range []struct {
		from  string
		field connectors.Field
		raw   string
		role  lineage.Role
	}{
		{"IndiaMART", phone, "+91-9820145678", lineage.Subject},
		{"JustDial", phone, "09820145678", lineage.Subject},
		{"JustDial, from a spreadsheet", phone, "9820145678", lineage.Subject},
		{"WhatsApp", wa, "919820145678", lineage.Subject},
		{"WhatsApp message id", wa, "wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUQUJDAA==", lineage.Subject},
		{"a card shared in WhatsApp", field("contacts", connectors.Field{Look: connectors.LookJSON, Role: "mention"}), `[{"phones":[{"phone":"+91 98201 45678","wa_id":"919820145678"}]}]`, lineage.Mention},
		{"Meta Graph", field("field_data", doc), `[{"name":"phone_number","values":["+919820145678"]}]`, lineage.Subject},
		{"Meta table", phone, "p:+919820145678", lineage.Subject},
		{"Meta table, trunk prefix", phone, "p:09820145678", lineage.Subject},
		{"LeadSquared", field("lead", doc), `{"Phone":"+91-9820145678"}`, lineage.Subject},
		{"Telecrm", field("fields", doc), `{"fields":{"name":"Asha","phone":"919820145678"}}`, lineage.Subject},
		{"Kylas, in two fields", field("lead", doc), `{"firstName":"Asha","phoneNumbers":[{"type":"MOBILE","code":"IN","value":"9820145678","dialCode":"+91","primary":true}]}`, lineage.Subject},
		{"Cratio, spaces", field("phone", label), "+91 98201 45678", lineage.Subject},
		{"Cratio legacy, a column of a form", field("Mobile", label), "9820145678", lineage.Subject},
		{"Exotel", field("From", label), "09820145678", lineage.Party},
		{"Google contacts, two in a cell", phone, "98201 45678 ::: 080 1234567", lineage.Subject},
		{"vCard 4.0", phone, "tel:+91-98201-45678", lineage.Subject},
		{"GA4", field("event_params", doc), `[{"key":"page_location","value":{"string_value":"https://x.example/?phone=%2B919820145678"}}]`, lineage.Mention},
		{"GA4, a plus that became a space", field("event_params", doc), `[{"key":"page_location","value":{"string_value":"https://x.example/?phone= 919820145678"}}]`, lineage.Mention},
	} {
		if c.field.Name == "" {
			c.field.Name = "x"
		}
		if got := edges(c.field, c.raw); !slices.Contains(got, roleNames[c.role]+" "+want) {
			t.Errorf("%s: %s is not found as %s: %q", c.from, c.raw, roleNames[c.role], got)
		}
	}
}
