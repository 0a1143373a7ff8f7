// Package models holds trained networks, in the binary of whoever imports it. How
// each was made, and what it is good for, stands on its card, the file NAME.md.
package models
