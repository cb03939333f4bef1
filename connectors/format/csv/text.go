package csv

import "unsafe"

// text views bytes as a string for a call that copies it; the bytes must not
// change before the call returns.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
