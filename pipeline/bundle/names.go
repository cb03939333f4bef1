package bundle

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of names, in bytes. They leave room for a folder in front.
const (
	maxSegment = 120
	maxName    = 200
)

// reserved are the device names of Windows, under which no file can be made.
var reserved = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}

func init() {
	for _, n := range "123456789" {
		reserved["com"+string(n)], reserved["lpt"+string(n)] = true, true
	}
}

// cleanName makes a relative path that is safe to unpack anywhere out of any
// text: no "..", no root, no drive, no control or direction characters, NFC, and
// of limited length. Unicode stays. It is never empty.
func cleanName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	var parts []string
	for _, s := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if s = cleanSegment(s); s != "" {
			parts = append(parts, s)
		}
	}
	total := -1
	for i := len(parts) - 1; i >= 0; i-- {
		if total += len(parts[i]) + 1; total > maxName {
			parts = parts[i+1:]
			break
		}
	}
	if len(parts) == 0 {
		return "file"
	}
	return strings.Join(parts, "/")
}

func cleanSegment(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r == 0x7f, strings.ContainsRune(`<>:"|?*`, r), unicode.Is(unicode.Cf, r) && r != 0x200C && r != 0x200D:
			return '_' // joiners stay: Indian scripts need them
		case unicode.Is(unicode.Cc, r), r == 0x2028, r == 0x2029:
			return '_'
		}
		return r
	}, s)
	s = strings.TrimLeft(s, " ")
	s = strings.TrimRight(s, ". ")
	s = shorten(s, "", maxSegment)
	s = strings.TrimRight(s, ". ")
	stem, _, _ := strings.Cut(s, ".")
	if reserved[strings.ToLower(strings.TrimSpace(stem))] {
		s = "_" + s
	}
	return s
}

// shorten puts suffix before the extension of s and cuts the stem so that the
// whole has at most limit bytes.
func shorten(s, suffix string, limit int) string {
	ext := path.Ext(s)
	if len(ext) > 16 || len(ext) == len(s) {
		ext = ""
	}
	stem := s[:len(s)-len(ext)]
	cut := limit - len(ext) - len(suffix)
	if len(stem) > cut {
		for cut > 0 && !utf8.RuneStart(stem[cut]) {
			cut--
		}
		stem = stem[:cut]
	}
	return stem + suffix + ext
}

// nameSet is the names taken in recordings/. Case does not count, for there are
// file systems where it does not.
type nameSet struct {
	files   map[string]bool
	folders map[string]bool
	next    map[string]int // the number to try next for a name that was taken
}

func newNameSet() nameSet {
	return nameSet{map[string]bool{}, map[string]bool{}, map[string]int{}}
}

func fold(s string) string { return norm.NFC.String(strings.ToLower(s)) }

// reserve makes a clean name that differs from all others and takes it. Neither
// is a file ever the folder of another.
func (n nameSet) reserve(name string) string {
	dir, base := path.Split(cleanName(name))
	folder := ""
	for _, d := range strings.FieldsFunc(dir, func(r rune) bool { return r == '/' }) {
		folder = n.free(folder, d, func(key string) bool { return n.files[key] })
		n.folders[fold(folder)] = true
		folder += "/"
	}
	name = n.free(folder, base, func(key string) bool { return n.files[key] || n.folders[key] })
	n.files[fold(name)] = true
	return name
}

// free returns the first of "base", "base (2)", "base (3)", ... that is not taken.
func (n nameSet) free(folder, base string, taken func(key string) bool) string {
	name := folder + base
	first := fold(name)
	for k := max(n.next[first], 2); taken(fold(name)); k++ {
		name = folder + shorten(base, fmt.Sprintf(" (%d)", k), maxSegment+12)
		if taken(fold(name)) {
			continue
		}
		n.next[first] = k
	}
	return name
}

// mediaTypes maps extensions to media types. The host's own table is not asked,
// so that a bundle does not depend on the machine.
var mediaTypes = map[string]string{
	".json": "application/json", ".csv": "text/csv; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".md": "text/markdown; charset=utf-8", ".html": "text/html; charset=utf-8", ".xml": "application/xml",
	".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".oga": "audio/ogg",
	".m4a": "audio/mp4", ".aac": "audio/aac", ".amr": "audio/amr", ".flac": "audio/flac", ".webm": "video/webm",
	".mp4": "video/mp4", ".3gp": "video/3gpp", ".mov": "video/quicktime",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp",
	".vcf": "text/vcard; charset=utf-8", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func mediaType(name string) string {
	if t := mediaTypes[strings.ToLower(path.Ext(name))]; t != "" {
		return t
	}
	return "application/octet-stream"
}

// compressible reports whether deflating a file is worth the time.
func compressible(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".wav", ".amr", ".pdf":
		return true
	}
	t := mediaType(name)
	return strings.HasPrefix(t, "text/") || t == "application/json" || t == "application/xml"
}
