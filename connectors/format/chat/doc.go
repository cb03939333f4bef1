// Package chat reads and rewrites WhatsApp chats that a phone exported: the text
// file, or the zip archive that holds it with the media.
//
// A message with the lines that continue it is one record, locator "line N": the
// line of its header, from 1. The header differs between phones and languages; the
// first message of a file decides which one the file has, and the largest
// numbers in all its dates decide whether the day or the month comes first. What
// was decided is in the column "date_order" of every record, and so is that it was
// assumed where every date fits both.
//
// Whose conversation a file is: when it is named after a telephone number it is a
// chat with that one person, who is the column "partner" of every record, and
// anybody else who writes in it is her "mention_author". In any other chat every
// writer is the "author" of what she wrote.
//
// In an archive the texts beside the chat, and the files with a number or an address in
// their name, are records as well, locator "file N": they mention whoever stands in them.
//
// title.go reads the file's name, header.go one line, survey.go a whole file
// before anything of it is handed on, message.go cuts it into messages, codec.go,
// zip.go and beside.go do the work.
package chat
