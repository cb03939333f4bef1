package parquet

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// What programs write of themselves into the key-value metadata of a footer is not about
// people. Where an address or a telephone number stands in it nobody can tell whose record
// it is, so it is a gap that is looked into. It is blanked when rows of the person go, see
// [scrubMetadata].

// personalMetadata is the reason of the gap.
const personalMetadata = "an address or a number stands in the key-value metadata of the file: whose it is, its rows do not tell; write the file without it"

var (
	address = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}`)
	number  = regexp.MustCompile(`(^|[^\w.+-])(\+[1-9][0-9 ()-]{7,16}[0-9]|(91[ -]?|0)?[6-9][0-9]{4}[ -]?[0-9]{5})($|[^\w.-]|\.(\D|$))`)
)

// metadataGaps tells of key-value metadata that speaks of somebody.
func (f *file) metadataGaps() []connectors.Gap {
	var texts []string
	_, list := f.footer.list(5)
	for _, raw := range list {
		kv, _, err := parseRecord(raw)
		if err != nil {
			continue
		}
		for _, text := range [][]byte{kv.text(1), kv.text(2), unpacked(kv.text(2))} {
			if address.Match(text) || number.Match(text) {
				whole, apart := strings.ToValidUTF8(string(text), " "), strings.ToValidUTF8(parted(text), " ")
				if texts = append(texts, whole); apart != whole {
					texts = append(texts, apart) // a number before a semicolon need not be a length
				}
			}
		}
	}
	return metadataParts(strings.Join(texts, "\n"))
}

// metadataParts makes the gaps of a text: what is beyond the bound of one is in the next.
func metadataParts(text string) (gaps []connectors.Gap) {
	for len(text) > 0 {
		n := len(text)
		if n > connectors.GapText {
			n = connectors.GapText
			if line := strings.LastIndexByte(text[:n], '\n'); line > 0 {
				n = line + 1
			}
		}
		g := connectors.Gap{Locator: "footer", Reason: personalMetadata, Text: text[:n]}
		if len(gaps) > 0 {
			g.Locator = fmt.Sprintf("footer, part %d", len(gaps)+1)
		}
		gaps, text = append(gaps, g), text[n:]
	}
	return gaps
}

// unpacked is what stands in base64, with the bytes that are no text blanked: the schema
// of Arrow stands so.
func unpacked(text []byte) []byte {
	inner, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil
	}
	return bytes.Map(func(r rune) rune {
		if r < ' ' || r == '\uFFFD' {
			return ' '
		}
		return r
	}, inner)
}

// counted is the length of a text before it, as Polars lists the categories of an Enum:
// 5;first6;second.
var counted = regexp.MustCompile(`\d{1,9};`)

// parted puts texts that follow their lengths on lines of their own: the length of one is
// no part of the address before it.
func parted(text []byte) string {
	var b strings.Builder
	for {
		m := counted.FindIndex(text)
		if m == nil {
			b.Write(text)
			return b.String()
		}
		n, err := strconv.Atoi(string(text[m[0] : m[1]-1]))
		if err != nil || n > len(text)-m[1] {
			n = 0
		}
		b.Write(text[:m[1]])
		if end := m[1] + n; n > 0 {
			b.WriteString("\n")
			b.Write(text[m[1]:end])
			b.WriteString("\n")
		}
		text = text[m[1]+n:]
	}
}
