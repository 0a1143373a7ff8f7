package distill

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/model"
)

// Rule says how images are compared with references.
type Rule struct {
	// Similarity is cosine, of two embeddings, for several models the mean of
	// theirs; or euclidean, less the distance of the two.
	Similarity string `json:"similarity"`
	// Choice is nearest, the class of the most similar reference; mean, the class
	// whose references are most similar on average; or soft, between the two, by
	// the sums of exp(20 similarity), as targets are refined.
	Choice string `json:"choice"`
}

// DefaultRule is soft, by the cosine.
func DefaultRule() Rule { return Rule{Similarity: similarities[0], Choice: choices[0]} }

// The names that Rule's strings take, the default first.
var (
	similarities = []string{"cosine", "euclidean"}
	choices      = []string{"soft", "nearest", "mean"}
)

// Validate reports every name that is not known.
func (r *Rule) Validate() error {
	return check.All(check.OneOf("similarity", r.Similarity, similarities), check.OneOf("choice", r.Choice, choices))
}

// Classifier classifies images by their similarity to references. It is safe for
// concurrent use.
type Classifier struct {
	References *References

	rule     Rule
	nets     Ensemble
	products engine.Program[float32] // of embeddings with refs
	refs     []float32               // [R,dim], embeddings or their directions
	dim      int
}

// NewClassifier makes a classifier of references and the first of the models that
// they were made with, or all. Another model is an error that wraps ErrModel.
func NewClassifier(r *References, models []*model.Model, rule Rule, workers int) (*Classifier, error) {
	if err := r.check(models); err != nil {
		return nil, err
	}
	nets, err := NewEnsemble(models, r.Set, r.Config.Layer, workers)
	if err != nil {
		return nil, err
	}
	return classifierWith(r, nets, rule, workers)
}

// classifierWith makes a classifier of references that these networks embed.
func classifierWith(r *References, nets Ensemble, rule Rule, workers int) (*Classifier, error) {
	if err := rule.Validate(); err != nil {
		return nil, err
	}
	c := &Classifier{References: r, rule: rule, nets: nets, dim: nets.Dim()}
	if c.dim > r.Dim() {
		return nil, fmt.Errorf("the references have embeddings of %d values, the models of %d", r.Dim(), c.dim)
	}
	for i := range r.Len() {
		c.refs = append(c.refs, r.Embeddings[i*r.Dim():][:c.dim]...)
	}
	if rule.Similarity == "cosine" {
		nets.normalise(c.refs)
	}
	var err error
	c.products, err = products(c.refs, make([]float32, r.Len()), workers)
	return c, err
}

// Answer is what references say of one image.
type Answer struct {
	Label int
	// Similarity is that of the class: to its nearest reference, or a mean to all
	// of it.
	Similarity float64
	// Nearest is the reference with the largest similarity.
	Nearest int
	// Similarities are those to all references, [R].
	Similarities []float64

	embedding []float32
}

// Ranked lists the references, the most similar first.
func (a *Answer) Ranked() []int {
	order := make([]int, len(a.Similarities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(a.Similarities[j], a.Similarities[i]) })
	return order
}

// Classify classifies a picture of any size and colour, prepared as the
// first model does.
func (c *Classifier) Classify(img image.Image) (Answer, error) {
	pixels, _, err := c.nets[0].Model.Pixels(img)
	if err != nil {
		return Answer{}, err
	}
	set := dataset.Set{H: c.References.Set.H, W: c.References.Set.W, C: c.References.Set.C, Pixels: pixels, Labels: make([]uint16, 1)}
	a := c.answers(c.embed(set.All()))[0]
	if math.IsNaN(a.Similarity) || math.IsInf(a.Similarity, 0) {
		return a, model.ErrNotFinite
	}
	return a, nil
}

// answers compares embedded images, [N,dim], with the references.
func (c *Classifier) answers(embedded []float32) []Answer {
	out := make([]Answer, len(embedded)/c.dim)
	at := func(i int) []float32 { return embedded[i*c.dim:][:c.dim] }
	c.products.Run(len(out), func(i int, x []float32) { copy(x, at(i)) }, func(i int, y []float32) { out[i] = c.answer(at(i), y) })
	return out
}

// answer is of an embedding and its products with the references'.
func (c *Classifier) answer(embedding, products []float32) Answer {
	set := c.References.Set
	a := Answer{Similarities: make([]float64, set.Len()), embedding: embedding}
	for r, product := range products {
		a.Similarities[r] = float64(product) / float64(len(c.nets))
		if c.rule.Similarity == "euclidean" { // not of products, which would cancel
			a.Similarities[r] = c.similarity(embedding, c.refs[r*c.dim:][:c.dim])
		}
		if a.Similarities[r] > a.Similarities[a.Nearest] {
			a.Nearest = r
		}
	}
	a.Label, a.Similarity = int(set.Labels[a.Nearest]), a.Similarities[a.Nearest]
	if c.rule.Choice != "nearest" {
		a.Label, a.Similarity = c.mean(a.Similarities)
	}
	return a
}

