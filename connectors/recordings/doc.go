// Package recordings is the connector for folders of call recordings: audio
// objects whose names say who was on the phone and when, and the JSON files
// beside them (sidecars) that some recorders write, and transcripts that are no JSON.
//
// Every audio object is one record of the collection "calls"; its content is
// never read at a scan. Every call entry of a sidecar is one record of the
// collection "sidecars". The two meet through their stem, the key without its
// extension, which both carry as a link of the kind "DATASET.recording"; nothing
// is joined in memory. A sidecar of a conference carries it in the role "member",
// so that one caller does not lead to the others through the shared audio.
package recordings
