package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// tops are the folders that hold all object sources.
var tops = []string{"recordings", "analytics", "exports", "imports"}

// MoveFolders moves the object folders of a world into an empty bucket, under
// their paths, and sutra.yaml with them. b is used for as long as the truth is.
// The objects keep the times of the files, as copying tools note them.
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
	for _, top := range tops {
		if err := os.RemoveAll(filepath.Join(t.Dir, top)); err != nil {
			return fmt.Errorf("move the folders: %w", err)
		}
	}
	t.at.buckets, t.at.bucket = b, bucket
	return writeConfig(t.Dir, t.at)
}
