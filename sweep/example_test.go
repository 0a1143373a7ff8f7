package sweep_test

import (
	"context"
	"fmt"
	"os"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// Two learning rates with three seeds each.
func Example() {
	dir, err := os.MkdirTemp("", "sweep")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	settings := train.Recipe("digits")
	settings.Net = "Input(8,8,1) CG(2,2,1,2,2) Linear(10)"
	settings.Epochs = 2
	plan := &sweep.Plan{Data: "digits", Seed: 1, Seeds: 3}
	for _, rate := range []float64{0.0001, 0.01} {
		settings.Rate = rate
		if err := plan.Add(fmt.Sprint("rate ", rate), dataset.Size{}, settings); err != nil {
			fmt.Println(err)
			return
		}
	}
	load := sweep.Load(func(ctx context.Context, name string, size dataset.Size) (*dataset.Data, error) {
		return dataset.Load(ctx, name, dataset.Options{Size: size})
	})
	results, err := sweep.Run(context.Background(), plan, sweep.Options{Dir: dir, Load: load.Once(), Parallel: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	second := results.Variations[1]
	fmt.Println(second.Name, "is better:", second.Difference.Mean > 0, "in", len(second.Runs), "runs")
	// Output: rate 0.01 is better: true in 3 runs
}
