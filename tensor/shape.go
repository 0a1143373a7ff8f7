package tensor

import "fmt"

// Shape is the shape of one feature map, [H,W,C]: the lattice H x W with C
// channels at each site.
type Shape struct{ H, W, C int }

// Size returns the number of values, H*W*C: the degrees of freedom at this scale.
func (s Shape) Size() int { return s.H * s.W * s.C }

// String writes the shape as [H,W,C].
func (s Shape) String() string { return fmt.Sprintf("[%d,%d,%d]", s.H, s.W, s.C) }
