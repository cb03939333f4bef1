// Package csv reads and rewrites delimited text: CSV, TSV and every other
// single-byte delimiter, with a header row, in UTF-8 or UTF-16.
//
// A record's locator is "row N": data records count from 1, blank lines are
// none. A record that cannot be read (another number of cells than the header,
// a quote that is never closed, a line of more than 16 MiB) counts as a row, is a
// gap at "line N" (the physical line of its start, the header being line 1), and
// is kept as it is by every rewrite. An empty cell is null.
package csv
