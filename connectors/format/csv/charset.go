package csv

import (
	"encoding/binary"
	"slices"

	"github.com/cratio/sutra/connectors/format/utf16"
)

// charset is how text is encoded: UTF-8 (or any superset of ASCII that is not
// looked into), or UTF-16.
type charset struct {
	bom   []byte
	order utf16.Order // nil for UTF-8
}

// charsetOf looks at the first bytes. UTF-16 without a byte order mark is known
// by the zero half of its first letter.
func charsetOf(head []byte) charset {
	has := func(bom string) bool { return len(head) >= len(bom) && string(head[:len(bom)]) == bom }
	switch {
	case has("\xef\xbb\xbf"):
		return charset{bom: []byte("\xef\xbb\xbf")}
	case utf16.OrderOf(head) != nil:
		return charset{bom: slices.Clone(head[:2]), order: utf16.OrderOf(head)}
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		return charset{order: binary.LittleEndian}
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return charset{order: binary.BigEndian}
	}
	return charset{}
}
