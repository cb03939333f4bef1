package pipeline

import "testing"

// TestSizesOfMissedObjects: a new object is in doubt when it has the size of one that was not
// there, and any is when there were more sizes than are kept.
func TestSizesOfMissedObjects(t *testing.T) {
	of := &changedOf{}
	of.missed(0)
	for n := range int64(sizesAtOnce) {
		of.missed(n + 1)
	}
	of.missed(7)
	if of.mayBe(0) || !of.mayBe(7) || !of.mayBe(sizesAtOnce) || of.mayBe(sizesAtOnce+1) {
		t.Error("the sizes that are kept are not those of the objects")
	}
	of.missed(sizesAtOnce + 5)
	if of.mayBe(0) || !of.mayBe(sizesAtOnce+1) {
		t.Error("with more sizes than are kept, not every object is in doubt")
	}
}
