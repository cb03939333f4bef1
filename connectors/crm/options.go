package crm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// optionPrefix begins the parameters of a server's url that are for sutra and not
// for the server.
const optionPrefix = "sutra_"

// options is how a server is used.
type options struct {
	connections int            // open at the same time
	statement   time.Duration  // the longest that one statement may take
	lock        time.Duration  // the longest that a change waits for a row that another transaction holds
	rate        int            // rows read in a second; 0: as fast as it goes
	zone        *time.Location // of timestamps without a zone; nil: Indian time, as everywhere else
	region      string         // where the server stands, for servers whose name does not tell
}

// The defaults leave room to the CRM itself.
const (
	defaultConnections = 4
	defaultStatement   = 10 * time.Minute
	defaultLock        = 10 * time.Second
)

// takeOptions takes sutra's parameters out of those of a url. Unknown ones are
// errors; the message carries no other part of the url.
func takeOptions(params map[string]string) (options, error) {
	o := options{connections: defaultConnections, statement: defaultStatement, lock: defaultLock}
	var errs []error
	for k, v := range params {
		name, ok := strings.CutPrefix(k, optionPrefix)
		if !ok {
			continue
		}
		delete(params, k)
		if err := o.set(name, v); err != nil {
			errs = append(errs, fmt.Errorf("%s%s in the url: %w", optionPrefix, name, err))
		}
	}
	return o, errors.Join(errs...)
}

func (o *options) set(name, v string) (err error) {
	switch name {
	case "connections":
		if o.connections, err = strconv.Atoi(v); err != nil || o.connections < 1 || o.connections > 100 {
			return errors.New("it must be a number of connections, 1 to 100")
		}
	case "statement_timeout":
		return duration(&o.statement, v)
	case "lock_timeout":
		return duration(&o.lock, v)
	case "rows_per_second":
		if o.rate, err = strconv.Atoi(v); err != nil || o.rate < 1 {
			return errors.New("it must be a number of rows")
		}
	case "timezone":
		if o.zone, err = time.LoadLocation(v); err != nil {
			return errors.New("it must be the name of a time zone, such as Asia/Kolkata")
		}
	case "region":
		o.region = v
	default:
		return errors.New("no such setting: connections, statement_timeout, lock_timeout, rows_per_second, timezone, region")
	}
	return nil
}

func duration(to *time.Duration, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Millisecond {
		return errors.New("it must be a duration, such as 30s or 5m")
	}
	*to = d
	return nil
}
