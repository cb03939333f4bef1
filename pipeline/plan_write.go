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

	"github.com/cratio/sutra/lineage"
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

// save writes the plan to a file.
func (s *Site) save(p *Plan, sp *spool, path string) (PlanSummary, error) {
	steps, err := sp.sorted()
	if err != nil {
		return PlanSummary{}, err
	}
	p.Version, p.Steps, p.Records, p.Keep = planVersion, sp.steps, sp.records, sp.keep
	w := &planWriter{plan: p, spool: sp, steps: steps, sum: sha256.New()}
	if p.ID, err = s.Graph.Name(w.content); err != nil {
		return PlanSummary{}, fmt.Errorf("name the plan: %w", err)
	}
	if w.series, err = s.Graph.Series(p.ID); err != nil {
		return PlanSummary{}, err
	}
	err = replaceFile(path, func(f *os.File) error {
		w.w = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<16)
		return errors.Join(w.all(), w.end(f))
	})
	if err != nil {
		return PlanSummary{}, fmt.Errorf("write the plan: %w", err)
	}
	return PlanSummary{Type: "summary", Plan: path, SHA256: p.SHA256, Steps: p.Steps, Records: p.Records, Keep: p.Keep}, nil
}

// planWriter writes the lines of a plan file.
type planWriter struct {
	plan   *Plan
	spool  *spool
	steps  []span
	series *lineage.Series
	w      *bufio.Writer
	sum    hash.Hash
	n      uint64
}

// content calls part with all that the plan says: its head, which has no id yet, and its
// items.
func (w *planWriter) content(part func([]byte)) error {
	head, err := json.Marshal(w.plan)
	if err != nil {
		return err
	}
	part(head)
	return w.items(func(data []byte) error {
		part(data)
		return nil
	})
}

// all writes the head and the items, of which the last is the head again.
func (w *planWriter) all() error {
	head, err := json.Marshal(w.plan)
	if err != nil {
		return err
	}
	if _, err := w.w.Write(append(head, '\n')); err != nil {
		return err
	}
	if err := w.items(w.line); err != nil {
		return err
	}
	end, err := packItem(planItem{End: w.plan})
	if err != nil {
		return err
	}
	return w.line(end)
}

// items calls fn with the items as they are packed, without the last.
func (w *planWriter) items(fn func([]byte) error) error {
	body := &w.plan.body
	own := make([]planItem, 0, len(body.Subjects)+2)
	for i := range body.Subjects {
		own = append(own, planItem{Subject: &body.Subjects[i]})
	}
	if len(body.Facts) > 0 {
		own = append(own, planItem{Facts: body.Facts})
	}
	if len(body.Known) > 0 {
		own = append(own, planItem{Known: sortedKeys(body.Known)})
	}
	for _, it := range own {
		data, err := packItem(it)
		if err != nil {
			return err
		}
		if err := fn(data); err != nil {
			return err
		}
	}
	for _, list := range [][]span{w.spool.keptAt, w.steps} {
		for _, at := range list {
			data, err := w.spool.file.read(at)
			if err != nil {
				return fmt.Errorf("read the spooled plan: %w", err)
			}
			if err := fn(data); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *planWriter) line(data []byte) error {
	sealed := w.series.Seal(w.n, data)
	w.n++
	_, err := w.w.Write(append(base64.StdEncoding.AppendEncode(nil, sealed), '\n'))
	return err
}

// end writes the hash of everything before it.
func (w *planWriter) end(f io.Writer) error {
	if err := w.w.Flush(); err != nil {
		return err
	}
	w.plan.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	_, err := fmt.Fprintf(f, "{\"sha256\":%q}\n", w.plan.SHA256)
	return err
}
