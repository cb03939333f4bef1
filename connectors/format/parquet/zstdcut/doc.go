// Package zstdcut edits what a zstd frame holds without compressing it again.
//
// Compressing is looking for matches, and a frame already says where they are.
// Cut takes a frame, its content and the parts of the content that are to go or
// to be replaced, and writes a frame of the edited content: blocks before the
// first edit are copied; in the others the sequences are read, those whose match
// reaches over an edit get another distance or become literals, and they are
// written again with the tables that the frame brings. Only blocks that an edit
// touches get new literals.
//
// It knows the frames that writers of files make: one frame, without a
// dictionary. Everything else is an error, and the caller compresses anew. The
// format is that of RFC 8878.
package zstdcut
