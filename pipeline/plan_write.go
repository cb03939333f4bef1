package pipeline

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/pipeline/policy"
)

// mayReplace reports an error when a plan cannot take the name path: it replaces an older
// plan, and no key, catalog or database whose name was given by mistake.
func mayReplace(path string) error {
	fi, err := os.Stat(path)
	switch {
	case path == "":
		return fmt.Errorf("%w: a plan is written to a file; give its name", ErrUsage)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return hasFolder(path)
	case err != nil:
		return fmt.Errorf("write the plan: %w", err)
	case !fi.Mode().IsRegular():
		return fmt.Errorf("%w: a plan is written to a file, and %s is none", ErrUsage, path)
	case fi.Size() == 0:
		return nil // somebody reserved the name
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	defer f.Close()
	var head Plan
	line, err := bufio.NewReader(io.LimitReader(f, planHeadBytes)).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &head) != nil || head.Version == 0 || head.ID == "" || head.Kind == "" {
		return fmt.Errorf("%w: %s is there already and is no plan, so it is not replaced; give another name", ErrUsage, path)
	}
	return nil
}

// hasFolder reports an error when there is no folder in which the file path could be made:
// whoever mistyped it learns so before the work, and not after.
func hasFolder(path string) error {
	dir := filepath.Dir(path)
	fi, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), err == nil && !fi.IsDir():
		return fmt.Errorf("%w: there is no folder %s to write %s to", ErrUsage, dir, filepath.Base(path))
	case err != nil:
		return fmt.Errorf("look for the folder of %s: %w", path, err)
	}
	return nil
}

// planHeadBytes bounds the first line of a plan file.
const planHeadBytes = 1 << 16

// save writes the plan to a new file.
func (s *Site) save(p *Plan, sp *spool, path string) (PlanSummary, error) {
	steps, err := sp.sorted()
	if err != nil {
		return PlanSummary{}, err
	}
	p.Version, p.ID, p.Created = planVersion, ulid.Make().String(), s.Now().In(policy.IST)
	p.Steps, p.Records, p.Keep = sp.steps, sp.records, sp.keep
	err = replaceFile(path, func(f *os.File) error {
		w := &planWriter{site: s, plan: p, sum: sha256.New()}
		w.w = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<16)
		return errors.Join(w.all(sp, steps), w.end(f))
	})
	if err != nil {
		return PlanSummary{}, fmt.Errorf("write the plan: %w", err)
	}
	return PlanSummary{Type: "summary", Plan: path, SHA256: p.SHA256, Steps: p.Steps, Records: p.Records, Keep: p.Keep}, nil
}

// planWriter writes the lines of a plan file.
type planWriter struct {
	site *Site
	plan *Plan
	w    *bufio.Writer
	sum  hash.Hash
	n    int
}

func (w *planWriter) all(sp *spool, steps []span) error {
	head, err := json.Marshal(w.plan)
	if err != nil {
		return err
	}
	if _, err := w.w.Write(append(head, '\n')); err != nil {
		return err
	}
	for i := range w.plan.body.Subjects {
		if err := w.item(planItem{Subject: &w.plan.body.Subjects[i]}); err != nil {
			return err
		}
	}
	if len(w.plan.body.Facts) > 0 {
		if err := w.item(planItem{Facts: w.plan.body.Facts}); err != nil {
			return err
		}
	}
	for _, at := range sp.keptAt {
		if err := w.copy(sp, at); err != nil {
			return err
		}
	}
	for _, at := range steps {
		if err := w.copy(sp, at); err != nil {
			return err
		}
	}
	return w.item(planItem{End: w.plan})
}

func (w *planWriter) item(it planItem) error {
	data, err := packItem(it)
	if err != nil {
		return err
	}
	return w.line(data)
}

// copy takes an item over from the spool.
func (w *planWriter) copy(sp *spool, at span) error {
	data, err := sp.file.read(at)
	if err != nil {
		return fmt.Errorf("read the spooled plan: %w", err)
	}
	return w.line(data)
}

func (w *planWriter) line(data []byte) error {
	sealed := w.site.Graph.Seal(append(itemMark(w.plan.ID, w.n), data...))
	w.n++
	_, err := w.w.Write(append(base64.StdEncoding.AppendEncode(nil, sealed), '\n'))
	return err
}

// itemMark stands before the content of an item, so that it cannot stand in
// another place or in another plan.
func itemMark(plan string, n int) []byte { return fmt.Appendf(nil, "%s %d ", plan, n) }

// end writes the hash of everything before it.
func (w *planWriter) end(f io.Writer) error {
	if err := w.w.Flush(); err != nil {
		return err
	}
	w.plan.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	_, err := fmt.Fprintf(f, "{\"sha256\":%q}\n", w.plan.SHA256)
	return err
}
