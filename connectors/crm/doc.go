// Package crm connects sutra to the relational database of a CRM.
//
// A collection of the catalog is a table, a row is a record, and its locator is
// the row's primary key ("pk=VALUE"). A unit is an aligned range of row numbers
// ("leads[1,10001)"), so that it keeps its name when the table grows; a table whose
// key is no number is one unit ("leads[,)").
//
// Erasing is one transaction for many units. A row that other rows still refer to
// is emptied instead of deleted (a shell), so no reference breaks and no cascade
// rule ever reaches a row that is not in the plan. A row that is not what the plan
// saw is left alone and told. In SQLite what was erased is also wiped from the pages
// of the file: free space, overflow chains, index pages, statistics and the
// write-ahead log; servers are vacuumed or optimised where that is allowed, and say
// what they keep (see Leftovers).
//
// Everything that is particular to one database product stands behind the interface
// dialect, in files that begin with its name: sqlite, postgres, mysql (which is
// MariaDB, too).
package crm
