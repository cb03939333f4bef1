// Package lineage is the graph of where personal data lies: which records exist,
// which identifiers stand in them and in which role, and, computed from that when
// asked, who is one person.
//
// The graph holds no raw identifier and no personal value. An identifier is a
// [Token], a keyed HMAC. Locators and object keys, which can themselves be
// personal, are sealed with AES-256-GCM before they reach the store.
//
// # Layout
//
// Everything lives in one Badger database under DIR/graph, which encrypts all of it:
//
//	u | HMAC(source, key)          head of a unit: its number, visible generation, state (sealed)
//	i | unit                       the head's key and the visible generation, by number
//	f | unit                       marks the units that have gaps or hold accounts
//	b | unit | generation | block  128 sightings, column by column (sealed; see block.go)
//	p | bucket | segment | chunk   tokens and the ids of the sightings that may carry them
//	s | token | account            ledger of erased people
//	d | bucket | id                small sealed documents (holds, notes)
//	m | name                       counters
//
// A unit is written under a new generation: first its blocks, then the postings,
// and last, in one transaction, the head that makes them visible. Postings are
// never changed in place and may name sightings that are gone: the blocks under
// the visible generation are the truth. [Graph.Compact] writes everything that is
// visible into a fresh database and swaps it in.
//
// The first scan goes another way to the same layout: runs under DIR/graph.load, merged
// into a fresh database at the end (see load.go). Its heads are in the database from the
// first flush on, so a scan that was killed is taken up where its last flush left it.
// Later scans write runs too, once they have more to write than fits into memory; in the
// end these are written to the database, or, when they are much of it, merged with what
// is visible there into a fresh one (see merge.go).
package lineage