// mean returns the class with the largest mean similarity, and that.
func (c *Classifier) mean(similarities []float64) (label int, similarity float64) {
	set, most := c.References.Set, slices.Max(similarities)
	sum, count := make([]float64, len(set.Classes)), make([]float64, len(set.Classes))
	for r, s := range similarities {
		if c.rule.Choice == "soft" {
			s = math.Exp(refineScale * (s - most)) // of large distances none is left without most
		}
		sum[set.Labels[r]] += s
		count[set.Labels[r]]++
	}
	best := math.Inf(-1)
	for k, n := range count {
		if mean := sum[k] / n; n > 0 && !(mean <= best) {
			label, best = k, mean
		}
	}
	if c.rule.Choice == "soft" {
		return label, most + math.Log(best)/refineScale
	}
	return label, best
}

// similarity compares two embeddings, or their directions.
func (c *Classifier) similarity(a, b []float32) float64 {
	if c.rule.Similarity == "euclidean" {
		return -math.Sqrt(squareDistance(a, b))
	}
	return dot(a, b) / float64(len(c.nets))
}

// Behind returns the positions, in the training split, of the images behind a
// reference that are most like the image of an answer, n at most: down the tree,
// what the reference was made of.
func (c *Classifier) Behind(a *Answer, reference int, train *dataset.Set, n int) ([]int32, error) {
	if train.Fingerprint() != c.References.Fingerprint {
		return nil, fmt.Errorf("the references were made of other images than %s", train.Name)
	}
	positions := c.References.Behind(reference)
	embedded := c.embed(train.All().Only(positions))
	like := make(map[int32]float64, len(positions))
	for i, at := range positions {
		like[at] = c.similarity(a.embedding, embedded[i*c.dim:][:c.dim])
	}
	slices.SortStableFunc(positions, func(i, j int32) int { return cmp.Compare(like[j], like[i]) })
	return positions[:min(n, len(positions))], nil
}

// embed is the embeddings of images, or their directions.
func (c *Classifier) embed(images dataset.Subset) []float32 {
	if c.rule.Similarity == "euclidean" {
		return c.nets.Embed(images)
	}
	return c.nets.directions(images)
}

// Evaluation is how references do on labelled images.
type Evaluation struct {
	Correct, Total int
	Confusion      [][]int // [K][K] counts, by true class, then by predicted
	// ByReference has counts [K][R], by true class, then by the most similar
	// reference.
	ByReference [][]int
}

// Accuracy is the part of the images that was classified correctly, 0 to 1.
func (e *Evaluation) Accuracy() float64 { return float64(e.Correct) / float64(max(1, e.Total)) }

// Evaluate classifies images and compares with their labels.
func (c *Classifier) Evaluate(images dataset.Subset) (*Evaluation, error) {
	list, err := evaluate([]*Classifier{c}, images)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// evaluate evaluates classifiers that share networks and rule on the same images,
// which are embedded once.
func evaluate(classifiers []*Classifier, images dataset.Subset) ([]*Evaluation, error) {
	if err := classifiers[0].nets[0].Model.CheckFits(images.Set); err != nil {
		return nil, err
	}
	var list []*Evaluation
	for _, c := range classifiers {
		list = append(list, newEvaluation(len(c.References.Set.Classes), c.References.Len()))
	}
	const atOnce = 4096 // bounds the memory of embeddings
	for first := 0; first < images.Len(); first += atOnce {
		some := dataset.Subset{Set: images.Set, Index: images.Index[first:min(first+atOnce, images.Len())]}
		embedded := classifiers[0].embed(some)
		for i, c := range classifiers {
			list[i].add(some, c.answers(embedded))
		}
	}
	return list, nil
}

func newEvaluation(classes, references int) *Evaluation {
	e := &Evaluation{Confusion: make([][]int, classes), ByReference: make([][]int, classes)}
	for k := range classes {
		e.Confusion[k], e.ByReference[k] = make([]int, classes), make([]int, references)
	}
	return e
}

// add counts answers about images.
func (e *Evaluation) add(images dataset.Subset, answers []Answer) {
	e.Total += len(answers)
	for i, a := range answers {
		label := images.Label(i)
		e.Confusion[label][a.Label]++
		e.ByReference[label][a.Nearest]++
		if a.Label == label {
			e.Correct++
		}
	}
}
