// Package form reads and rewrites captures of web forms: bodies of the type
// application/x-www-form-urlencoded and query strings, also inside a logged URL
// or request line ("GET /lead?leadid=...&name=... HTTP/1.1").
//
// Each line that is not blank is one record, locator "line N" from 1, blank lines
// counted. A line without a name=value pair is a gap and is kept as it is.
//
// labels.go reads texts that tell of a lead as a form filled in by hand would: a
// label and a value on each line.
package form
