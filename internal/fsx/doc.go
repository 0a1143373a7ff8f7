// Package fsx writes files atomically and fetches files checked.
//
// WriteFile leaves either the old file or the new one, whole, whatever fails
// and whenever the process dies; it works through the interface FS so that
// tests can fail each call. Fetch downloads over HTTP from mirrors, resumes
// where it was cut, and puts a file in place only when its content has the
// expected checksum.
package fsx
