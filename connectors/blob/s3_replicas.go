package blob

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

// errNoReplication is a store that has no such thing as replication.
var errNoReplication = errors.New("this store has none")

// replication asks for the rules by which objects are copied to other buckets.
func (s *s3Store) replication(ctx context.Context) ([]types.ReplicationRule, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	out, err := api.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &s.bucket})
	switch {
	case code(err) == "ReplicationConfigurationNotFoundError":
		return nil, nil
	case lacking(err):
		return nil, errNoReplication
	case err != nil:
		return nil, s3Err("asking for replication", "s3:GetReplicationConfiguration", err)
	case out.ReplicationConfiguration == nil:
		return nil, nil
	}
	return out.ReplicationConfiguration.Rules, nil
}

func (s *s3Store) checkReplication(ctx context.Context) connectors.Finding {
	rules, err := s.replication(ctx)
	f := connectors.Finding{What: "replication", OK: true, Note: "none"}
	switch {
	case errors.Is(err, errNoReplication):
		f.Note = err.Error()
	case err != nil:
		f.OK, f.Note = false, err.Error()
	case len(rules) > 0:
		f.OK, f.Note = false, fmt.Sprintf("%d rules copy objects to other buckets, and deletions of versions do not follow: make every replica a source of its own", len(rules))
	}
	return f
}

// Replicas implements [connectors.Replicated]. A rule that is switched off counts too:
// what it has copied is there. Credentials that may not ask learn of no replica; Check
// names the permission.
func (s *s3Store) Replicas(ctx context.Context) ([]string, error) {
	rules, err := s.replication(ctx)
	if errors.Is(err, errNoReplication) || errors.Is(err, errDenied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rules {
		if r.Destination == nil {
			continue
		}
		below := copied(r)
		if strings.HasPrefix(s.prefix, below) {
			below = s.prefix
		} else if !strings.HasPrefix(below, s.prefix) {
			continue // it copies nothing of this store
		}
		name := strings.TrimPrefix(aws.ToString(r.Destination.Bucket), "arn:aws:s3:::")
		out = append(out, "s3://"+name+"/"+below[:strings.LastIndexByte(below, '/')+1])
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// copied is what the keys that a rule copies begin with. Rules of the first version, which
// have no filter, are taken to copy all.
func copied(r types.ReplicationRule) string {
	switch f := r.Filter; {
	case f == nil:
		return ""
	case f.And != nil:
		return aws.ToString(f.And.Prefix)
	default:
		return aws.ToString(f.Prefix)
	}
}
