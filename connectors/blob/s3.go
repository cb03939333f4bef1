package blob

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
)

// payer accepts the charges of a requester-pays bucket; other buckets ignore it.
const payer = types.RequestPayerRequester

// s3Store is a store in a bucket, below a prefix ("" or "a/b/"). It connects at
// its first use, with the standard credential chain, and asks where the bucket
// stands before anything else.
type s3Store struct {
	bucket, prefix string
	opt            s3Options

	mu        sync.Mutex // guards what follows while it is found out
	api       *s3.Client
	http      *http.Client
	region    string
	listing   *listingMode
	versioned *versioning

	held   heldRange      // of the object that is being rewritten
	seen   recent[*head]  // objects that were just looked at: opening one does not look again
	listed recent[Object] // objects that were just listed
	turns  turns          // of those that change the same key
}

// s3Options are for tests: a transport that counts or fails, short pauses.
type s3Options struct {
	transport http.RoundTripper // nil means the standard one
	pause     time.Duration     // before the first retry; 0 means 50 ms
	now       func() time.Time  // nil means time.Now
}

// openS3 takes what follows "s3://": a bucket and a prefix of keys.
func openS3(rest string, opt s3Options) (*s3Store, error) {
	bucket, prefix, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return nil, errors.New("opening a store: an s3:// url needs a bucket: s3://bucket/prefix/")
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	if opt.now == nil {
		opt.now = time.Now
	}
	if opt.pause == 0 {
		opt.pause = 50 * time.Millisecond
	}
	return &s3Store{bucket: bucket, prefix: prefix, opt: opt}, nil
}

// client connects once. A failure is not remembered: the next call tries again.
func (s *s3Store) client(ctx context.Context) (*s3.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.api != nil {
		return s.api, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), config.WithRetryer(s.retryer))
	if err != nil {
		return nil, fmt.Errorf("connecting to S3: %w", s3Bare(err))
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // it answers for every bucket, with the region to use
	}
	if s.http == nil {
		s.http = httpClient(cfg, s.opt.transport)
	}
	region, err := bucketRegion(ctx, s.connect(cfg, cfg.Region), s.bucket)
	if err != nil {
		return nil, fmt.Errorf("connecting to S3: %w", err)
	}
	s.region, s.api = region, s.connect(cfg, region)
	return s.api, nil
}

func (s *s3Store) connect(cfg aws.Config, region string) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.Region = region
		o.UsePathStyle = o.BaseEndpoint != nil
		o.HTTPClient = s.http
		o.DisableLogOutputChecksumValidationSkipped = true
		// Bodies are signed, and carry their MD5. The SDK's own checksums are not known
		// to every store, and those of copied parts differ from store to store.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
}

// httpClient is the standard client of the SDK, with the limits that a batch job
// needs, and with connections that can be closed.
func httpClient(cfg aws.Config, rt http.RoundTripper) *http.Client {
	if rt != nil {
		return &http.Client{Transport: rt}
	}
	b, ok := cfg.HTTPClient.(*awshttp.BuildableClient) // with the CA bundle of the environment in it
	if !ok {
		b = awshttp.NewBuildableClient()
	}
	tr := b.GetTransport()
	tr.ResponseHeaderTimeout = 2 * time.Minute // of a part that is copied, the slowest call
	tr.MaxIdleConnsPerHost = 32
	return &http.Client{Transport: &gone{next: &stalled{next: tr, most: stalledAfter}, now: time.Now}}
}

// bucketRegion asks where the bucket stands. The answer is in a header that even
// a refusal carries.
func bucketRegion(ctx context.Context, api *s3.Client, bucket string) (string, error) {
	out, err := api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil && aws.ToString(out.BucketRegion) != "" {
		return *out.BucketRegion, nil
	}
	if err != nil {
		var re *awshttp.ResponseError
		if errors.As(err, &re) {
			if region := re.HTTPResponse().Header.Get("x-amz-bucket-region"); region != "" && re.HTTPStatusCode() != http.StatusNotFound {
				return region, nil
			}
			if re.HTTPStatusCode() == http.StatusNotFound {
				return "", errors.New("the bucket does not exist")
			}
		} else {
			return "", s3Bare(err)
		}
	}
	loc, err := api.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket})
	if err != nil {
		return "", fmt.Errorf("asking where the bucket stands (s3:GetBucketLocation): %w", s3Bare(err))
	}
	return locationName(string(loc.LocationConstraint)), nil
}

// locationName turns a location constraint into the name of its region.
func locationName(constraint string) string {
	switch constraint {
	case "":
		return "us-east-1"
	case "EU":
		return "eu-west-1"
	}
	return constraint
}

// Region implements connectors.Located.
func (s *s3Store) Region(ctx context.Context) (string, error) {
	if _, err := s.client(ctx); err != nil {
		return "", err
	}
	return s.region, nil
}

// Close gives idle connections back.
func (s *s3Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
	return nil
}

// retryer tries a failed call again, up to 8 times in all, within the SDK's quota
// of retries: a store that is down is not hammered.
func (s *s3Store) retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 8
		o.Backoff = pauses{s.opt.pause}
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{"RequestTimeout": {}, "InternalError": {}}})
	})
}

// pauses is the time between two attempts: doubled each time, ten times as long
// when the store asks for fewer requests, and never the same for two clients.
type pauses struct{ first time.Duration }

// longestPause bounds the time between two attempts.
const longestPause = 20 * time.Second

// BackoffDelay implements retry.BackoffDelayer.
func (p pauses) BackoffDelay(attempt int, err error) (time.Duration, error) {
	d := p.first
	if throttled(err) {
		d *= 10
	}
	d = min(d<<min(attempt, 16), longestPause)
	return d/2 + rand.N(d/2+1), nil
}

func throttled(err error) bool {
	var re *awshttp.ResponseError
	if errors.As(err, &re) && (re.HTTPStatusCode() == http.StatusServiceUnavailable || re.HTTPStatusCode() == http.StatusTooManyRequests) {
		return true
	}
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// sleep waits for the pause before an attempt, or for the end of ctx.
func (s *s3Store) sleep(ctx context.Context, attempt int, err error) error {
	d, _ := pauses{s.opt.pause}.BackoffDelay(attempt, err) // it has no error
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
