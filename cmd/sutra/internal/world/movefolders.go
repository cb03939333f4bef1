package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// tops are the folders that hold all object sources.
var tops = []string{"recordings", "analytics", "exports", "imports"}

// MoveFolders moves the object folders of a world into an empty bucket, under
// their paths, and sutra.yaml with them. b is used for as long as the truth is. An
// object whose name tells no time is as old as its upload from then on.
func (t *Truth) MoveFolders(ctx context.Context, b *server.Buckets, bucket string) error {
	for _, err := range b.All(ctx, bucket) {
		if err == nil {
			err = errors.New("the bucket is not empty")
		}
		return fmt.Errorf("move the folders: %w", err)
	}
	for _, top := range tops {
		if err := b.Upload(ctx, bucket, top+"/", filepath.Join(t.Dir, top)); err != nil {
			return fmt.Errorf("move the folders: %w", err)
		}
	}
	if err := t.restamp(ctx); err != nil {
		return fmt.Errorf("move the folders: %w", err)
	}
	for _, top := range tops {
		if err := os.RemoveAll(filepath.Join(t.Dir, top)); err != nil {
			return fmt.Errorf("move the folders: %w", err)
		}
	}
	t.at.buckets, t.at.bucket = b, bucket
	return writeConfig(t.Dir, t.at)
}

// restamp writes the truth anew: what has its object's own time is uploaded now,
// and its period begins.
func (t *Truth) restamp(ctx context.Context) error {
	path := filepath.Join(t.Dir, "truth", "copies.ndjson")
	out, err := newJSONLines(path + ".new")
	if err != nil {
		return err
	}
	due := 0
	for c, err := range t.AllCopies(ctx) {
		if err == nil {
			if c.Stamped {
				c.Date, c.Due = t.Now.Format(time.RFC3339), dueAt(c, t)
			}
			if c.Due {
				due++
			}
			err = out.put(c)
		}
		if err != nil {
			return closing(err, out.close)
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	t.Due = due
	return t.write()
}

// dueAt reports whether a copy is past its period when its clock begins now.
func dueAt(c Copy, t *Truth) bool { return due(c.Class, accountByID(c.Account), t.Now, t.Now) }
