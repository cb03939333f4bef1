package bundle

import "encoding/json"

// ManifestSchema names the form of manifest.json.
const ManifestSchema = "sutra.bundle/1"

const manifestName = "manifest.json"

// Manifest lists what a bundle holds. It is the last entry, and itself not listed.
type Manifest struct {
	Schema    string          `json:"schema"`
	CreatedAt string          `json:"created_at"` // RFC 3339, +05:30
	Tool      string          `json:"tool"`
	Policy    Policy          `json:"policy"`
	Request   string          `json:"request,omitempty"`
	Counts    Counts          `json:"counts"`
	Entries   []ManifestEntry `json:"entries"` // in the order of the zip
	KeyID     string          `json:"key_id,omitempty"`
	Signature []byte          `json:"signature,omitempty"` // over the compact JSON of the manifest without it
}

// Counts sums a bundle up.
type Counts struct {
	Datasets  int   `json:"datasets"`
	Records   int   `json:"records"`
	Files     int   `json:"files"`
	FileBytes int64 `json:"file_bytes"`
	Redacted  int   `json:"redacted"`
	Gaps      int   `json:"gaps"`
}

// ManifestEntry is one file of the bundle.
type ManifestEntry struct {
	Path      string `json:"path"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // hex
	MediaType string `json:"media_type"`
}

// message is what is signed.
func (m Manifest) message() ([]byte, error) {
	m.Signature = nil
	return json.Marshal(m)
}
