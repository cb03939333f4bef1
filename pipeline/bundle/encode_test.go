package bundle

import (
	"encoding/csv"
	"encoding/json"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFormulasAreEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+91 98765": "'+91 98765", "-5": "'-5", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "\"'\rx\"",
		"\n=1": "\"'\n=1\"", "＝1": "'＝1", "＠x": "'＠x", "a=b": "a=b", "": "", "=A1,B1": `"'=A1,B1"`, `="x"`: `"'=""x"""`,
		" x": `" x"`, "'=": "'=", "नमस्ते": "नमस्ते", "５": "５", "x\"y": `"x""y"`,
	} {
		if got := string(appendCSV(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func checkCSV(t testing.TB, a, b string) {
	row := append(append(appendCSV(nil, a), ','), appendCSV(nil, b)...)
	if strings.Contains(a+b, "\r\n") || a+b == "" {
		return // encoding/csv reads \r\n inside quotes as \n, and skips an empty line
	}
	got := readCSV(t, string(row)+"\r\n")
	for i, want := range []string{a, b} {
		if got[0][i] != want && got[0][i] != "'"+want {
			t.Fatalf("%q came back as %q", want, got[0][i])
		}
		if g := got[0][i]; g != "" && strings.ContainsRune("=+-@\t\r\n", rune(g[0])) {
			t.Fatalf("a formula: %q", g)
		}
	}
}

func checkJSON(t testing.TB, s string) {
	var got string
	if err := json.Unmarshal(appendJSONText(nil, s), &got); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var want string
	if err := json.Unmarshal(b, &want); err != nil || got != want {
		t.Fatalf("%q: %q, want %q", s, got, want)
	}
}

func TestEncodingProperties(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("=+-@\t\r\n,\"' aé\\\x00\x7f")), 0, 12, -1))
	rapid.Check(t, func(r *rapid.T) {
		a, b := text.Draw(r, "a"), text.Draw(r, "b")
		checkCSV(t, a, b)
		checkJSON(t, a)
	})
}

func FuzzCells(f *testing.F) {
	f.Add("=1", "a,\"b\"\n")
	f.Add("\xff\xfe", "\xef\xbc")
	f.Fuzz(func(t *testing.T, a, b string) {
		checkCSV(t, a, b)
		checkJSON(t, a)
		checkJSON(t, b)
	})
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("आ", 200)
	for in, want := range map[string]string{
		"a.mp3": "a.mp3", "../../etc/passwd": "etc/passwd", "/abs/x": "abs/x", `C:\dir\x.wav`: "C_/dir/x.wav",
		"": "file", "..": "file", "a/./b/../c": "a/b/c", "con.txt": "_con.txt", "LPT1": "_LPT1", "कॉल रिकॉर्ड.mp3": "कॉल रिकॉर्ड.mp3",
		"x\x00y\u202egnp.exe": "x_y_gnp.exe", "tail. . ": "tail", "e\u0301.txt": "é.txt", "a\xffb": "a_b", ". .": "file",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := cleanName(long + ".mp3"); len(got) > maxSegment || !strings.HasSuffix(got, "आ.mp3") {
		t.Errorf("%q", got)
	}
}

func checkName(t testing.TB, got string) {
	if got == "" || len(got) > maxName+40 || !utf8.ValidString(got) || path.IsAbs(got) || path.Clean(got) != got ||
		got == ".." || strings.HasPrefix(got, "../") || strings.ContainsAny(got, "\\:\x00\r\n") {
		t.Fatalf("unsafe name %q", got)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"../x", "a//b", "con", "a.b.c.", "\u202e", strings.Repeat("x", 500) + "/" + strings.Repeat("y", 300) + ".mp3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cleanName(s)
		checkName(t, got)
		if cleanName(got) != got {
			t.Fatalf("%q is not stable: %q", got, cleanName(got))
		}
	})
}

func TestNamesAreUnique(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := newNameSet()
		seen := map[string]bool{}
		for _, n := range rapid.SliceOfN(rapid.SampledFrom([]string{"a.mp3", "A.MP3", "a", "a/b", "a/B", "x/../a.mp3", "é", "e\u0301", "", "a (2).mp3", "a/b/c"}), 1, 30).Draw(r, "names") {
			got := names.reserve(n)
			checkName(t, got)
			key := strings.ToLower(got)
			if seen[key] {
				t.Fatalf("%q twice", got)
			}
			for d := path.Dir(key); d != "."; d = path.Dir(d) {
				if seen[d] {
					t.Fatalf("%q is in a folder that is a file", got)
				}
			}
			seen[key] = true
		}
	})
}

func readCSV(t testing.TB, s string) [][]string {
	t.Helper()
	out, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	ok(t, err)
	return out
}
