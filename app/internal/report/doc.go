// Package report writes the results of a command as one HTML file, and draws charts in
// the house style.
//
// A report is complete in itself: style, charts (SVG) and pictures (PNG) are
// within the file, and there is no script. It does not say when or where it
// was written, so that equal results give equal reports.
package report
