// Package ctxtest has a context that ends at any place of a piece of work, for tests.
package ctxtest
