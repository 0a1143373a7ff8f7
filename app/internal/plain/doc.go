// Package plain makes texts of any origin safe to show: on a terminal, in a page, in a table
// of columns, and as a file's name.
//
// Names of classes, data sets, files and layers come from files that anybody may have written.
// Control characters in them could forge lines, recolour the terminal or turn the direction of
// what follows. They are shown as escapes, as JSON writes them.
package plain
