package recordings

import (
	"strings"

	"github.com/cratio/sutra/connectors"
)

const (
	callsName    = "calls"
	sidecarsName = "sidecars"
)

func phoneField(name string) connectors.Field {
	return connectors.Field{Name: name, Categories: []string{"user.contact.phone_number"}, Identity: "phone", Role: "subject"}
}

func nameField(name string) connectors.Field {
	return connectors.Field{Name: name, Categories: []string{"user.name"}, Meaning: []string{"name"}}
}

// placeFields are the columns that a key gives to every record of its object.
// role is the role of the stem.
func placeFields(dataset, collection, role string) []connectors.Field {
	return []connectors.Field{
		{Name: "key", Keys: []string{dataset + "." + collection + ".key"}},
		{Name: "stem", Links: []string{dataset + ".recording"}, Role: role},
		{Name: "contact_id", Links: []string{dataset + ".connect_contact"}},
		{Name: "recorded_at", Meaning: []string{"recorded_at", "trigger"}},
	}
}

func callFields(dataset string) []connectors.Field {
	return append(placeFields(dataset, callsName, ""),
		phoneField("phone"), phoneField("phone2"), phoneField("phone3"),
		nameField("contact_name"), connectors.Field{Name: "label"})
}

// partyFields are the columns of a call whose name tells several numbers: each is one
// side of it. Which of them is the customer, if only one is, the name does not say, and
// two sides of a call are not one person.
func partyFields(dataset string) []connectors.Field {
	out := callFields(dataset)
	for i := range out {
		if out[i].Identity == "phone" {
			out[i].Role = "party"
		}
	}
	return out
}

// sidedFields are the columns of a sidecar that says no number and whose name tells
// several: it is both sides', as the audio of [partyFields] is.
func sidedFields(dataset string) []connectors.Field {
	out := sidecarFields(dataset, false)
	for i := range out {
		if strings.HasPrefix(out[i].Name, "name_phone") {
			out[i].Role = "party"
		}
	}
	return out
}

func sidecarFields(dataset string, conference bool) []connectors.Field {
	role, besides := "", ""
	if conference { // what stands beside the entries says of no one of them whose it is
		role, besides = "member", "mention"
	}
	return append(placeFields(dataset, sidecarsName, role),
		phoneField("name_phone"), phoneField("name_phone2"), phoneField("name_phone3"), phoneField("phone"), phoneField("phone_formatted"),
		nameField("caller_name"), nameField("contact_name"), nameField("call_log_name"),
		connectors.Field{Name: "entry", Look: connectors.LookJSON},
		connectors.Field{Name: "document", Look: connectors.LookJSON, Role: besides},
		connectors.Field{Name: "text"})
}
