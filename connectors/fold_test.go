package connectors

import "testing"

func TestFoldNumber(t *testing.T) {
	for in, want := range map[string]string{
		"42": "42", "42.0": "42", "42.000": "42", "-7.0": "-7", "0.0": "0", "42.5": "42.5", "42.50": "42.5", "-0.250": "-0.25", "100": "100", "100.00": "100", "42.": "42.", "4 2.0": "4 2.0", "L-42.0": "L-42.0", "1.2.0": "1.2.0", "": "",
	} {
		if got := FoldNumber.Text(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := FoldNothing.Text("42.0"); got != "42.0" {
		t.Errorf("a key of text is changed: %q", got)
	}
}
