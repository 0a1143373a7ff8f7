package distill

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/model"
)

// Rule says how images are compared with references. The zero Rule is the default.
type Rule struct {
	// Similarity is cosine, the default, or euclidean, minus the distance. The cosine
	// of several models is the mean of theirs.
	Similarity string `json:"similarity"`
	// Choice is the class that is chosen. nearest is that of the most similar
	// reference, mean that whose references are most similar on average. soft, the
	// default, is between the two: it compares the means of exp(20 similarity).
	Choice string `json:"choice"`
}

// The values of Rule's strings, the default first.
var (
	similarities = []string{"cosine", "euclidean"}
	choices      = []string{"soft", "nearest", "mean"}
)

// withDefaults returns the rule with the defaults filled in.
func (r Rule) withDefaults() Rule {
	return Rule{cmp.Or(r.Similarity, similarities[0]), cmp.Or(r.Choice, choices[0])}
}

// Validate returns an error about values that are not known.
func (r Rule) Validate() error {
	r = r.withDefaults()
	return check.All(check.OneOf("similarity", r.Similarity, similarities), check.OneOf("choice", r.Choice, choices))
}

// Classifier classifies images by their similarity to references. It is safe for
// concurrent use.
type Classifier struct {
	References *References

	rule     Rule
	nets     ensemble
	products engine.Program[float32] // of embeddings with refs
	refs     []float32               // [R,dim], embeddings or their directions
	dim      int
}

// ClassifierOptions say how a classifier compares images with references.
type ClassifierOptions struct {
	Rule    Rule
	Workers int // 0 means one per CPU
	// Memory is the number of bytes that the classifier and its work may hold; 0 means
	// that of the first model.
	Memory int64
	// Reembed embeds the references by the models given, which may differ from those
	// that the references were made with.
	Reembed bool
}

// NewClassifier returns a classifier that embeds images by the first of the models
// that the references were made with, or by all of them. For any other model it returns
// an error that wraps ErrModel, unless opts.Reembed is set.
func NewClassifier(r *References, models []*model.Model, opts ClassifierOptions) (*Classifier, error) {
	if !opts.Reembed {
		if err := r.check(models); err != nil {
			return nil, err
		}
	}
	if opts.Memory == 0 && len(models) > 0 {
		opts.Memory = models[0].Memory()
	}
	nets, err := newEnsemble(models, r.Set, r.Config.Layer, engine.Options{Workers: opts.Workers, Memory: opts.Memory})
	if err != nil {
		return nil, err
	}
	if opts.Reembed {
		if r, err = r.embeddedBy(nets); err != nil {
			return nil, err
		}
	}
	return classifierWith(r, nets, opts.Rule, opts.Workers)
}

// classifierWith returns a classifier of references that these networks embed.
func classifierWith(r *References, nets ensemble, rule Rule, workers int) (*Classifier, error) {
	if err := rule.Validate(); err != nil {
		return nil, err
	}
	c := &Classifier{References: r, rule: rule.withDefaults(), nets: nets, dim: nets.dim()}
	if c.dim > r.dim() {
		return nil, fmt.Errorf("the references have embeddings of %d values, the models of %d", r.dim(), c.dim)
	}
	for i := range r.Len() {
		c.refs = append(c.refs, r.Embeddings[i*r.dim():][:c.dim]...)
	}
	if c.rule.Similarity == "cosine" {
		nets.normalise(c.refs)
	}
	var err error
	c.products, err = products(c.refs, make([]float32, r.Len()), workers)
	return c, err
}

// Answer reports how references classify one image.
type Answer struct {
	Label int // the class
	// Similarity is the similarity to the class: to its nearest reference, or a mean
	// over its references.
	Similarity   float64
	Nearest      int       // the most similar reference
	Similarities []float64 // to all references, [R]

	// Prediction is what the first model says of the picture itself, and whether the
	// picture is unlike its training images. Only Classify sets it.
	Prediction model.Prediction

	embedding []float32
}

// ranked returns the references, the most similar first.
func (a *Answer) ranked() []int {
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
	prediction, err := c.nets[0].model.Predict(img)
	if err != nil {
		return Answer{}, err
	}
	set := dataset.Set{H: c.References.Set.H, W: c.References.Set.W, C: c.References.Set.C, Pixels: prediction.Pixels, Labels: make([]uint16, 1)}
	embedded, err := c.embed(context.Background(), set.All())
	if err != nil {
		return Answer{}, err
	}
	answers, err := c.answers(context.Background(), embedded)
	if err != nil {
		return Answer{}, err
	}
	a := answers[0]
	a.Prediction = prediction
	if math.IsNaN(a.Similarity) || math.IsInf(a.Similarity, 0) {
		return a, model.ErrNotFinite
	}
	return a, nil
}

