// Package yamltree reads the YAML files that people write for sutra
// (configuration, catalogs, policy) into a plain tree in which every key and
// value knows its line, so that mistakes are reported where they stand.
//
// Anchors, aliases and merge keys are resolved while reading; the size and the
// depth of the result are bounded, so no input can exhaust memory or the stack.
package yamltree
