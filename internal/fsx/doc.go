// Package fsx writes files atomically, and downloads and checks files.
//
// WriteFile leaves either the old file or the new one, whole, whatever fails and
// whenever the process dies. It works through the interface FS, so that tests can
// make each call fail. Fetch downloads over HTTP from mirrors, resumes partial
// downloads, and puts a file in place only if its content has the expected
// checksum.
package fsx
