package connectortest

import (
	"fmt"

	"github.com/cratio/sutra/connectors"
)

// The optional interfaces, as bits.
const (
	digests = 1 << iota
	picks
	fetches
	erases
	batches
	checks
	follows
)

// optional returns which optional interfaces a source has.
func optional(s connectors.Source) int {
	has := 0
	add := func(bit int, ok bool) {
		if ok {
			has |= bit
		}
	}
	_, ok := s.(connectors.Digester)
	add(digests, ok)
	_, ok = s.(connectors.Picker)
	add(picks, ok)
	_, ok = s.(connectors.Fetcher)
	add(fetches, ok)
	_, ok = s.(connectors.Eraser)
	add(erases, ok)
	_, ok = s.(connectors.BatchEraser)
	add(batches, ok)
	_, ok = s.(connectors.Checker)
	add(checks, ok)
	_, ok = s.(connectors.Follower)
	add(follows, ok)
	return has
}

// The shapes that sources have. A type assertion on the wrapper must find what
// it finds on the source, so each shape is a type of its own.
type (
	onlyEraser struct {
		*faulty
		eraser
	}
	checkedEraser struct {
		*faulty
		eraser
		checker
	}
	pickedEraser struct {
		*faulty
		picker
		eraser
	}
	object struct {
		*faulty
		fetcher
		eraser
		checker
	}
	largeObject struct {
		*faulty
		picker
		fetcher
		eraser
		follower
		checker
	}
	readOnlyObject struct {
		*faulty
		fetcher
		checker
	}
	database struct {
		*faulty
		digester
		picker
		eraser
		batcher
		checker
	}
	readOnlyDatabase struct {
		*faulty
		digester
		picker
		checker
	}
)

// forward gives f the optional interfaces of the source below, and no other.
func forward(f *faulty) connectors.Source {
	switch has := optional(f.s); has {
	case 0:
		return f
	case erases:
		return onlyEraser{f, eraser{f}}
	case erases | checks:
		return checkedEraser{f, eraser{f}, checker{f}}
	case picks | erases:
		return pickedEraser{f, picker{f}, eraser{f}}
	case fetches | erases | checks:
		return object{f, fetcher{f}, eraser{f}, checker{f}}
	case picks | fetches | erases | checks | follows:
		return largeObject{f, picker{f}, fetcher{f}, eraser{f}, follower{f}, checker{f}}
	case fetches | checks:
		return readOnlyObject{f, fetcher{f}, checker{f}}
	case digests | picks | erases | batches | checks:
		return database{f, digester{f}, picker{f}, eraser{f}, batcher{f}, checker{f}}
	case digests | picks | checks:
		return readOnlyDatabase{f, digester{f}, picker{f}, checker{f}}
	default:
		panic(fmt.Sprintf("connectortest: no shape for the optional interfaces %07b: add one to forward", has))
	}
}
