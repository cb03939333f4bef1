// Package connectortest is the one conformance suite that every connector
// passes ([Run]), and a wrapper that makes a source fail in chosen ways
// ([Faulty]). It is imported by tests only.
package connectortest
