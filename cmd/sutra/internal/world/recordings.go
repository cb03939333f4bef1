package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// newObject writes a small file that must not exist yet, with its time.
func (w *builder) newObject(folder, key string, data []byte, at time.Time) error {
	path := filepath.Join(w.dir, folder, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make a folder in %s: %w", folder, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = closing(err, f.Close); err == nil {
		err = os.Chtimes(path, at, at)
	}
	if err != nil {
		return fmt.Errorf("write an object in %s: %w", folder, err)
	}
	return nil
}

// noise returns bytes that stand for sound; none of them is a letter or a digit.
func (s *soul) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.r.Uint32()) | 0x80
	}
	return b
}

// audio is the content of a recording in which the tokens are spoken.
func (s *soul) audio(tokens ...string) []byte {
	b := append([]byte("OggS\x00"), s.noise(160)...)
	for _, t := range tokens {
		b = append(append(b, t...), 0)
	}
	return append(b, s.noise(100)...)
}

// audioKey names a recording the way a recorder app does.
func (s *soul) audioKey(kind string, at time.Time) string {
	short, long, a := at.Format("060102_150405"), at.Format("20060102_150405"), s.Account
	switch kind {
	case "samsung":
		return a + "/Recordings/Call/Call recording " + s.writes("e164") + "_" + short + ".m4a"
	case "samsung_name":
		return a + "/Recordings/Call/Call recording " + s.Name + "_" + short + ".m4a"
	case "miui":
		return a + "/MIUI/sound_recorder/call_rec/" + s.first + "(" + s.writes("bare") + ")_" + at.Format("20060102150405") + ".mp3"
	case "bcr":
		return a + "/bcr/" + long + ".088+0530_in_sim1_" + s.writes("e164") + "_" + s.first + ".oga"
	case "conference":
		return a + "/bcr/" + long + ".431+0530_conference_sim1.oga"
	case "undated": // the name has no time; the object's own is used
		return a + "/Recordings/Call/Call recording " + s.writes("e164") + ".m4a"
	}
	return a + "/E01/" + at.Format("2006_01/20060102/") + s.writes("bare") + "_" + long + "_142.mp3"
}

// addRecording plants an audio object and what belongs to it: a sidecar for bcr
// and conference, a call log for a name without a number.
func (w *builder) addRecording(s *soul, kind string, at time.Time, lead string, partner *soul) {
	tokens := []string{w.token()}
	owners := []*soul{s}
	if partner != nil {
		tokens, owners = append(tokens, w.token()), append(owners, partner)
	}
	data, key := s.audio(tokens...), ""
	w.do(func() error {
		for try := 0; ; try++ {
			key = s.audioKey(kind, at)
			if err := w.newObject("recordings", key, data, at); !errors.Is(err, os.ErrExist) || try == 100 {
				return err
			}
			at = at.Add(time.Second) // two people of one name at one second
		}
	})
	expect := ExpectGone
	if partner != nil {
		expect = ExpectShared
	}
	for i, p := range owners {
		w.plant(Copy{Person: p.ID, Account: p.Account, Source: "recordings", Dataset: "recordings.calls", Unit: key, Locator: "object", Expect: expect,
			Class: classRecording, Token: tokens[i]}, at)
	}
	if kind == "bcr" || kind == "conference" {
		w.addSidecar(s, key[:len(key)-4]+".json", kind, at, owners)
	}
	if kind == "samsung_name" {
		w.addCall(s, lead, key, "", at, w.agent(s))
	}
}

type sidecarCall struct {
	Number    string `json:"phone_number"`
	Formatted string `json:"phone_number_formatted"`
	Name      string `json:"contact_name"`
}

func (w *builder) addSidecar(s *soul, key, kind string, at time.Time, owners []*soul) {
	dir := "in"
	if kind == "conference" {
		dir = "conference"
	}
	var calls []sidecarCall
	for _, p := range owners {
		calls = append(calls, sidecarCall{p.writes("e164"), p.writes("space"), p.Name})
	}
	w.do(func() error {
		b, err := json.MarshalIndent(map[string]any{"timestamp_unix_ms": at.UnixMilli(), "timestamp": at.Format(time.RFC3339), "direction": dir, "sim_slot": 1, "calls": calls,
			"output": map[string]any{"format": map[string]any{"type": "OGG/Opus"}}}, "", "  ")
		if err != nil {
			return fmt.Errorf("write a sidecar: %w", err)
		}
		return w.newObject("recordings", key, b, at)
	})
	for i, p := range owners {
		w.plant(Copy{Person: p.ID, Account: p.Account, Source: "recordings", Dataset: "recordings.sidecars", Unit: key, Locator: fmt.Sprintf("/calls/%d", i),
			Class: classRecording}, at)
	}
}
