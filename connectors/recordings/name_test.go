package recordings

import (
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors/blob"
)

func TestParseName(t *testing.T) {
	const z = "T00:00:00+05:30"
	for _, c := range []struct {
		key, phones, person, at, contact, label string
	}{
		// the table of recorder patterns
		{key: "A1/Recordings/Call/Call recording +919876543210_250611_092515.m4a", phones: "+919876543210", at: "2025-06-11T09:25:15+05:30"},
		{key: "Call recording Asha Verma_251006_110512.m4a", person: "Asha Verma", at: "2025-10-06T11:05:12+05:30"},
		{key: "Call +919876543210_260611_092515.m4a", phones: "+919876543210", at: "2026-06-11T09:25:15+05:30"},
		{key: "Call Asha_260828_095315.m4a", person: "Asha", at: "2026-08-28T09:53:15+05:30"},
		{key: "Call recording Asha Verma_251006_110512 (1).m4a", person: "Asha Verma", at: "2025-10-06T11:05:12+05:30"},
		{key: "Call recording +919876543210_250611_092515(2).m4a", phones: "+919876543210", at: "2025-06-11T09:25:15+05:30"},
		{key: "MIUI/sound_recorder/call_rec/Asha(9876543210)_20260421101500.mp3", phones: "9876543210", person: "Asha", at: "2026-04-21T10:15:00+05:30"},
		{key: "9876543210(9876543210)_20260421101500.mp3", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "+91 98765 43210_20260421_101500.m4a", phones: "+91 98765 43210", at: "2026-04-21T10:15:00+05:30"},
		{key: "Rec_9876543210_20260421_100500.mp3", phones: "9876543210", at: "2026-04-21T10:05:00+05:30"},
		{key: "9876543210_outgoing_260421_101500.mp3", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "Recording_+91 9876 543 210_260421.opus", phones: "+91 9876 543 210", at: "2026-04-21" + z},
		{key: "Call_20260421_101500_INCOMING_9876543210.m4a", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "Call recording with +919876543210 at 2026-04-21.amr", phones: "+919876543210", at: "2026-04-21" + z},
		{key: "1736380200123.mp3", at: "2025-01-09T05:20:00+05:30"},
		{key: "20230414_215701.088-0400_in_sim1_+919876543210_Asha.oga", phones: "+919876543210", person: "Asha", at: "2023-04-14T21:57:01-04:00"},
		{key: "20230414_215701.088+0530_conference_+919876543210,+919123456780.oga", phones: "+919876543210 +919123456780", at: "2023-04-14T21:57:01+05:30"},
		{key: "20230414_215701.088+0530_out_sim2.oga", at: "2023-04-14T21:57:01+05:30"},
		{key: "20260421T101500 +919876543210 Asha.ogg", phones: "+919876543210", person: "Asha", at: "2026-04-21T10:15:00+05:30"},
		{key: "org/e7/2026_04/20260421/9876543210_20260421_101500_142.mp3", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		// what stands around a name and a number
		{key: "2026-01-02 10-15-00 (phone) Asha (+91 98765 43210) ↗.m4a", phones: "+91 98765 43210", person: "Asha", at: "2026-01-02T10:15:00+05:30"},
		{key: "2026-01-02 10-15-00 (WhatsApp) Asha Verma (9876543210) ↙.amr", phones: "9876543210", person: "Asha Verma", at: "2026-01-02T10:15:00+05:30"},
		{key: "2026-01-02 10-15-00 (phone) +91 98765 43210 ↗.m4a", phones: "+91 98765 43210", at: "2026-01-02T10:15:00+05:30"},
		{key: "sip_919876543210@host_20260102.wav", phones: "919876543210", label: "sip__@host", at: "2026-01-02" + z},
		{key: "tel%3A%2B91-98765-43210_20260102.wav", phones: "+91-98765-43210", at: "2026-01-02" + z},
		{key: "Asha (Home) 9876543210_20260102.wav", phones: "9876543210", person: "Asha (Home)", at: "2026-01-02" + z},
		// the parts of a day parted by more than hyphens
		{key: "2026_01_02_10_15_00_9876543210_Asha.mp3", phones: "9876543210", person: "Asha", at: "2026-01-02T10:15:00+05:30"},
		{key: "9876543210 2026.01.02 10.15.00.mp3", phones: "9876543210", at: "2026-01-02T10:15:00+05:30"},
		{key: "Asha_9876543210_2026_01_02.mp3", phones: "9876543210", person: "Asha", at: "2026-01-02" + z},
		{key: "9876543210_2026_13_02.mp3", phones: "9876543210"},
		// Amazon Connect and the like
		{key: "connect/x/CallRecordings/2024/01/26/0f8fad5b-d9cb-469f-a165-70867728950e_20240126T03:07_UTC.wav",
			contact: "0f8fad5b-d9cb-469f-a165-70867728950e", at: "2024-01-26T03:07:00Z"},
		{key: "0f8fad5b-d9cb-469f-a165-70867728950e_20240126T03%3A07_UTC.wav", contact: "0f8fad5b-d9cb-469f-a165-70867728950e", at: "2024-01-26T03:07:00Z"},
		{key: "Analysis/Voice/Redacted/0f8fad5b-d9cb-469f-a165-70867728950e_call_recording_redacted_2024-01-26T03:07:11Z.wav",
			contact: "0f8fad5b-d9cb-469f-a165-70867728950e", at: "2024-01-26T03:07:11Z"},
		{key: "x/year=2026/month=4/day=21/hour=3/conversation_id=c/0f8fad5b-d9cb-469f-a165-70867728950e_metadata.json",
			at: "2026-04-21T03:00:00Z"},
		// names in any script, underscores, odd ones
		{key: "Call recording आशा वर्मा_251006_110512.m4a", person: "आशा वर्मा", at: "2025-10-06T11:05:12+05:30"},
		{key: "Call recording Asha_Verma_Site_2_251006_110512.m4a", person: "Asha_Verma_Site_2", at: "2025-10-06T11:05:12+05:30"},
		{key: "Call recording Unknown_251006_110512.m4a", at: "2025-10-06T11:05:12+05:30"},
		{key: "Call recording 121_251006_110512.m4a", at: "2025-10-06T11:05:12+05:30"},
		{key: "9876543210.wav", phones: "9876543210"},
		{key: "919876543210.wav", phones: "919876543210"},
		{key: "board meeting.mp3", label: "board meeting"},
		{key: "board meeting_20260421_101500.mp3", label: "board meeting", at: "2026-04-21T10:15:00+05:30"},
		{key: "Call recording +91 98765 43210_251306_110512.m4a", phones: "+91 98765 43210"}, // no such month
		{key: "", phones: ""},
		// numbers that a switchboard joins with each other, with extensions and with its own ids
		{key: "9123456780-9876543210-20260421-101500.wav", phones: "9123456780 9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "9876543210-9876543210_20260421_101500.wav", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "9123456780.09876543210.20260421101500.wav", phones: "9123456780 09876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "out-9876543210-101-20260421-101500-1776746700.12.wav", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "out-9876543210-agent7-20260421-101500-1776746700.12.wav", phones: "9876543210", label: "agent7", at: "2026-04-21T10:15:00+05:30"},
		{key: "9876543210_Ext 204_20260421_101500.wav", phones: "9876543210", label: "Ext 204", at: "2026-04-21T10:15:00+05:30"},
		{key: "9876543210_Linesh_20260421_101500.wav", phones: "9876543210", person: "Linesh", at: "2026-04-21T10:15:00+05:30"},
		{key: "external-201-+919876543210-20260421-101500-1776746700.77.wav", phones: "+919876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "in-+91-9876543210-9123456780-20260421-101500.wav", phones: "+91-9876543210 9123456780", at: "2026-04-21T10:15:00+05:30"},
		{key: "1776746700.123-9876543210.wav", phones: "9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "0712-4001000_9876543210_20260421_101500.wav", phones: "0712-4001000 9876543210", at: "2026-04-21T10:15:00+05:30"},
		{key: "agent7-9876543210-2026-04-21-10-15-00.wav", phones: "9876543210", label: "agent7", at: "2026-04-21T10:15:00+05:30"},
		{key: "+1-9876543210_20260421_101500.wav", phones: "+1-9876543210", at: "2026-04-21T10:15:00+05:30"}, // not in India
	} {
		n := ParseName(c.key)
		at := ""
		if !n.At.IsZero() {
			at = n.At.Format(time.RFC3339)
		}
		if strings.Join(n.Phones, " ") != c.phones || n.Person != c.person || at != c.at || n.ContactID != c.contact || n.Label != c.label {
			t.Errorf("%s: phones %q person %q at %s contact %q label %q", c.key, n.Phones, n.Person, at, n.ContactID, n.Label)
		}
	}
}

// TestEveryPattern builds each recorder's names from its parts, with the suffixes
// of copies and with the names that contacts have, and reads the parts back.
func TestEveryPattern(t *testing.T) {
	const at = "2026-04-21T10:15:00+05:30"
	persons := []string{"Asha", "Asha Verma", "आशा वर्मा", "आशा_वर्मा", "Site_2_Asha", "Plumber 2", "Dr. A. Rao", "முத்து_குமார்", "Asha (Pune)", "Ravi-Office", "Flat 250611"}
	phones := []string{"+919876543210", "9876543210", "09876543210", "+91 98765 43210", "+91-98765-43210", "+1 415 555 2671"}
	for _, pattern := range []struct {
		text          string // P stands for a phone or a person
		phone, person bool
		twice         bool // the phone stands beside the person
	}{
		{"Call recording P_260421_101500", true, true, false}, // Samsung
		{"Call P_260421_101500", true, true, false},           // without the word
		{"P(9876543210)_20260421101500", false, true, true},   // Xiaomi
		{"P_20260421_101500", true, false, false},
		{"Rec_P_20260421_101500", true, true, false},
		{"P_outgoing_260421_101500", true, false, false},
		{"Call_20260421_101500_INCOMING_P", true, true, false},
		{"20260421_101500.088+0530_in_sim1_P", true, true, false}, // BCR
		{"20260421_101500.088+0530_out_sim2_9876543210_P", false, true, true},
		{"20260421T101500 P", true, false, false},
	} {
		for _, suffix := range []string{"", " (1)", "(1)", " (12)"} {
			try := func(who string, phones, person string) {
				key := "A1/Recordings/" + strings.Replace(pattern.text, "P", who, 1) + suffix + ".m4a"
				n := ParseName(key)
				if strings.Join(n.Phones, ",") != phones || n.Person != person || n.At.Format(time.RFC3339) != at || n.Label != "" {
					t.Errorf("%s: phones %q person %q at %s label %q", key, n.Phones, n.Person, n.At.Format(time.RFC3339), n.Label)
				}
			}
			for _, p := range phones {
				if pattern.phone {
					try(p, p, "")
				}
			}
			for _, p := range persons {
				with := ""
				if pattern.twice {
					with = "9876543210"
				}
				if pattern.person {
					try(p, with, p)
				}
			}
			for _, p := range []string{"Unknown", "Private number", "unknown number", "No caller ID", "Withheld"} {
				if pattern.phone {
					try(p, "", "")
				}
			}
		}
	}
}

func TestStemsMeet(t *testing.T) {
	for _, pair := range [][2]string{{"a/b.oga", "a/b.json"}, {"x/1.mp3", "x/1_metadata.json"}, {"x/year=2026/month=4/day=21/hour=3/conversation_id=c/0f8fad5b.wav", "x/year=2026/month=4/day=21/hour=3/conversation_id=c/0f8fad5b_metadata.json"}, {"a.b/c", "a.b/c.json"},
		{"a/b.wav", "a/b_left.wav"}, {"a/b-Right.mp3", "a/b.json"}, {"1758430500.1234-in.wav", "1758430500.1234-out.wav"}} {
		if a, b := ParseName(pair[0]).Stem, ParseName(pair[1]).Stem; a != b && pair[0] != "a.b/c" {
			t.Errorf("%q and %q", a, b)
		}
	}
}

// TestStemsApart holds that calls of one day, and calls in and out, are not taken for one.
func TestStemsApart(t *testing.T) {
	for _, pair := range [][2]string{{"2026-05-01-in.wav", "2026-05-01-out.wav"}, {"20230414_215701.088-0400_in.oga", "20230414_215701.088-0400_out.oga"}, {"left.wav", "right.wav"}} {
		if a, b := ParseName(pair[0]).Stem, ParseName(pair[1]).Stem; a == b {
			t.Errorf("%q and %q are both %q", pair[0], pair[1], a)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"Call recording +919876543210_250611_092515.m4a", "Asha(9876543210)_20260421101500.mp3", "1736380200123.mp3", "a/b/\xff.mp3",
		"20230414_215701.088-0400_in_sim1_+919876543210_Asha.oga", "___in_in_out_.mp3", "year=2026/month=4/day=31/x.wav"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		n := ParseName(key)
		if !strings.HasPrefix(key, n.Stem) {
			t.Fatalf("stem %q of %q", n.Stem, key)
		}
		if !n.At.IsZero() && (n.At.Year() < 1999 || n.At.Year() > 2120) {
			t.Fatalf("%q is of %v", key, n.At)
		}
		for _, p := range n.Phones {
			if d := digitsOf(p); len(d) < 7 || len(d) > 15 {
				t.Fatalf("phone %q", p)
			}
		}
	})
}

// TestTimeIsNoDay: six digits that may be a time of day are no date. The recording would be
// of 2010, and gone with the next retention.
func TestTimeIsNoDay(t *testing.T) {
	for name, want := range map[string]string{
		"9811122233_28112026_101012": "", "9811122233_28112026_101012_35": "", "9811122233 28.11.2026 101012": "",
		"9811122233_19990101_101010_3": "", "9811122233_28Nov2026_091011": "", "9811122233_100512": "", "9811122233-230612": "",
		"Recording_+91 98111 22233_260421": "2026-04-21", "9811122233_240131": "2024-01-31", "9811122233_100512_091011": "2010-05-12",
		"9811122233_20101012": "2010-10-12", "9811122233_051126_101500": "", "9811122233_051126101500": "",
	} {
		got := ""
		if n := ParseName("A1/" + name + ".mp3"); !n.At.IsZero() {
			got = n.At.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestDayFirst: whether a year of two digits or a day comes first is told by the file's own
// day, and by nothing else.
func TestDayFirst(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"Call_9811122233_151126_101500.mp3", "2026-11-15T04:50:00Z", "2026-11-15"},
		{"Call_9811122233_271126.mp3", "2026-11-27T12:00:00Z", "2026-11-27"},
		{"Call_9811122233_151126_101500.mp3", "2015-11-26T04:50:00Z", "2015-11-26"},
		{"Call_9811122233_151126_101500.mp3", "2026-12-20T04:50:00Z", "2015-11-26"},
		{"Call_9811122233_20151126_101500.mp3", "2026-11-15T04:50:00Z", "2015-11-26"},
		{"Call_9811122233_261126_101500.mp3", "2026-11-26T04:50:00Z", "2026-11-26"},
		{"Call_9811122233_310626_101500.mp3", "2026-07-03T04:50:00Z", "2026-07-03"},
		{"Call_9811122233_281126_101500.mp3", "2027-01-03T04:50:00Z", "2026-11-28"},
		{"Call_9811122233_281127_101500.mp3", "2026-11-30T04:50:00Z", "2026-11-30"},
	} {
		file, err := time.Parse(time.RFC3339, tt.file)
		if err != nil {
			t.Fatal(err)
		}
		r := place(blob.Object{Key: tt.name, Modified: file}, ParseName(tt.name), "object")
		if got, _, _ := strings.Cut(r.cells["recorded_at"].value, "T"); got != tt.want {
			t.Errorf("%s of %s: recorded %s, not %s", tt.name, tt.file, got, tt.want)
		}
	}
}
