package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// housing says which parts of the demo's world stand on servers, and holds the
// servers that were started for it.
type housing struct {
	crm  string // sqlite, postgres or mysql
	s3   bool
	dsn  string // of the CRM's database
	urls string // of the object sources
	// words are said of where the world stands, notes of what does not outlive the
	// demo.
	words, notes []string
	ends         []func() error
}

// crmNames are the databases by the word of --crm.
var crmNames = map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL", "mysql": "MySQL"}

// end stops what was started, the last first. It may be called twice.
func (h *housing) end() error {
	var err error
	for i := len(h.ends) - 1; i >= 0; i-- {
		err = errors.Join(err, h.ends[i]())
	}
	h.ends = nil
	return err
}

// lookup is the environment of the world: the CRM's data source name is the one of
// the server that was started.
func (h *housing) lookup(name string) (string, bool) {
	if name == "CRM_DSN" && h.dsn != "" {
		return h.dsn, true
	}
	return os.LookupEnv(name)
}

// house moves the built world to its servers.
func (d *demo) house(ctx context.Context) error {
	if d.crm != "sqlite" {
		if err := d.database(ctx); err != nil {
			return err
		}
		if err := d.truth.MoveCRM(ctx, d.crm, d.dsn); err != nil {
			return err
		}
	}
	if d.s3 {
		return d.fillBucket(ctx)
	}
	return nil
}

// database finds the CRM's server, or starts one.
func (d *demo) database(ctx context.Context) (err error) {
	name := crmNames[d.crm]
	if dsn, ok := os.LookupEnv("CRM_DSN"); ok && dsn != "" {
		d.dsn = dsn
		d.words = append(d.words, "the CRM in the "+name+" of CRM_DSN")
		return nil
	}
	if d.dsn, err = d.startDatabase(ctx); err != nil {
		return fmt.Errorf("start a server for the CRM: %w", err)
	}
	d.words = append(d.words, "the CRM in a "+name+" of its own")
	d.notes = append(d.notes, fmt.Sprintf("the %s was started for this run and ends with it; to keep the CRM, give the DSN of an empty scratch database in CRM_DSN", name))
	return nil
}

// startDatabase starts a server without the care that only lasting data want.
func (d *demo) startDatabase(ctx context.Context) (string, error) {
	if d.crm == "postgres" {
		p, err := server.StartPostgres(ctx, "", "fsync=off")
		if err != nil {
			return "", err
		}
		d.ends = append(d.ends, p.Stop)
		return p.Database(ctx, "crm")
	}
	m, err := server.StartMariaDB(ctx, "", "sync-binlog=0", "innodb-flush-log-at-trx-commit=2")
	if err != nil {
		return "", err
	}
	d.ends = append(d.ends, m.Stop)
	return m.Database(ctx, "crm")
}

// fillBucket moves the folders into a fresh bucket that keeps versions.
func (d *demo) fillBucket(ctx context.Context) error {
	b, err := d.buckets(ctx)
	if err != nil {
		return fmt.Errorf("reach a server for the folders: %w", err)
	}
	d.ends = append(d.ends, func() error { b.Close(); return nil })
	bucket := "sutra-demo-" + strings.ToLower(rand.Text()[:10])
	if err := b.Make(ctx, bucket, server.Versions); err != nil {
		return err
	}
	d.urls = "s3://" + bucket + "/"
	d.words = append(d.words, "the folders in "+d.urls)
	return d.truth.MoveFolders(ctx, b, bucket)
}

// buckets connects to the S3 server that the environment names, or to one that is
// started and then named in the environment, where the program looks for it.
func (d *demo) buckets(ctx context.Context) (*server.Buckets, error) {
	if os.Getenv("AWS_ENDPOINT_URL") != "" {
		if err := d.setenv("AWS_REGION=" + server.S3Region); err != nil {
			return nil, err
		}
		return server.BucketsFromEnv(ctx)
	}
	dir, err := os.MkdirTemp("", "sutra-s3-")
	if err != nil {
		return nil, err
	}
	d.ends = append(d.ends, func() error { return os.RemoveAll(dir) })
	s, err := server.StartS3(ctx, dir, server.S3Region)
	if err != nil {
		return nil, err
	}
	d.ends = append(d.ends, s.Stop)
	d.notes = append(d.notes, "the S3 server was started for this run and ends with it; to keep the bucket, name a server in AWS_ENDPOINT_URL")
	// A profile or a session of the user's belongs to another server.
	env := append(s.Env(), "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
	return s.Buckets(), d.setenv(env...)
}

// setenv sets variables until the end: NAME=VALUE, or NAME for none.
func (h *housing) setenv(vars ...string) error {
	for _, kv := range vars {
		name, value, set := strings.Cut(kv, "=")
		if old, was := os.LookupEnv(name); was {
			h.ends = append(h.ends, func() error { return os.Setenv(name, old) })
		} else {
			h.ends = append(h.ends, func() error { return os.Unsetenv(name) })
		}
		change := func() error { return os.Unsetenv(name) }
		if set {
			change = func() error { return os.Setenv(name, value) }
		}
		if err := change(); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}
