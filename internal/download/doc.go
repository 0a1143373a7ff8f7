// Package download fetches files over HTTP from mirrors. It resumes partial downloads,
// and puts a file in place only if its content is right.
package download
