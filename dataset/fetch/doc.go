// Package fetch downloads the known data sets of package dataset from where they are
// published. It stands apart so that a program that only reads data carries no HTTP.
package fetch
