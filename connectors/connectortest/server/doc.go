// Package server starts real servers for tests and the demo: an S3 server, a
// PostgreSQL and a MariaDB, each on 127.0.0.1 at a free port, with its files in a
// folder of the caller's, and stops them again. Nothing outlives the caller: a
// server ends when its Stop is called, and with the process that started it.
package server
