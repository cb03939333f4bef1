// Package json reads and edits JSON without disturbing it. Its core is a scanner
// that keeps the byte span of every value: [Parse] gives a tree of [Node]s over
// the caller's bytes, [Patch] collects changes and applies them so that every
// untouched byte stays as it was (white space, number spellings, escapes,
// duplicate keys). Documents that were cut in the middle still give the tree of
// what is there.
//
// On top of it stands the codec for JSON and JSON Lines objects, see [New].
//
// The parser is strict about structure and escapes and lenient where nothing is
// ambiguous: control characters inside strings and the words NaN, Infinity and
// -Infinity (which Python writes) are taken as they stand.
package json
