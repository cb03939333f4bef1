package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// Plan is a saved list of steps that would change data. The file shows what
// kind of plan it is and its counts; the steps themselves are sealed, since
// object keys and row ids can be personal.
type Plan struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	Kind    string    `json:"kind"` // erase or retain
	Account string    `json:"account,omitempty"`
	Created time.Time `json:"created"`
	AsOf    time.Time `json:"as_of"`
	Steps   int       `json:"steps"`
	Records int       `json:"records"`
	Keep    int       `json:"keep"`
	Sealed  []byte    `json:"sealed"`
	SHA256  string    `json:"sha256"` // of everything above

	body planBody
}

type planBody struct {
	Subjects []planSubject `json:"subjects"`
	Steps    []planStep    `json:"steps"`
	Kept     []KeptLine    `json:"kept"`
}

// planSubject is a person whose data go: her tokens with their kinds.
// Shared are identifiers in her records that others have too: once she is gone,
// the records that carry nothing else must not fall to them.
type planSubject struct {
	Shared map[string]string `json:"shared,omitempty"`

	Account string            `json:"account"`
	Tokens  map[string]string `json:"tokens"` // hex → kind
}

// planStep is one unit and the edits in it.
type planStep struct {
	No     int               `json:"-"` // its position in the plan
	Source string            `json:"source"`
	Unit   lineage.UnitState `json:"unit"`
	Order  int               `json:"order"`
	Edits  []planEdit        `json:"edits"`
}

// planEdit is one edit of one record.
type planEdit struct {
	Collection string         `json:"collection"`
	Locator    string         `json:"locator"`
	Delete     bool           `json:"delete,omitempty"`
	Extent     extract.Extent `json:"extent,omitempty"`
	Keep       bool           `json:"keep,omitempty"` // kept by law, stripped
	Sum        uint64         `json:"sum,omitempty"`
	Subject    int            `json:"subject"`
	Class      string         `json:"class"`
	Due        time.Time      `json:"due"` // not before; zero for a person's request
}

// save writes the plan to a new file.
func (s *Site) save(p *Plan, path string) (PlanSummary, error) {
	p.Version, p.ID, p.Created = 1, ulid.Make().String(), s.Now()
	p.Steps, p.Keep = len(p.body.Steps), len(p.body.Kept)
	for _, st := range p.body.Steps {
		p.Records += len(st.Edits)
	}
	body, err := json.Marshal(p.body)
	if err != nil {
		return PlanSummary{}, fmt.Errorf("encode the plan: %w", err)
	}
	p.Sealed = s.Graph.Seal(body)
	p.SHA256 = ""
	sum, err := p.hash()
	if err != nil {
		return PlanSummary{}, err
	}
	p.SHA256 = sum
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return PlanSummary{}, fmt.Errorf("encode the plan: %w", err)
	}
	if err := writeFile(path, data); err != nil {
		return PlanSummary{}, fmt.Errorf("write the plan: %w", err)
	}
	return PlanSummary{Type: "summary", Plan: path, SHA256: p.SHA256, Steps: p.Steps, Records: p.Records, Keep: p.Keep}, nil
}

func (p *Plan) hash() (string, error) {
	q := *p
	q.SHA256 = ""
	data, err := json.Marshal(q)
	if err != nil {
		return "", fmt.Errorf("hash the plan: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// load reads a plan and checks that nobody changed it.
func (s *Site) load(path string) (*Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	p := &Plan{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("%s is no plan: %w", path, err)
	}
	sum, err := p.hash()
	if err != nil {
		return nil, err
	}
	if sum != p.SHA256 {
		return nil, fmt.Errorf("%w: the plan was changed after it was made; make a new one", ErrRefused)
	}
	body, err := s.Graph.Unseal(p.Sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: the plan was made with another key: %w", ErrRefused, err)
	}
	if err := json.Unmarshal(body, &p.body); err != nil {
		return nil, fmt.Errorf("%s is no plan: %w", path, err)
	}
	for i := range p.body.Steps {
		p.body.Steps[i].No = i
	}
	return p, nil
}

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
