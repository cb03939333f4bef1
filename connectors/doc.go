// Package connectors is the port between sutra and the systems that hold
// personal data. Every source of records — a database, a folder of audio files,
// an export — is a [Source] that lists its [Unit]s and reads one unit as Arrow
// batches. Sources that can do more also implement [Picker] (read given records
// only), [Fetcher] (the raw bytes of a media object) and [Eraser] (delete or
// rewrite given records).
//
// What a column means travels with it: the schema of a batch carries, in Arrow
// field metadata, the data categories, the identity kind and the role of every
// column (see [ArrowField] and [FieldOf]), so the code that extracts
// identifiers knows no connector.
//
// The glossary is that of the project: source, dataset, unit, record, ref,
// locator, identifier, gap. This package imports Arrow and the standard
// library, nothing else.
package connectors
