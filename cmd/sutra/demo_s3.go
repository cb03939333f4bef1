package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/cmd/sutra/internal/world"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// mirrored is how many objects the judge fetches at the same time.
const mirrored = 8

// demoBucket is the bucket of a demo world.
type demoBucket struct {
	name string
	api  *server.Buckets
	own  *server.S3 // nil when the server is the user's

	versions, old, markers, uploads int // at the last look
}

// moveToBucket puts the objects of the world into a new bucket that keeps
// versions, and lets sutra.yaml say so.
func (d *demo) moveToBucket(ctx context.Context) (b *demoBucket, err error) {
	at := time.Now()
	b = &demoBucket{name: "sutra-demo-" + strings.ToLower(rand.Text()[:12])}
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		if b.own, err = server.StartS3(ctx, "", ""); err != nil {
			return nil, err
		}
		for _, kv := range b.own.Env() {
			k, v, _ := strings.Cut(kv, "=")
			err = errors.Join(err, os.Setenv(k, v))
		}
	}
	if err == nil {
		b.api, err = server.BucketsFromEnv(ctx)
	}
	if err == nil {
		err = b.fill(ctx, d.dir)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	d.step("world moved to a bucket", at)
	return b, nil
}

func (b *demoBucket) fill(ctx context.Context, dir string) error {
	if err := b.api.Make(ctx, b.name, server.Versions); err != nil {
		return err
	}
	path := filepath.Join(dir, "sutra.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("move the world to a bucket: %w", err)
	}
	for _, f := range world.Folders() {
		local := filepath.Join(dir, filepath.FromSlash(f))
		if err := b.api.Upload(ctx, b.name, f+"/", local); err != nil {
			return err
		}
		if err := os.RemoveAll(local); err != nil {
			return fmt.Errorf("move the world to a bucket: %w", err)
		}
		text = bytes.ReplaceAll(text, []byte(`"file:`+f+`/"`), []byte(`"s3://`+b.name+"/"+f+`/"`))
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("move the world to a bucket: %w", err)
	}
	return nil
}

// mirror copies every version in the bucket to a folder: the current ones under
// their keys, old ones beside them under a name that no object of the world has.
func (b *demoBucket) mirror(ctx context.Context, dir string) error {
	for _, f := range world.Folders() {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(f)), 0o755); err != nil {
			return fmt.Errorf("read the bucket: %w", err)
		}
	}
	b.versions, b.old, b.markers, b.uploads = 0, 0, 0, 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(mirrored)
	var lerr error
	for v, err := range b.api.All(ctx, b.name) {
		if lerr = err; lerr != nil {
			break
		}
		if v.Marker {
			b.markers++
			continue
		}
		path, id := filepath.Join(dir, filepath.FromSlash(v.Key)), ""
		if b.versions++; !v.Latest {
			b.old++
			path, id = filepath.Join(filepath.Dir(path), fmt.Sprintf("old version %d of %s", b.old, filepath.Base(path))), v.ID
		}
		g.Go(func() error { return b.fetch(gctx, v.Key, id, path) })
	}
	if err := errors.Join(lerr, g.Wait()); err != nil {
		return err
	}
	out, err := b.api.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &b.name})
	if err != nil {
		return fmt.Errorf("read the bucket: %w", err)
	}
	b.uploads = len(out.Uploads)
	return nil
}

func (b *demoBucket) fetch(ctx context.Context, key, id, path string) error {
	data, err := b.api.Read(ctx, b.name, key, id)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("read the bucket: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("read the bucket: %w", err)
	}
	return nil
}

// close stops the server that the demo started.
func (b *demoBucket) close() error {
	if b.api != nil {
		b.api.Close()
	}
	if b.own != nil {
		return b.own.Stop()
	}
	return nil
}
