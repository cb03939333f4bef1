package blob

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/cratio/sutra/connectors"
)

var (
	// errRace is a conditional write that met another one (409): the object is
	// looked at again, and the whole content written again if it is still the same.
	errRace = errors.New("a conditional write met another one")
	// errDenied marks what the credentials do not allow.
	errDenied = errors.New("access denied")
	// errCredentials marks credentials that are not, or no longer, accepted at all.
	errCredentials = errors.New("the AWS credentials are not accepted")
	// errArchived is an object whose bytes must be brought back first.
	errArchived = errors.New("the object is archived (Glacier): restore it, then run again")
)

// s3Bare says what went wrong without the request: its url holds the key, which
// may be personal, and so may the server's own words.
func s3Bare(err error) error {
	if err == nil {
		return nil
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end
		}
	}
	if errors.Is(err, errGone) {
		return fmt.Errorf("S3 cannot be reached: %w", errGone)
	}
	var api smithy.APIError
	var re *awshttp.ResponseError
	status := 0
	if errors.As(err, &re) {
		status = re.HTTPStatusCode()
	}
	if errors.As(err, &api) {
		return s3Coded(api.ErrorCode(), status)
	}
	if status != 0 {
		return s3Coded("", status)
	}
	var op *net.OpError
	var ue *url.Error
	switch {
	case errors.As(err, &op):
		return fmt.Errorf("S3 cannot be reached: %w", op)
	case errors.As(err, &ue):
		return fmt.Errorf("S3 cannot be reached: %w", ue.Err)
	}
	if strings.Contains(err.Error(), "credentials") {
		return errors.New("no AWS credentials were found: set a profile, a role or AWS_ACCESS_KEY_ID")
	}
	return fmt.Errorf("S3 answered something unexpected (%T)", innermost(err))
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// s3Coded turns S3's error code, or the bare status of a HEAD, into an error that
// callers can decide on.
func s3Coded(code string, status int) error {
	switch code {
	case "NoSuchKey", "NoSuchVersion":
		return connectors.ErrNotFound
	case "NoSuchBucket":
		return errors.New("the bucket does not exist")
	case "PreconditionFailed":
		return connectors.ErrChanged
	case "ConditionalRequestConflict", "OperationAborted":
		return errRace
	case "InvalidObjectState":
		return errArchived
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return fmt.Errorf("%w: they have expired: renew them and run again", errCredentials)
	case "RequestTimeTooSkewed":
		return errors.New("the clock of this machine is not that of S3: set it right")
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken":
		return fmt.Errorf("%w: %s", errCredentials, code)
	}
	switch status {
	case http.StatusNotFound:
		if code == "" || code == "NotFound" {
			return connectors.ErrNotFound
		}
	case http.StatusPreconditionFailed:
		return connectors.ErrChanged
	case http.StatusForbidden, http.StatusUnauthorized:
		return errDenied
	}
	if code == "" && status/100 == 2 {
		return errors.New("S3's answer broke off, or is none of S3")
	}
	if code == "" {
		return fmt.Errorf("S3 answered with status %d", status)
	}
	return fmt.Errorf("S3 answered %s (status %d)", code, status)
}

// s3Err wraps a failed read; needs names the permission that it takes.
func s3Err(doing, needs string, err error) error {
	err = s3Bare(err)
	if errors.Is(err, errDenied) {
		return fmt.Errorf("%s: %w (it needs %s)", doing, err, needs)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// s3WriteErr wraps a failed change.
func s3WriteErr(doing, needs string, err error) error {
	err = s3Bare(err)
	if errors.Is(err, errDenied) {
		return fmt.Errorf("%s: %w (%w; it needs %s)", doing, connectors.ErrReadOnly, err, needs)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// lacking reports a call that this store does not have.
func lacking(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "NotImplemented", "MethodNotAllowed", "VersioningNotConfigured":
			return true
		}
	}
	var re *awshttp.ResponseError
	return errors.As(err, &re) && (re.HTTPStatusCode() == http.StatusNotImplemented || re.HTTPStatusCode() == http.StatusMethodNotAllowed)
}

// code is S3's error code, "" when there is none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
