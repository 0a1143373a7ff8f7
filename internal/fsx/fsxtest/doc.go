// Package fsxtest has a file system that fails on demand, for tests.
package fsxtest
