// Package bundle writes the access bundle: one zip that holds the copy of a
// person's data, what is done with it, and proof of both.
//
//	00_README.txt    how to read it
//	01_summary.md    one or two pages for the person
//	data/            every record, as JSON and as CSV, one pair a dataset
//	recordings/      audio and attachments as they are stored
//	02_ to 05_*.json processing, recipients, retention, rights
//	*.json           coverage, redactions, dictionary
//	manifest.json    path, size, SHA-256 and media type of all that, signed
//
// Memory does not grow with the bundle. Tables and files are compressed as they
// come into spool files beside the output, each enciphered under a random key
// that is never stored, so what a crash leaves behind is noise. The bundle
// appears under its name only when it is complete and synced; until then, and
// after any failure, there is nothing under that name.
//
// Equal input gives equal bytes (unless the bundle is encrypted to a recipient):
// entries have fixed times and a fixed order.
//
// The package takes plain data; masking other people is the caller's task.
package bundle
