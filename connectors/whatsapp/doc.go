// Package whatsapp is the connector for WhatsApp: what the Cloud API posts to a
// webhook, a file or a line a post, and chats that a phone exported.
//
// A message or a status is one record, with the contact entry of its sender,
// which is erased with the last message that it belongs to. Other events
// (preferences, groups, the history, the address book of a phone) are records of
// the collection messages, one a person. A webhook of an unknown kind is a record
// as a whole, so that what stands in it is found.
//
// layout.go takes a post apart into values, value.go a value into records.
package whatsapp
