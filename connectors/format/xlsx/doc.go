// Package xlsx reads and rewrites Office Open XML workbooks (.xlsx, .xlsm).
//
// In each worksheet the first row with a value is the header; the rows below it
// are records, locator "row N" counted from the header, and "sheet K row N" in
// the K-th worksheet from the second on. Blank rows count and are none. Hidden
// sheets are read too. A cell is its stored value: a number in plain digits, one
// with a date format as 2006-01-02 15:04:05 (15:04:05 alone before day one), a
// truth value as TRUE or FALSE, a formula as what it gave last.
//
// What hangs on a cell stands in the last column, [RestColumn]: comments, threads
// of comments, links, and formulas with a text in them that may name somebody. A
// row without a value that has one of these is a record as well. Parts that are
// not read and may hold personal data (pivot caches, embedded files, pictures,
// defined names that stand for a text...) are gaps; so are addresses and numbers in the names of
// authors and sheets, and in headers or footers of printed pages. Names of people there are neither.
//
// A workbook is rewritten the way a surgeon would: a row that goes is cut out of
// the bytes of its worksheet, and no other row is renumbered, for formulas, merged
// cells, tables and formats of others point at row numbers. A row that is missing
// is valid, and so locators are stable. Where rows have no number of their own an
// empty one takes the place. The one thing that stays of a row is a formula that
// cells of other rows share, without its value. Texts stand in one table for the
// whole workbook: there a text that no cell uses any more is emptied. What
// programs keep as copies of a cell goes with it: its link, the value of a filter
// or in the cache of a chart. The order of calculation is left out, programs make
// it anew. Every other part is copied as it is.
//
// book.go opens the package, scan.go reads XML, texts.go, styles.go, unread.go and
// extras.go (what hangs on cells) the parts around the cells, sheet.go and cell.go
// a worksheet, codec.go and columns.go make records. plan.go says what becomes of
// them, redact.go of one of them, scraps.go of its copies, and rewrite.go writes
// the package.
package xlsx
