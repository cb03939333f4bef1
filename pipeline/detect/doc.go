// Package detect finds out from a sample of values what a column holds. It is
// pure: values and a name in, findings out, and a finding never carries a value.
//
// The order is that of published scanners: a value has a shape, a validator
// confirms or drops it, the words of the column's name add context, the share of
// the sample that passes gives the verdict. What a check is worth is counted in
// powers of ten: how unlikely it is that a value which is something else passes
// (an e-mail address by its shape, one Aadhaar number in ten random ones, four of
// ten ten-digit numbers as a mobile number). Values that repeat count once.
//
// A name alone says little: it ends at medium confidence, and booleans, dates and
// counters are never personal by their name. Context counts as whole words.
// Patterns hold for the whole value; only inside text are they searched for.
//
// The shapes of Indian identifiers are those their issuers publish: UIDAI
// (Verhoeff's check digit), the Income Tax Department, GSTN, the Election
// Commission, NPCI; telephone numbers follow ITU-T E.164.
package detect
