// Package vcard reads and rewrites files of contact cards: vCard 2.1, 3.0 and
// 4.0, any number of cards in one file, in UTF-8 or UTF-16.
//
// One card is one record, locator "card N" from 1; a card inside an AGENT
// property belongs to the card around it. A column holds the values of all
// properties that go by its name, with " ::: " between them; the components of a
// name, an address and an organisation are joined by spaces. What no field of the
// catalog takes is in the last column, [RestColumn]. Bytes (a picture, a sound, a
// key) are never handed on: a marker of their type and length stands for them.
//
// Parameters that say how a value is written are left out; any other parameter
// (a label, a sort string, a user name) is in the rest, as "property;parameter".
//
// What cannot be read is a gap at "line N", the physical line from 1: a card that
// is never closed or has more than 16 MiB, a line without a colon (its text is
// in the rest, as "line"), a value that breaks its own encoding, text outside the
// cards, properties of one card beyond 50,000. All of it is kept by a rewrite, but for what an edit asks to go.
package vcard
