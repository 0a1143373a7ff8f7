package distill_test

import (
	"context"
	"fmt"
	"log"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/model"
)

// Ten reference images stand for the 1,294 that the model was trained on.
func Example() {
	m, err := model.Load("../pretrained/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	digits, err := dataset.Load(context.Background(), "digits", dataset.Options{})
	if err != nil {
		log.Fatal(err)
	}
	settings := distill.Recipe(distill.Similarity, "digits", 100)
	settings.PerClass, settings.Steps = []int{8, 1}, []int{10, 40}
	models := []*model.Model{m}
	levels, err := distill.Run(context.Background(), settings, models, digits.Train, distill.Options{})
	if err != nil {
		log.Fatal(err)
	}
	references := levels[len(levels)-1]
	classifier, err := distill.NewClassifier(references, models, distill.ClassifierOptions{})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := classifier.Classify(digits.Test.Picture(0))
	if err != nil {
		log.Fatal(err)
	}
	behind := references.Behind(answer.Nearest)
	evaluation, err := classifier.Evaluate(context.Background(), digits.Test.All())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a %s, like the reference image that stands for %d training images\n", digits.Test.Classes[answer.Label], len(behind))
	fmt.Printf("%d references, more than 90 %% of the test images right: %v\n", references.Len(), evaluation.Accuracy > 0.9)
	// Output:
	// a 1, like the reference image that stands for 134 training images
	// 10 references, more than 90 % of the test images right: true
}
