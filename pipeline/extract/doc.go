// Package extract turns batches of records into sightings: it normalises
// identifiers, finds them in free text, in URLs and inside JSON, and tells in
// which role each stands. It is pure: values in, values out; the same code that
// finds an identifier also finds the place to redact it (see [Redactor]) or to
// mask it (see [Masker]).
//
// Rules that come from outside: phone numbers follow ITU-T E.164 with India as
// the default country; the shapes of message ids and cookies are those of their
// vendors; what may never join people follows the merge protection of the
// project's identity rules.
package extract
