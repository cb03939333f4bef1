package recordings

import (
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// TestWhoseBySmallThings: what a record tells of whose it is where little says so.
func TestWhoseBySmallThings(t *testing.T) {
	const call = "A1/Call 9876543210_250611_092515"
	s, _ := fixture(t, map[string]string{
		call + ".mp3": "audio", call + ".txt": "hello", call + ".json": `{"calls":[`,
		"A1/9812345601-9812345602-9812345603-9812345604_20260421_101500.mp3": "audio",
		"A1/4001000_20260421_101500.mp3":                                     "audio",
		"A1/0f8fad5b-d9cb-469f-a165-70867728950e_20240126T03:07.wav":         "audio",
		"9812345605.mp3": "audio",
	}, connectors.AccountRule{Segment: 1})
	us := units(t, s)
	for key, want := range map[string]map[string]string{
		call + ".txt":  {"name_phone": "9876543210"}, // what is no JSON is of whom its name tells
		call + ".json": {"name_phone": "9876543210"},
		"A1/9812345601-9812345602-9812345603-9812345604_20260421_101500.mp3": {"phone": "9812345601", "phone2": "9812345602", "phone3": "9812345603", "label": "9812345604"},
		"A1/4001000_20260421_101500.mp3":                                     {"phone": "4001000"},
		"A1/0f8fad5b-d9cb-469f-a165-70867728950e_20240126T03:07.wav":         {"recorded_at": "2024-01-26T03:07:00Z"}, // as with _UTC
	} {
		got, _ := rows(t, s, us[key])
		if len(got) != 1 {
			t.Fatalf("%s: %v", key, got)
		}
		for column, v := range want {
			if got[0][column] != v {
				t.Errorf("%s: %s is %q, want %q", key, column, got[0][column], v)
			}
		}
	}
	if a, b := us[call+".mp3"].Account, us["9812345605.mp3"].Account; a != "A1" || b != "" {
		t.Errorf("the accounts are %q and %q: the name of a file is no folder", a, b)
	}
}

// TestOneCallOfOne: an entry without a number, and a name without one, make no conference of a
// recording: it is its person's.
func TestOneCallOfOne(t *testing.T) {
	s := newSource(nil, connectors.Config{Name: "r"}, nil)
	for key, want := range map[string]string{"A1/77.json": "", "A1/9876543210.json": "", "A1/9812345601.json": "member"} {
		text := `{"calls":[{"contact_name":"Asha"}]}`
		if want != "" {
			text = `{"calls":[{"phone_number":"9876543210"}]}`
		}
		d := s.sidecar(blob.Object{Key: key}, []byte(text))
		for _, f := range d.fields {
			if f.Name == "stem" && f.Role != want {
				t.Errorf("%s: its recording is a %q", key, f.Role)
			}
		}
	}
}
