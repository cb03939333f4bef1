package extract

import (
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/array"
)

// texts are the values of a column of a batch, ready to be looked at row by row.
type texts struct {
	values *array.String
	text   string  // of all values
	ends   []int32 // ends[row] is where the value of a row begins in text, ends[row+1] where it ends
	whole  bool    // there is no null
}

func (t *texts) take(a *array.String) {
	*t = texts{values: a, ends: a.ValueOffsets(), whole: a.NullN() == 0}
	if b := a.Data().Buffers()[2]; b != nil && b.Len() > 0 {
		t.text = unsafe.String(unsafe.SliceData(b.Bytes()), b.Len())
	}
}

func (t *texts) null(row int) bool { return !t.whole && t.values.IsNull(row) }

// value returns the text of a row; it is valid as long as the batch is.
func (t *texts) value(row int) string { return t.text[t.ends[row]:t.ends[row+1]] }
