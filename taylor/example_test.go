package taylor_test

import (
	"context"
	"fmt"
	"log"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/taylor"
)

// Two coarse-grainings in succession on four variables in two clusters, as in the
// paper's Fig. 4(c): within a cluster x_a + 2 x_b + 3 x_a x_b, and of the two the
// product and the first's square.
func ExampleNet_Expand() {
	net, err := spec.Parse("Input(1,4,1) CG(1,2,1,1,2) CG(1,2,1,1,1)")
	if err != nil {
		log.Fatal(err)
	}
	n, err := taylor.New(net, []float64{
		0, 1, 2, 0, 3, 0, // 1, x1, x2, x1 x1, x1 x2, x2 x2
		0, 0, 0, 1, 1, 0,
	}, taylor.Options{})
	if err != nil {
		log.Fatal(err)
	}
	logits, err := n.Expand(context.Background(), make([]float64, 4), 1000)
	if err != nil {
		log.Fatal(err)
	}
	for k := range n.Degree + 1 {
		fmt.Printf("order %d: %v\n", k, logits[0].Order(k))
	}
	// Output:
	// order 0: 0
	// order 1: 0
	// order 2: x0^2 + 4*x0*x1 + x0*x2 + 2*x0*x3 + 4*x1^2 + 2*x1*x2 + 4*x1*x3
	// order 3: 6*x0^2*x1 + 12*x0*x1^2 + 3*x0*x1*x2 + 6*x0*x1*x3 + 3*x0*x2*x3 + 6*x1*x2*x3
	// order 4: 9*x0^2*x1^2 + 9*x0*x1*x2*x3
}

func ExampleNet_Explain() {
	m, err := model.Load("../pretrained/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	n, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		log.Fatal(err)
	}
	data, err := dataset.Load(context.Background(), "digits", dataset.Options{})
	if err != nil {
		log.Fatal(err)
	}
	e, err := n.Explain(context.Background(), taylor.Mean(m), taylor.Point(data.Test.Image(0)))
	if err != nil {
		log.Fatal(err)
	}
	sum := e.ByOrder[0].Logits[e.Label]
	for _, v := range e.Attribution {
		sum += v
	}
	fmt.Printf("class %s of a polynomial of degree %d\n", m.Classes()[e.Label], n.Degree)
	fmt.Printf("the pixels' shares and the constant differ from the logit by less than 1e-9: %v\n", max(sum-e.Logits[e.Label], e.Logits[e.Label]-sum) < 1e-9)
	// Output:
	// class 1 of a polynomial of degree 4
	// the pixels' shares and the constant differ from the logit by less than 1e-9: true
}

// What a model computes without any image: each coarse-graining, and all second-order
// coefficients against distance.
func ExampleAnalyse() {
	m, err := model.Load("../pretrained/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	data, err := dataset.Digits()
	if err != nil {
		log.Fatal(err)
	}
	a, err := taylor.Analyse(context.Background(), m, taylor.Request{Training: data.Train, Sample: 32, SecondOrder: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range a.Levels {
		fmt.Printf("%s: %.0f %% of the variance is linear\n", l.Op, 100*l.Share[0])
	}
	fmt.Println("weights fall with distance:", a.Study.Falls())
	// Output:
	// CG(2,2,32,2,2): 41 % of the variance is linear
	// CG(2,2,32,2,2): 35 % of the variance is linear
	// weights fall with distance: true
}
