// Package xlsx reads and rewrites Office Open XML workbooks (.xlsx, .xlsm).
//
// In each worksheet the first row with a value is the header; the rows below it
// are records, locator "row N" counted from the header, and "sheet K row N" in
// the K-th worksheet from the second on. Hidden sheets are read too.
//
// A workbook is rewritten the way a surgeon would: a row that goes is cut out of
// the bytes of its worksheet, and no other row is renumbered, for formulas,
// merged cells, tables and formats of others point at row numbers; a row that is
// missing is valid. Texts stand in one table for the whole workbook, so a text
// that no cell uses any more is emptied there, and every other part of the
// package is copied as it is.
//
// pkg.go opens the package, texts.go and styles.go read its tables, sheet.go a
// worksheet, codec.go and rewrite.go do the work.
package xlsx