// answers compares embedded images [N,dim] with the references.
func (c *Classifier) answers(ctx context.Context, embedded []float32) ([]Answer, error) {
	out := make([]Answer, len(embedded)/c.dim)
	at := func(i int) []float32 { return embedded[i*c.dim:][:c.dim] }
	err := c.products.RunContext(ctx, len(out), func(i int, x []float32) { copy(x, at(i)) }, func(i int, y []float32) { out[i] = c.answer(at(i), y) })
	return out, err
}

// answer returns the answer for an embedding, given its products with the references'.
func (c *Classifier) answer(embedding, products []float32) Answer {
	set := c.References.Set
	a := Answer{Similarities: make([]float64, set.Len()), embedding: embedding}
	for r, product := range products {
		a.Similarities[r] = float64(product) / float64(len(c.nets))
		if c.rule.Similarity == "euclidean" { // not from products, which would cancel
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

// mean returns the class with the largest mean similarity, and that similarity.
func (c *Classifier) mean(similarities []float64) (label int, similarity float64) {
	set, most := c.References.Set, slices.Max(similarities)
	sum, count := make([]float64, len(set.Classes)), make([]float64, len(set.Classes))
	for r, s := range similarities {
		if c.rule.Choice == "soft" {
			s = math.Exp(refineScale * (s - most)) // without most, large distances would vanish
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

// Classification reports how references classify several pictures.
type Classification struct {
	Classes []string          `json:"classes"`
	Images  []ClassifiedImage `json:"images"`
	// Unreadable lists pictures that are left out, by the caller.
	Unreadable []model.UnreadableFile `json:"unreadable,omitempty"`
}

// ClassifiedImage reports how references classify one picture.
type ClassifiedImage struct {
	File       string  `json:"file"` // left empty for the caller
	Class      string  `json:"class"`
	Similarity float64 `json:"similarity"`
	// Inverted, Prepared, Outside and Reason are as in model.Prediction.
	Inverted bool     `json:"inverted"`
	Prepared []string `json:"prepared"`
	Outside  bool     `json:"outside"`
	Reason   string   `json:"reason,omitempty"`
	Nearest  []Match  `json:"nearest"` // the most similar first
}

// Match is a reference that a picture is similar to.
type Match struct {
	Reference  int     `json:"reference"`
	Class      string  `json:"class"`
	Similarity float64 `json:"similarity"`
	Stands     int     `json:"stands_for"` // number of training images behind the reference
	// Behind has some of these by their positions in the training split, the most
	// similar to the picture first.
	Behind []int32 `json:"training_images,omitempty"`
}

// DescribeOptions say how much Describe reports.
type DescribeOptions struct {
	Nearest int          // number of references at most
	Behind  int          // number of training images behind each at most
	Train   *dataset.Set // the training split that was distilled; nil means no such images
}

// Describe returns an answer with the references that are most similar to its picture
// and the training images behind them. A training split that was not distilled is an
// error.
func (c *Classifier) Describe(a *Answer, opts DescribeOptions) (*ClassifiedImage, error) {
	if opts.Train != nil && opts.Train.Fingerprint() != c.References.Fingerprint {
		return nil, fmt.Errorf("the references were made of other images than %s", opts.Train.Name)
	}
	set, ranked := c.References.Set, a.ranked()
	of := &a.Prediction
	out := &ClassifiedImage{
		Class: set.Classes[a.Label], Similarity: a.Similarity,
		Inverted: of.Inverted, Prepared: of.Prepared, Outside: of.Outside, Reason: of.Reason,
	}
	for _, r := range ranked[:min(opts.Nearest, len(ranked))] {
		positions := c.References.Behind(r)
		m := Match{Reference: r, Class: set.Classes[set.Labels[r]], Similarity: a.Similarities[r], Stands: len(positions)}
		if opts.Train != nil {
			var err error
			if m.Behind, err = c.mostSimilar(a, opts.Train.All().Only(positions), opts.Behind); err != nil {
				return nil, err
			}
		}
		out.Nearest = append(out.Nearest, m)
	}
	return out, nil
}

// mostSimilar returns at most n of the images, by their positions in their set: those
// that are most similar to the image of an answer.
func (c *Classifier) mostSimilar(a *Answer, images dataset.Subset, n int) ([]int32, error) {
	embedded, err := c.embed(context.Background(), images)
	if err != nil {
		return nil, err
	}
	positions := slices.Clone(images.Index)
	like := make(map[int32]float64, len(positions))
	for i, at := range positions {
		like[at] = c.similarity(a.embedding, embedded[i*c.dim:][:c.dim])
	}
	slices.SortStableFunc(positions, func(i, j int32) int { return cmp.Compare(like[j], like[i]) })
	return positions[:min(n, len(positions))], nil
}

// embed returns the embeddings of images, or their directions.
func (c *Classifier) embed(ctx context.Context, images dataset.Subset) ([]float32, error) {
	if c.rule.Similarity == "euclidean" {
		return c.nets.embed(ctx, images)
	}
	return c.nets.directions(ctx, images)
}
