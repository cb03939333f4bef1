// Package audit keeps the evidence of what sutra did, in three kinds of file:
//
//   - [Log]: the tamper-evident, append-only log of events. Every entry carries
//     the hash of the one before it, and a Merkle tree head over all entries is
//     signed after each append.
//   - [Journal]: one file a plan, which says how far each step of it came, so
//     that an apply that was killed anywhere can be run again.
//   - [Certificate]: the signed statement of what was erased, with no personal
//     data in it, or a [Report] where the erasure was not complete.
//
// The package takes plain data. The clock, the signing key and the sealing of
// locators are passed in by the caller. Log entries and certificates hold counts,
// ids and keyed tokens only; a value that looks like an e-mail address or a
// telephone number is refused with [ErrPersonal].
//
// What is signed here proves that the files were not changed by somebody without
// the key. It cannot prove by itself that the whole folder was not put back to an
// older state; certificates therefore carry an [Anchor] into the log, and
// [Log.Verify] checks the log against the anchors it is given.
package audit
