// Package pipeline is the batch jobs of sutra: scan, where, access, erase,
// retain, apply, verify. A [Site] is everything a job works with; each job is one
// method that takes plain options, reports what it finds line by line to a
// [Sink], and returns a summary.
package pipeline
