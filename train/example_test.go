package train_test

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

// Training from Go: load a data set, take its recipe, run.
func Example() {
	digits, err := dataset.Load(context.Background(), "digits", dataset.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	settings := train.Recipe("digits")
	settings.Epochs = 10
	result, err := train.Run(context.Background(), settings, digits, train.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("more than 95 % right on the test images:", result.Test.Accuracy() > 0.95)
	// Output: more than 95 % right on the test images: true
}
