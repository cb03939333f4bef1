package parquet

import (
	"bytes"
	"encoding/base64"
	"regexp"
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
				texts = append(texts, strings.ToValidUTF8(string(text), " "))
			}
		}
	}
	if len(texts) == 0 {
		return nil
	}
	text := strings.Join(texts, "\n")
	return []connectors.Gap{{Locator: "footer", Reason: personalMetadata, Text: text[:min(len(text), connectors.GapText)]}}
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
