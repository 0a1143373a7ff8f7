package distill

import (
	"errors"
	"image"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
)

// rules are all that there are.
func rules() (list []Rule) {
	for _, s := range similarities {
		for _, c := range choices {
			list = append(list, Rule{s, c})
		}
	}
	return list
}

func newClassifier(t testing.TB, r *References, rule Rule, models ...*model.Model) *Classifier {
	t.Helper()
	c, err := NewClassifier(r, models, ClassifierOptions{Rule: rule, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// directSimilarity is that of two colours, written out.
func directSimilarity(rule Rule, a, b []uint8) float64 {
	var product, squareA, squareB, distance float64
	for i := range a {
		x, y := float64(a[i])/255, float64(b[i])/255
		product += x * y
		squareA += x * x
		squareB += y * y
		distance += (x - y) * (x - y)
	}
	if rule.Similarity == "euclidean" {
		return -math.Sqrt(distance)
	}
	return product / math.Sqrt(squareA*squareB)
}

// directAnswer classifies an image of a single pixel by what the rules say.
func directAnswer(rule Rule, refs *References, pixel []uint8) (a Answer) {
	byClass := make([][]float64, len(refs.Set.Classes))
	for r := range refs.Len() {
		s := directSimilarity(rule, pixel, refs.Set.Image(r))
		a.Similarities = append(a.Similarities, s)
		byClass[refs.Set.Labels[r]] = append(byClass[refs.Set.Labels[r]], s)
	}
	a.Similarity = slices.Max(a.Similarities)
	a.Nearest = slices.Index(a.Similarities, a.Similarity)
	a.Label = int(refs.Set.Labels[a.Nearest])
	if rule.Choice == "nearest" {
		return a
	}
	to, from := func(s float64) float64 { return s }, func(s float64) float64 { return s }
	if rule.Choice == "soft" {
		to, from = func(s float64) float64 { return math.Exp(20 * s) }, func(s float64) float64 { return math.Log(s) / 20 }
	}
	a.Similarity = math.Inf(-1)
	for k, list := range byClass {
		var mean float64
		for _, s := range list {
			mean += to(s) / float64(len(list))
		}
		if len(list) > 0 && from(mean) > a.Similarity {
			a.Label, a.Similarity = k, from(mean)
		}
	}
	return a
}

// uneven are references of which no two classes have as many, and one none.
func uneven(t testing.TB) *References {
	t.Helper()
	refs := byHandReferences(t)
	refs.Set.Labels = []uint16{0, 0, 0, 0, 0, 0, 0, 1, 1}
	return refs
}

func TestClassifyByHand(t *testing.T) {
	images := colours(150, 5)
	for _, refs := range []*References{byHandReferences(t), uneven(t)} {
		labels := map[Rule][]int{}
		for _, rule := range rules() {
			c := newClassifier(t, refs, rule, rgb(t))
			for i := range images.Len() {
				want := directAnswer(rule, refs, images.Image(i))
				got, err := c.Classify(images.Picture(i))
				if err != nil {
					t.Fatal(err)
				}
				labels[rule] = append(labels[rule], got.Label)
				// Pixels are few and whole: no two similarities are closer than rounding.
				if got.Label != want.Label || got.Nearest != want.Nearest || !approx.Close(got.Similarity, want.Similarity, 1e-6) {
					t.Errorf("%+v, colour %v: class %d, nearest %d, similarity %v; want %d, %d, %v",
						rule, images.Image(i), got.Label, got.Nearest, got.Similarity, want.Label, want.Nearest, want.Similarity)
				}
				if err := approx.Slices(got.Similarities, want.Similarities, func(int) float64 { return 1e-6 }); err != nil {
					t.Errorf("%+v, colour %v: %v", rule, images.Image(i), err)
				}
			}
		}
		for a, x := range labels {
			for b, y := range labels {
				if a != b && slices.Equal(x, y) {
					t.Errorf("rules %+v and %+v decide alike: the images test neither", a, b)
				}
			}
		}
	}
}

// However far an image is from all references, one is the nearest.
func TestClassifyFar(t *testing.T) {
	refs := byHandReferences(t)
	for i := range refs.Embeddings {
		refs.Embeddings[i] += float32(100 * (refs.Len() - i/3)) // the last is the nearest
	}
	for _, choice := range choices {
		a, err := newClassifier(t, refs, Rule{"euclidean", choice}, rgb(t)).Classify(colours(1, 1).Picture(0))
		if err != nil || a.Label != 2 || a.Nearest != 8 {
			t.Errorf("%s: class %d, nearest %d, similarity %v, error %v", choice, a.Label, a.Nearest, a.Similarity, err)
		}
	}
}

func TestRanked(t *testing.T) {
	a := Answer{Similarities: []float64{0.5, -1, 0.9, 0.5, 1}}
	if got := a.ranked(); !slices.Equal(got, []int{4, 2, 0, 3, 1}) {
		t.Errorf("ranked %v", got)
	}
}

// Evaluate is Classify, counted.
func TestEvaluateIsClassify(t *testing.T) {
	refs, images := uneven(t), colours(100, 6)
	for _, rule := range rules() {
		c := newClassifier(t, refs, rule, rgb(t))
		for i := range images.Len() {
			a, err := c.Classify(images.Picture(i))
			if err != nil {
				t.Fatal(err)
			}
			e, err := c.Evaluate(t.Context(), images.All().Only([]int32{int32(i)}))
			if err != nil {
				t.Fatal(err)
			}
			label := images.Labels[i]
			right := int(label) == a.Label
			if e.Total != 1 || e.Confusion[label][a.Label] != 1 || e.ByReference[label][a.Nearest] != 1 || (e.Correct == 1) != right {
				t.Fatalf("%+v, image %d: classified as %d, evaluated %+v", rule, i, a.Label, e)
			}
		}
	}
}

// The counts of an evaluation add up, with more images than are embedded at once.
func TestEvaluateCounts(t *testing.T) {
	images := colours(9000, 7)
	e, err := newClassifier(t, byHandReferences(t), Rule{"cosine", "nearest"}, rgb(t)).Evaluate(t.Context(), images.All())
	if err != nil {
		t.Fatal(err)
	}
	correct := 0
	for k, row := range e.Confusion {
		byClass, byReference := 0, 0
		for _, n := range row {
			byClass += n
		}
		for _, n := range e.ByReference[k] {
			byReference += n
		}
		if byClass != 3000 || byReference != 3000 {
			t.Errorf("class %d: %d and %d images, want 3000", k, byClass, byReference)
		}
		correct += row[k]
		nearest := 0
		for r, n := range e.ByReference[k] {
			if r/3 == k {
				nearest += n
			}
		}
		if nearest != row[k] {
			t.Errorf("class %d: %d images nearest to its references, %d classified so", k, nearest, row[k])
		}
	}
	if e.Total != 9000 || e.Correct != correct || !approx.Close(e.Accuracy, float64(correct)/9000, 1e-15) {
		t.Errorf("%d of %d correct, accuracy %v; the diagonal has %d", e.Correct, e.Total, e.Accuracy, correct)
	}
	if none := new(Evaluation); none.Accuracy != 0 {
		t.Error("no images have an accuracy")
	}
}

func TestClassifierRefuses(t *testing.T) {
	refs, m := byHandReferences(t), rgb(t)
	other := m.Config()
	other.Training = []byte(`{"another":"model"}`)
	another := newModel(t, other)
	for _, tt := range []struct {
		name   string
		models []*model.Model
		want   string
	}{
		{"another model", []*model.Model{another}, refs.Models[0][:12]},
		{"no model", nil, "0 models for references made with 1"},
		{"too many models", []*model.Model{m, another}, "2 models for references made with 1"},
	} {
		_, err := NewClassifier(refs, tt.models, ClassifierOptions{Workers: 1})
		oneLine(t, err, tt.want)
		if errors.Is(err, ErrModel) != (tt.name == "another model") {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	for _, rule := range []Rule{{"cosine", "best"}, {"dot", "nearest"}, {"", "best"}} {
		if _, err := NewClassifier(refs, []*model.Model{m}, ClassifierOptions{Rule: rule}); err == nil {
			t.Errorf("rule %+v: no error", rule)
		}
	}
	both := Rule{"dot", "best"}
	for _, name := range []string{"dot", "best"} {
		if err := both.Validate(); err == nil || !contains(err, name) {
			t.Errorf("error %v, want one that speaks of %q", err, name)
		}
	}
	refs.Embeddings = make([]float32, 2*refs.Len())
	_, err := NewClassifier(refs, []*model.Model{m}, ClassifierOptions{})
	oneLine(t, err, "embeddings of 2 values, the models of 3")
}

func TestEvaluateRefusesOtherImages(t *testing.T) {
	c := newClassifier(t, byHandReferences(t), Rule{}, rgb(t))
	_, err := c.Evaluate(t.Context(), someDigits(t, 5).All())
	oneLine(t, err, "8x8x1")
	if !errors.Is(err, model.ErrShape) {
		t.Errorf("error %v, want one that wraps %v", err, model.ErrShape)
	}
	images := colours(3, 1)
	images.Classes = append(images.Classes, "black")
	_, err = c.Evaluate(t.Context(), images.All())
	oneLine(t, err, "4 classes")
	_, err = c.Classify(image.NewGray(image.Rect(0, 0, 0, 3)))
	oneLine(t, err, "empty")
}

// References of images that the model does not take are refused.
func TestClassifierRefusesOtherReferences(t *testing.T) {
	refs := byHandReferences(t)
	refs.Set.H, refs.Set.Pixels = 2, make([]uint8, 2*len(refs.Set.Pixels))
	if _, err := NewClassifier(refs, []*model.Model{rgb(t)}, ClassifierOptions{}); !errors.Is(err, model.ErrShape) {
		t.Errorf("error %v, want one that wraps %v", err, model.ErrShape)
	}
}

// A picture for which the network overflows has no class.
func TestClassifyOverflow(t *testing.T) {
	c := madeUp(t, "Input(1,1,3) CG(1,1,3,1,1) CG(1,1,3,1,1) CG(1,1,3,1,1) Linear(3)", 1, "red", "green", "blue").Config()
	for i := range c.Params {
		c.Params[i] = 1e9
	}
	m, refs := newModel(t, c), byHandReferences(t)
	refs.Models = []string{hashOf(t, m)}
	for _, rule := range rules() {
		a, err := newClassifier(t, refs, rule, m).Classify(colours(1, 1).Picture(0))
		if !errors.Is(err, model.ErrNotFinite) {
			t.Errorf("%+v: %+v, error %v", rule, a, err)
		}
	}
}

// The images behind a reference that are most like one come first, up to as
// many as are asked for.
func TestDescribe(t *testing.T) {
	set, m := someDigits(t, 200), trained(t)
	refs := distilled(t, small(), set, m)[1]
	for _, similarity := range similarities {
		rule := Rule{similarity, "nearest"}
		c := newClassifier(t, refs, rule, m)
		a, err := c.Classify(digits(t).Test.Picture(3))
		if err != nil {
			t.Fatal(err)
		}
		describe := func(opts DescribeOptions) *ClassifiedImage {
			d, err := c.Describe(&a, opts)
			if err != nil {
				t.Fatal(err)
			}
			if d.Class != set.Classes[a.Label] || d.Similarity != a.Similarity {
				t.Errorf("%s: class %s, similarity %v", similarity, d.Class, d.Similarity)
			}
			return d
		}
		matches := describe(DescribeOptions{Nearest: math.MaxInt, Train: set, Behind: math.MaxInt}).Nearest
		if len(matches) != refs.Len() || matches[0].Reference != a.Nearest {
			t.Fatalf("%d matches, the first is reference %d: want %d and %d", len(matches), matches[0].Reference, refs.Len(), a.Nearest)
		}
		for i, r := range a.ranked() {
			match := matches[i]
			if match.Reference != r || match.Class != set.Classes[refs.Set.Labels[r]] || match.Similarity != a.Similarities[r] || match.Stands != len(refs.Behind(r)) {
				t.Errorf("%s: match %d is %+v, want reference %d", similarity, i, match, r)
			}
			if !slices.Equal(slices.Sorted(slices.Values(match.Behind)), refs.Behind(r)) {
				t.Errorf("images %v, behind the reference are %v", match.Behind, refs.Behind(r))
			}
		}
		// As if each of the images were a reference.
		all := matches[0].Behind
		images := set.All().Only(all).Copy("behind")
		each := newClassifier(t, &References{Config: small(), Set: images, Models: refs.Models, Embeddings: embed(t, testEnsemble(t, 1, m), images.All())}, rule, m)
		b, err := each.Classify(digits(t).Test.Picture(3))
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(all); i++ {
			if b.Similarities[i] > b.Similarities[i-1] {
				t.Errorf("%s: image %d of similarity %v comes after one of %v", similarity, i, b.Similarities[i], b.Similarities[i-1])
			}
		}
		some := describe(DescribeOptions{Nearest: 2, Train: set, Behind: 3}).Nearest
		if len(some) != 2 || !slices.Equal(some[0].Behind, all[:3]) {
			t.Errorf("the first two are %+v, with three images of %v", some, all)
		}
		for _, match := range describe(DescribeOptions{Nearest: 2, Behind: 3}).Nearest {
			if match.Behind != nil || match.Stands == 0 {
				t.Errorf("without the training images: %+v", match)
			}
		}
	}
	c := newClassifier(t, refs, Rule{}, m)
	_, err := c.Describe(&Answer{}, DescribeOptions{Nearest: 1, Train: digits(t).Test, Behind: 3})
	oneLine(t, err, "other images")
}

// Reembed embeds the same images by another model, and leaves the references as
// they are.
func TestReembed(t *testing.T) {
	a, b, set := trained(t), disturbed(t), someDigits(t, 30)
	refs := &References{Config: small(), Set: set, Models: []string{hashOf(t, a)}, Embeddings: embed(t, testEnsemble(t, 1, a), set.All())}
	before := slices.Clone(refs.Embeddings)
	c, err := NewClassifier(refs, []*model.Model{b}, ClassifierOptions{Workers: 2, Reembed: true})
	if err != nil {
		t.Fatal(err)
	}
	other := c.References
	if !slices.Equal(other.Models, []string{hashOf(t, b)}) || !slices.Equal(refs.Models, []string{hashOf(t, a)}) {
		t.Errorf("models %v, before %v", other.Models, refs.Models)
	}
	if !slices.Equal(other.Embeddings, embed(t, testEnsemble(t, 1, b), set.All())) || !slices.Equal(refs.Embeddings, before) {
		t.Error("the embeddings are not the other model's, or the first's were changed")
	}
	if _, err := NewClassifier(other, []*model.Model{a}, ClassifierOptions{}); !errors.Is(err, ErrModel) {
		t.Errorf("classifying by the first model: error %v", err)
	}
	newClassifier(t, other, Rule{}, b)
	_, err = NewClassifier(refs, nil, ClassifierOptions{Reembed: true})
	oneLine(t, err, "no model")
}

// The cosine of an ensemble is the mean of its parts', and the first of the
// models alone can use the references too.
func TestEnsembleIsMean(t *testing.T) {
	a, b, set := trained(t), disturbed(t), someDigits(t, 30)
	first := &References{Config: small(), Set: set, Models: []string{hashOf(t, a)}, Embeddings: embed(t, testEnsemble(t, 1, a), set.All())}
	by := func(models ...*model.Model) *References {
		refs, err := first.embeddedBy(testEnsemble(t, 1, models...))
		if err != nil {
			t.Fatal(err)
		}
		return refs
	}
	second, both := by(b), by(a, b)
	joint := newClassifier(t, both, Rule{}, a, b)
	parts := []*Classifier{newClassifier(t, first, Rule{}, a), newClassifier(t, second, Rule{}, b)}
	alone := newClassifier(t, both, Rule{}, a)
	differ := false
	for i := range 40 {
		picture := digits(t).Test.Picture(i)
		answer := func(c *Classifier) Answer {
			a, err := c.Classify(picture)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		x, y := answer(parts[0]), answer(parts[1])
		want := make([]float64, set.Len())
		for r := range want {
			want[r] = (x.Similarities[r] + y.Similarities[r]) / 2
			differ = differ || math.Abs(x.Similarities[r]-y.Similarities[r]) > 0.01
		}
		if err := approx.Slices(answer(joint).Similarities, want, func(int) float64 { return 1e-6 }); err != nil {
			t.Errorf("image %d: %v", i, err)
		}
		if !slices.Equal(answer(alone).Similarities, x.Similarities) {
			t.Errorf("image %d: the first model alone answers otherwise with references of both", i)
		}
	}
	if !differ {
		t.Error("the models agree: their mean is not tested")
	}
}

// Evaluations are the same for any number of workers.
func TestClassifyWorkers(t *testing.T) {
	m, set := trained(t), someDigits(t, 20)
	refs := &References{Config: small(), Set: set, Models: []string{hashOf(t, m)}, Embeddings: embed(t, testEnsemble(t, 1, m), set.All())}
	images := dataset.Subset{Set: digits(t).Test, Index: digits(t).Test.All().Index[:100]}
	var want []Answer
	for _, workers := range allWorkers {
		c, err := NewClassifier(refs, []*model.Model{m}, ClassifierOptions{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		got := ok(c.answers(t.Context(), ok(c.embed(t.Context(), images))))
		if want == nil {
			want = got
		}
		for i, a := range got {
			if a.Label != want[i].Label || !slices.Equal(a.Similarities, want[i].Similarities) {
				t.Fatalf("%d workers: image %d has other similarities", workers, i)
			}
		}
	}
}

// The same images are as right whatever the order of their classes, and if they have some
// of the classes only.
func TestEvaluateByName(t *testing.T) {
	c := newClassifier(t, byHandReferences(t), Rule{}, rgb(t))
	images := colours(30, 3)
	want, err := c.Evaluate(t.Context(), images.All())
	if err != nil {
		t.Fatal(err)
	}
	turned, err := images.Align([]string{"blue", "red", "green"}, dataset.ByName)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Evaluate(t.Context(), turned.All()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("in another order: %+v, want %+v (%v)", got, want, err)
	}
	some := images.All().Only(images.All().OfClass(1)).Copy("some")
	some.Classes, some.Labels = []string{"green"}, make([]uint16, some.Len())
	if got, err := c.Evaluate(t.Context(), some.All()); err != nil || got.Correct != want.Confusion[1][1] || !slices.Equal(got.Confusion[1], want.Confusion[1]) {
		t.Errorf("green only: %+v, want %v right (%v)", got, want.Confusion[1][1], err)
	}
	few := &dataset.Set{Name: "few", Classes: []string{"violet"}, H: 1, W: 1, C: 3, Pixels: make([]uint8, 3), Labels: []uint16{0}}
	if _, err := c.Evaluate(t.Context(), few.All()); !errors.Is(err, dataset.ErrClasses) {
		t.Errorf("an unknown class: error %v", err)
	}
}
