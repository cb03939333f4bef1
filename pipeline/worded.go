package pipeline

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Somebody's word says who is one person. When it is said, or taken back, after a plan was
// made, the plan may take a stranger's records for hers, or not know all of hers.

// wordMark begins the words among what a plan knows.
const wordMark = linkBucket + " "

// wordsOn returns the words in force that are on an identifier of the people of a plan.
func (s *Site) wordsOn(people []planSubject) (map[string]bool, error) {
	words, err := s.Words()
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, w := range words {
		a, b := hex.EncodeToString(w.A[:]), hex.EncodeToString(w.B[:])
		for _, x := range people {
			if x.Account == w.Account && (x.carries(a) || x.carries(b)) {
				out[wordMark+w.ID] = true
			}
		}
	}
	return out, nil
}

// carries reports an identifier that stands in the records of the person.
func (x planSubject) carries(token string) bool {
	return x.Tokens[token] != "" || x.Shared[token] != ""
}

// worded refuses a plan about people of whom a word was said, or taken back, since.
func (a *application) worded() error {
	if a.plan.Kind == "retain" {
		return nil
	}
	now, err := a.wordsOn(a.plan.body.Subjects)
	if err != nil {
		return err
	}
	for id := range now {
		if !a.plan.body.Known[id] {
			return fmt.Errorf("%w: the plan does not know the word %s on who is one person: it was said after the plan was made, or an older version of sutra made the plan; make a new plan", ErrRefused, strings.TrimPrefix(id, wordMark))
		}
	}
	for id := range a.plan.body.Known {
		if strings.HasPrefix(id, wordMark) && !now[id] {
			return fmt.Errorf("%w: the word %s on who is one person was taken back after the plan was made; make a new plan", ErrRefused, strings.TrimPrefix(id, wordMark))
		}
	}
	return nil
}
