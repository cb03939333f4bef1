// Package world builds the demo's world: a synthetic CRM company whose personal
// data lie where such data really lie, with everything that was planted written
// down beside it. It also judges that world: it decodes every place by its own
// readers, never by sutra's connectors, and says after a run which planted copy
// was missed and which stranger's record was touched.
//
// Words: a copy is one record of one person in one place; a token is a word
// ("kx" and ten letters) that stands in a free text field of one copy and
// nowhere else, so that a person's words can be traced as well as her
// identifiers; a host is a record of somebody else that mentions her.
//
// Build writes, people streamed one after another and files written append-wise:
//
//	sutra.yaml crm.yaml exports.yaml analytics.yaml imports.yaml   configuration
//	crm.db                                                         SQLite CRM
//	recordings/ACCOUNT/...                                         audio and sidecars
//	analytics/ACCOUNT/events_YYYYMMDD.parquet                      nested events
//	exports/{leads,calls,visits}_export/...                        CSV, JSONL.gz, Parquet
//	imports/drop/*.json                                            arrays of leads
//	truth/{world.json,people.ndjson,copies.ndjson}                 what was planted
//
// All persons are synthetic. The same options give the same bytes (for crm.db:
// the same rows).
package world
