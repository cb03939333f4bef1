// Package parquet reads and rewrites Parquet files.
//
// Decode turns every row into one record with the locator "row N". Scalar
// columns become text, nested columns compact JSON. Columns that can hold
// nothing to find (boolean columns that the catalog does not name, and those of
// floating point in which no telephone number can stand) are left out; single records
// are read with all their columns.
//
// Rewrite edits the file the way a surgeon would: row groups and column chunks
// that hold nothing of the edited rows are copied byte for byte, pages without
// an edited row too, and the footer is patched in its own encoding, so that the
// schema, the key-value metadata and everything this package does not know stay
// as they were. In a touched chunk the statistics, the column index and the
// bloom filter go, and dictionary entries that lost their last use are removed,
// so that an erased value stands nowhere in the bytes.
//
// The layers, from below: thrift (compact protocol kept as raw bytes), file and
// schema (the footer), pager and page (pages of a chunk), values and hybrid
// (encodings), stream (rows of a chunk), text and nested (values as text),
// decode, plan, cut and rewrite. Beside them entropy, with align and sequence, writes
// zstd frames; recut, with blocks, unsequence and rewalk, makes one of the frame that a
// page had.
package parquet
