package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A graph that was put back from a backup does not know whom the plans erased that were carried
// out since: who comes back is taken for somebody new. The log knows these plans, and every plan
// is noted in the graph before it changes anything.

// olderID names the document of the plans of which it was told that the graph misses them.
const olderID = "plans"

// tellOlder says once of plans that the graph misses them; quiet, when that is said otherwise.
func (s *Site) tellOlder(carried []string, quiet bool) error {
	var told []string
	doc, err := s.Graph.Doc(forgottenBucket, olderID)
	if err == nil && doc != nil {
		err = json.Unmarshal(doc, &told)
	}
	if err != nil {
		return fmt.Errorf("read which plans the graph does not know: %w", err)
	}
	before := len(told)
	for _, id := range carried {
		known, err := s.Graph.Doc(begunBucket, id)
		if err != nil {
			return err
		}
		if known == nil && !slices.Contains(told, id) {
			told = append(told, id)
		}
	}
	n := len(told) - before
	if n == 0 {
		return nil
	}
	if !quiet {
		s.gap("state", "graph", fmt.Sprintf("the graph comes from an older backup, and plans that erased something were carried out since (%d): who was erased by them is not recognised when she comes back, and their certificates cannot be proven again; put the state folder's graph back from a newer backup, or erase these people again", n))
	}
	if doc, err = json.Marshal(told); err != nil {
		return fmt.Errorf("note which plans the graph does not know: %w", err)
	}
	return s.Graph.PutDoc(forgottenBucket, olderID, doc)
}
