// Package models holds trained networks, in the binary of whoever imports it. The
// folder's README says how each was made.
package models
