package pipeline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// Plan is the head of a saved list of steps that would change data. The file shows
// what kind of plan it is and its counts; subjects, steps and what is kept are
// sealed, since object keys and row ids can be personal.
//
// A plan file is lines: the head as JSON, one packed and sealed item a line in base64, and
// the SHA-256 of all bytes before it. So it is written and read item by item, and
// no job holds more of it than a few thousand edits. Each item is sealed for the plan's
// id and its own number, and the last one carries the head again: a line can neither be
// left out nor brought in from another plan.
//
// Nothing in it is by chance, and nothing tells when it was made: the same records, asked
// for on the same day under the same policy and holds, give the same bytes. The id is a
// keyed hash of all the rest. Each step names the unit with its generation in the graph, so
// that what is planned after the unit was written anew has another id, whatever is in it:
// a plan that was carried out is never met again by one for what came back.
type Plan struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	Kind    string    `json:"kind"` // erase, retain or correct
	Account string    `json:"account,omitempty"`
	AsOf    time.Time `json:"as_of"` // the day by which it judges, from its midnight on
	Steps   int       `json:"steps"`
	Records int       `json:"records"`
	Keep    int       `json:"keep"`
	// Approval says why a person must approve the plan before it is applied; "" when
	// only the policy may ask for that.
	Approval string `json:"approval,omitempty"`
	Law      string `json:"law"` // digest of the periods and floors of the policy
	// Site is the state that the plan was made with; "" in plans of older programs.
	Site   string `json:"site,omitempty"`
	SHA256 string `json:"-"` // of the file up to its last line

	body planBody
}

// planVersion is the form of plan files that this program writes and reads.
const planVersion = 4

// planBody is what a plan says besides its steps; it grows with the people of a
// plan and with the accounts, not with the data.
type planBody struct {
	Subjects []planSubject
	Facts    accountFacts    // of the accounts, as a retention plan saw them
	Holds    map[string]bool // that keep a record
	Known    map[string]bool // of retention: holds, and those released and not lapsed; else words on its people, and of an erasure their corrections
	Classes  map[string]bool
	Latest   time.Time // the latest date before which an edit is not due
}

// planSubject is a person whose data go: her tokens with their kinds.
// Shared are identifiers in her records that others have too: once she is gone,
// the records that carry nothing else must not fall to them.
type planSubject struct {
	Shared map[string]string `json:"shared,omitempty"`
	Beside []besidePlace     `json:"beside,omitempty"` // what carries an id of hers, and is not hers
	Set    []planSet         `json:"set,omitempty"`    // what a correction sets

	Account string            `json:"account"`
	Tokens  map[string]string `json:"tokens"` // hex → kind
	// Returned says that the plan erases old copies of hers that came back after an
	// erasure, and nothing else of hers: she may have returned of her own will.
	Returned bool              `json:"returned,omitempty"`
	Links    map[string]string `json:"links,omitempty"` // of such copies: the ids by which others refer to them, see Tokens
}

// planStep is one unit and the edits in it.
type planStep struct {
	No     int               `json:"-"` // its position in the plan
	Source string            `json:"source"`
	Unit   lineage.UnitState `json:"unit"` // which one, and of which generation in the graph
	Order  int               `json:"order"`
	Edits  []planEdit        `json:"edits,omitempty"`
}

// planEdit is one edit of one record.
type planEdit struct {
	No         int               `json:"-"` // its position in the step
	Collection string            `json:"collection"`
	Locator    string            `json:"locator"`
	Delete     bool              `json:"delete,omitempty"`
	Extent     extract.Extent    `json:"extent,omitempty"`
	All        bool              `json:"all,omitempty"`    // every part of the record is theirs who go
	Keep       bool              `json:"keep,omitempty"`   // kept by law, stripped
	Hers       []string          `json:"hers,omitempty"`   // columns that are her part as a whole
	Theirs     []string          `json:"theirs,omitempty"` // and such that are another's
	Named      bool              `json:"named,omitempty"`  // they are only mentioned in the record
	Fields     []planField       `json:"fields,omitempty"` // of a correction
	Codes      map[string]string `json:"codes,omitempty"`  // see extract.Corrector
	Sum        uint64            `json:"sum,omitempty"`
	Account    string            `json:"account,omitempty"`
	Class      string            `json:"class"`
	Rule       string            `json:"rule,omitempty"`    // what fixes the day, in a retention plan
	Trigger    lineage.Date      `json:"trigger,omitempty"` // the start of its clock, in a retention plan
	Due        time.Time         `json:"due,omitzero"`      // not before; zero for a person's request
}

// planItem is one sealed line of a plan file. Exactly one of its fields is set.
type planItem struct {
	Subject *planSubject `json:"subject,omitempty"`
	Facts   accountFacts `json:"facts,omitempty"`
	Known   []string     `json:"known,omitempty"` // see planBody
	Kept    []KeptLine   `json:"kept,omitempty"`
	Steps   []planStep   `json:"steps,omitempty"`
	Edits   []planEdit   `json:"edits,omitempty"` // more of the last step before
	End     *Plan        `json:"end,omitempty"`
}

// itemBytes bounds what an item may grow to when it is unpacked; only a plan that
// was made with this key gets that far.
const itemBytes = 1 << 30

var (
	itemEncoder = must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)))
	itemDecoder = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(itemBytes)))
)

// must is for what fails only when the program itself is wrong.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// packItem encodes an item as compressed JSON.
func packItem(it planItem) ([]byte, error) {
	data, err := json.Marshal(it)
	if err != nil {
		return nil, err
	}
	return itemEncoder.EncodeAll(data, nil), nil
}

// unpackItem undoes packItem.
func unpackItem(data []byte) (it planItem, err error) {
	plain, err := itemDecoder.DecodeAll(data, nil)
	if err != nil {
		return it, err
	}
	return it, json.Unmarshal(plain, &it)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) error {
	return replaceFile(path, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// replaceFile lets fill write a file, which takes the name path only when it is
// whole and on disk.
func replaceFile(path string, fill func(*os.File) error) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
