// Package all is the list of the connectors in this build. Only the program and
// tests import it.
package all
