package drawing_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/coarsegrain/taylornet/dataset/drawing"
)

// A dark bar on grey paper becomes a light one on black, as MNIST has its digits.
func Example() {
	paper := image.NewGray(image.Rect(0, 0, 300, 200))
	draw.Draw(paper, paper.Rect, image.NewUniform(color.Gray{Y: 180}), image.Point{}, draw.Src)
	draw.Draw(paper, image.Rect(60, 30, 80, 150), image.NewUniform(color.Gray{Y: 20}), image.Point{}, draw.Src)
	d := drawing.Find(paper, drawing.Form{H: 28, W: 28, Box: 20})
	fmt.Println(d.Found, "drawing, dark:", d.Dark, "in", d.Box)
	fmt.Println("in the middle", d.Pixels[14*28+14], "beside it", d.Pixels[14*28+20])
	// Output:
	// 1 drawing, dark: true in (60,30)-(80,150)
	// in the middle 255 beside it 0
}
