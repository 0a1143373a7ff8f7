// Package drawing finds the drawing in a picture of paper, a screen or a board, and puts
// it into an image as the images of a data set such as MNIST were made: light strokes on
// a black ground, scaled into a box and centred by their mass.
//
// The ground may be of any brightness and colour, unevenly lit, framed, lined or
// textured. Ink is what stands out from its surroundings, and is narrower than them.
// A sheet of paper that lies on a table is looked at alone. Specks, frames and rules are
// not part of the drawing and do not move the box.
package drawing
