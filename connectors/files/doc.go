// Package files is the connector for exports of any shape that the user's
// catalog describes: CSV, TSV, JSON, JSON lines, Parquet, Excel workbooks and
// contact cards, plain or packed with gzip or zstd.
//
// An object belongs to the first collection of the catalog that has a glob
// matching its key. In a glob "*" stands for anything but "/", "**" for anything,
// "**/" also for nothing, "?" for one character. Without a path a collection NAME
// has the globs NAME/** and NAME.*. The format follows from the extension.
//
// A collection that declares a field "key" gets the object's key in it, in every
// record that has no value of its own there.
package files
