package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"testing/fstest"

	"github.com/coarsegrain/taylornet/dataset"
)

// A folder with parts, and what was read of it.
func ExampleReadFolder() {
	folder := fstest.MapFS{"README.txt": {Data: []byte("my pets")}}
	for i, name := range []string{"train/cat/1", "train/dog/1", "val/cat/1", "val/dog/1", "ox/1"} {
		img := image.NewGray(image.Rect(0, 0, 2, 1))
		img.Pix[0] = uint8(1 + i)
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			fmt.Println(err)
			return
		}
		folder[name+".png"] = &fstest.MapFile{Data: file.Bytes()}
	}
	data, err := dataset.ReadFolder(context.Background(), folder, dataset.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Train.Classes, data.Train.Len(), data.Test.Len())
	for _, l := range data.Read.LeftOut {
		fmt.Printf("left out: %s: %s\n", l.Name, l.Reason)
	}
	fmt.Println(data.Read.Notes[0])
	// Output:
	// [cat dog] 2 2
	// left out: ox: beside the folders for training and testing
	// left out: README.txt: a file outside the class folders
	// train is for training, val for testing, since there is no other folder for that
}
