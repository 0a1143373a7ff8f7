// Package pretrained holds trained networks by name, in the binary of whoever imports it. The
// folder's README says how each was made.
package pretrained
