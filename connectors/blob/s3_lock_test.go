package blob

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

func TestS3Locks(t *testing.T) {
	ctx := context.Background()
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	for name, lock := range map[string]func(b *bucket, id string){
		"compliance": func(b *bucket, id string) {
			b.must(b.api.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: &b.name, Key: aws.String("k"), VersionId: &id,
				Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeCompliance, RetainUntilDate: &until}}))
		},
		"governance": func(b *bucket, id string) {
			b.must(b.api.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: &b.name, Key: aws.String("k"), VersionId: &id,
				Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeGovernance, RetainUntilDate: &until}}))
		},
		"legal hold": func(b *bucket, id string) {
			b.must(b.api.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: &b.name, Key: aws.String("k"), VersionId: &id,
				LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, server.Locked)
			lock(b, b.put("k", "hers"))
			s := b.store(s3Options{}, "")
			o, err := s.Stat(ctx, "k")
			b.must(nil, err)
			pending := func(what string, err error) {
				t.Helper()
				var p *connectors.PendingError
				if !errors.As(err, &p) || errors.Is(err, connectors.ErrChanged) || name != "legal hold" && !p.Until.Equal(until) || name == "legal hold" && !p.Until.IsZero() {
					t.Errorf("%s: %v", what, err)
				}
			}
			_, err = s.Replace(ctx, "k", o.Version, write("x"))
			pending("replacing", err)
			pending("deleting", s.Delete(ctx, "k", o.Version))
			same(t, "nothing is changed", b.all(), []string{"k=hers"})
			b.put("k", "new")
			pending("forgetting an old version", s.Forget(ctx, "k", o.Version))
			_, err = s.Replace(ctx, "k", "", write("newer"))
			pending("replacing above a locked version", err)
			same(t, "the locked version is still there, and keeps no other", b.all(), []string{"k (old)=hers", "k=newer"})
			b.put("k", "later")
			pending("forgetting all old versions", s.Forget(ctx, "k", ""))
			b.hide("k")
			pending("forgetting what is hidden", s.Forget(ctx, "k", ""))
			same(t, "the marker hides the locked version", b.all(), []string{"k (marker)", "k (old)=hers"})
		})
	}
}
