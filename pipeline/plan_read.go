package pipeline

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cratio/sutra/lineage"
)

// planFile is a plan that was opened and found whole. Its steps stay in the file
// and are read one after the other.
type planFile struct {
	*Plan
	site   *Site
	series *lineage.Series
	f      *os.File
}

// errNoPlan marks a file that was never a plan.
var errNoPlan = fmt.Errorf("%w: this is no plan of sutra's", ErrUsage)

// load opens a plan, checks that nobody changed it, and reads what is no step.
// kept is called for every record that stays.
func (s *Site) load(path string, kept func(KeptLine)) (*planFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: read the plan: %w", ErrUsage, err)
	}
	if fi, err := f.Stat(); err == nil && (!fi.Mode().IsRegular() || fi.Size() == 0) {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, errNoPlan), f.Close())
	}
	p := &planFile{site: s, f: f, Plan: &Plan{}}
	if err := p.examine(kept); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return p, nil
}

func (p *planFile) close() error { return p.f.Close() }

// examine reads the whole file once: its hash, its seals, and what is no step.
// The kept records of a changed plan are not passed on.
func (p *planFile) examine(kept func(KeptLine)) error {
	sum, want, err := p.hash()
	if err != nil {
		return err
	}
	if sum != want {
		return fmt.Errorf("%w: the plan was changed after it was made; make a new one", ErrRefused)
	}
	p.SHA256 = sum
	if err := p.site.madeHere(p.Plan); err != nil {
		return err
	}
	if p.series, err = p.site.Graph.Series(p.ID); err != nil {
		return err
	}
	p.body.Holds, p.body.Known, p.body.Classes = map[string]bool{}, map[string]bool{}, map[string]bool{}
	steps, records := 0, 0
	end, err := p.items(func(it planItem) error {
		switch {
		case it.Subject != nil:
			p.body.Subjects = append(p.body.Subjects, *it.Subject)
		case it.Facts != nil:
			p.body.Facts = it.Facts
		}
		for _, id := range it.Known {
			p.body.Known[id] = true
		}
		steps += len(it.Steps)
		for _, st := range it.Steps {
			records += len(st.Edits)
			p.note(st.Edits)
		}
		records += len(it.Edits)
		p.note(it.Edits)
		for _, k := range it.Kept {
			if k.Reason == "hold" {
				p.body.Holds[k.Rule] = true
			}
			kept(k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	same, err := p.sameHead(end)
	if err != nil {
		return err
	}
	if !same || p.Steps != steps || p.Records != records {
		return fmt.Errorf("%w: the plan was changed after it was made; make a new one", ErrRefused)
	}
	return nil
}

// madeHere refuses a plan of another site. The records that it names are none of this
// one's: they would not be found, and count as erased. A plan that bears another id, or
// none because an older program made it, is still one of this site when the log here says
// so: its graph may have been moved away since and scanned anew. What the head says of the
// site is compared with the sealed head before anything is done, see examine.
func (s *Site) madeHere(p *Plan) error {
	if p.Site == s.Graph.Site() {
		return nil
	}
	log, err := s.AuditLog()
	if err != nil {
		return err
	}
	made, err := log.Has("plan.made", "plan_sha256", p.SHA256)
	switch {
	case err != nil:
		return err
	case made:
		return nil
	case p.Site == "":
		return fmt.Errorf("%w: the plan does not say where it was made, and the log of this state folder does not know it; make a new one here", ErrRefused)
	}
	return fmt.Errorf("%w: the plan was made at another site, with another state folder; make one here", ErrRefused)
}

// note remembers of edits what decides about the plan as a whole.
func (p *planFile) note(edits []planEdit) {
	for _, e := range edits {
		p.body.Classes[e.Class] = true
		if e.Due.After(p.body.Latest) {
			p.body.Latest = e.Due
		}
	}
}

// sameHead compares the head that anybody can read with the sealed one.
func (p *planFile) sameHead(end *Plan) (bool, error) {
	open, err := json.Marshal(p.Plan)
	if err != nil {
		return false, fmt.Errorf("read the plan: %w", err)
	}
	sealed, err := json.Marshal(end)
	if err != nil {
		return false, fmt.Errorf("read the plan: %w", err)
	}
	return end != nil && bytes.Equal(open, sealed), nil
}

// hash returns the SHA-256 of all lines but the last, and what the last one says.
func (p *planFile) hash() (sum, want string, err error) {
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return "", "", fmt.Errorf("read the plan: %w", err)
	}
	h := sha256.New()
	r := bufio.NewReaderSize(p.f, 1<<16)
	var last []byte
	for first := true; ; first = false {
		line, err := r.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return "", "", fmt.Errorf("read the plan: %w", err)
		}
		if first {
			if json.Unmarshal(line, p.Plan) != nil || p.Version == 0 || p.ID == "" {
				return "", "", errNoPlan
			}
			if p.Version != planVersion {
				return "", "", fmt.Errorf("%w: the plan has the form of another version of sutra; make a new one", ErrRefused)
			}
		}
		h.Write(last)
		last = line
	}
	var tail struct {
		SHA256 string `json:"sha256"`
	}
	if json.Unmarshal(last, &tail) != nil {
		tail.SHA256 = "" // cut off: it matches no hash
	}
	return hex.EncodeToString(h.Sum(nil)), tail.SHA256, nil
}

// items calls fn for every item but the last, which it returns.
func (p *planFile) items(fn func(planItem) error) (*Plan, error) {
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	r := bufio.NewReaderSize(p.f, 1<<16)
	if _, err := r.ReadBytes('\n'); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	for n := uint64(0); ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("read the plan: %w", err)
		}
		if line[0] == '{' { // the hash: no item was the last one
			return nil, nil
		}
		it, err := p.item(bytes.TrimSuffix(line, []byte("\n")), n)
		if err != nil {
			return nil, err
		}
		if it.End != nil {
			return it.End, nil
		}
		if err := fn(it); err != nil {
			return nil, err
		}
	}
}

func (p *planFile) item(line []byte, n uint64) (planItem, error) {
	var it planItem
	sealed, err := base64.StdEncoding.AppendDecode(nil, line)
	if err != nil {
		return it, fmt.Errorf("%w: the plan is damaged; make a new one", ErrRefused)
	}
	data, err := p.series.Unseal(n, sealed)
	if err != nil {
		return it, fmt.Errorf("%w: the plan was changed after it was made, or made with another key; make a new one", ErrRefused)
	}
	if it, err = unpackItem(data); err != nil {
		return it, fmt.Errorf("read the plan: %w", err)
	}
	return it, nil
}

// steps calls fn for every step in order. Only those of an item are in memory.
func (p *planFile) steps(fn func(planStep) error) error {
	var st *planStep
	no := 0
	give := func() error {
		if st == nil {
			return nil
		}
		st.No = no
		no++
		for i := range st.Edits {
			st.Edits[i].No = i
		}
		return fn(*st)
	}
	_, err := p.items(func(it planItem) error {
		for i := range it.Steps {
			if err := give(); err != nil {
				return err
			}
			st = &it.Steps[i]
		}
		if st != nil {
			st.Edits = append(st.Edits, it.Edits...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return give()
}
