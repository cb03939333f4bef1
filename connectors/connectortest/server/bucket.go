package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// Buckets makes, fills and reads buckets on behalf of a test or the demo: with the
// SDK alone, so that it judges the store of the program and shares nothing with it.
type Buckets struct {
	*s3.Client
	region string
	tr     *http.Transport
}

// Keeps is what a bucket keeps of old versions.
type Keeps uint8

// The kinds of buckets.
const (
	Nothing  Keeps = iota // versioning never was on
	Versions              // every version
	Locked                // every version, and object locks are possible
)

// Version is one version of an object, or a delete marker.
type Version struct {
	Key, ID string
	Latest  bool
	Marker  bool
}

// Buckets connects to the server as its owner.
func (s *S3) Buckets() *Buckets { return s.BucketsAs(s.AccessKey, s.SecretKey) }

// BucketsAs connects to the server with the keys of an account.
func (s *S3) BucketsAs(access, secret string) *Buckets {
	return connect(aws.Config{Region: s.Region, BaseEndpoint: aws.String(s.URL), Credentials: keys{access, secret}})
}

// BucketsFromEnv connects to the server that the environment names, as the
// program would.
func BucketsFromEnv(ctx context.Context) (*Buckets, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to S3: %w", err)
	}
	return connect(cfg), nil
}

func connect(cfg aws.Config) *Buckets {
	b := &Buckets{region: cfg.Region, tr: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: uploads}}
	b.Client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.HTTPClient = &http.Client{Transport: b.tr}
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return b
}

// keys are the keys of an account of the server.
type keys struct{ access, secret string }

// Retrieve implements aws.CredentialsProvider.
func (k keys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: k.access, SecretAccessKey: k.secret}, nil
}

// Close gives connections back.
func (b *Buckets) Close() { b.tr.CloseIdleConnections() }

// Make makes a bucket.
func (b *Buckets) Make(ctx context.Context, bucket string, kind Keeps) error {
	in := &s3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: aws.Bool(kind == Locked)}
	if b.region != "us-east-1" { // which has no name here
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.region)}
	}
	if _, err := b.CreateBucket(ctx, in); err != nil {
		return fmt.Errorf("making a bucket: %w", err)
	}
	if kind == Nothing {
		return nil
	}
	_, err := b.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	if err != nil {
		return fmt.Errorf("making a bucket keep versions: %w", err)
	}
	return nil
}

// uploads is how many files are uploaded at the same time.
const uploads = 8

// Upload puts the files below dir into a bucket, under their paths with prefix
// before them, and notes when they were changed as copying tools do.
func (b *Buckets) Upload(ctx context.Context, bucket, prefix, dir string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(uploads)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		g.Go(func() error { return b.putFile(ctx, bucket, prefix+filepath.ToSlash(rel), path) })
		return ctx.Err()
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		return fmt.Errorf("filling a bucket: %w", err)
	}
	return nil
}

func (b *Buckets) putFile(ctx context.Context, bucket, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		_, err = b.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: f,
			Metadata: map[string]string{"mtime": strconv.FormatFloat(float64(st.ModTime().UnixMilli())/1000, 'f', 3, 64)}})
	}
	return errors.Join(err, f.Close())
}

// All lists every version and marker of a bucket, in key order, versions before
// markers.
func (b *Buckets) All(ctx context.Context, bucket string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		p := s3.NewListObjectVersionsPaginator(b, &s3.ListObjectVersionsInput{Bucket: &bucket})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				yield(Version{}, fmt.Errorf("listing a bucket: %w", err))
				return
			}
			for _, v := range page.Versions {
				if !yield(Version{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToBool(v.IsLatest), false}, nil) {
					return
				}
			}
			for _, m := range page.DeleteMarkers {
				if !yield(Version{aws.ToString(m.Key), aws.ToString(m.VersionId), aws.ToBool(m.IsLatest), true}, nil) {
					return
				}
			}
		}
	}
}

// Read returns the bytes of a version, of the current one when id is "".
func (b *Buckets) Read(ctx context.Context, bucket, key, id string) ([]byte, error) {
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if id != "" {
		in.VersionId = &id
	}
	out, err := b.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	data, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	return data, nil
}
