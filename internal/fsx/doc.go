// Package fsx writes files atomically, checks what they hold, and gives a folder to one
// writer at a time.
//
// WriteFile leaves either the old file or the new one, whole, whatever fails and
// whenever the process dies. It works through the interface FS, so that tests can
// make each call fail.
package fsx
