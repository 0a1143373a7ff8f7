// Package report writes what a training run came to as one HTML file, and
// draws charts in the house style.
//
// A report needs nothing but itself: style, charts (SVG) and pictures (PNG) are
// within the file, and there is no script. It says nothing of when or where it
// was written, so equal runs give equal reports.
package report
