package model

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/tensor"
)

// Prediction is a model's answer to one picture. If the logits overflow, it is
// Outside, its Label is -1, its Class and Probabilities are empty, and Logits is nil.
type Prediction struct {
	Label         int       `json:"-"` // index of the class
	Class         string    `json:"class"`
	Probability   float32   `json:"probability"`   // of the class
	Probabilities []float32 `json:"probabilities"` // [K], the softmax of the logits
	Logits        []float32 `json:"-"`             // [K]
	// Prepared says in words what was done to the picture before the model saw it, and
	// Inverted whether light and dark were exchanged.
	Prepared []string `json:"prepared"`
	Inverted bool     `json:"inverted"`
	// Outside is set if the picture is unlike the training images: the answer means
	// nothing. Reason says why.
	Outside bool   `json:"outside"`
	Reason  string `json:"reason,omitempty"`
	// Pixels are the picture as the model took it, [H,W,C].
	Pixels []uint8 `json:"-"`
}

// The reasons for which a picture is outside.
const (
	ReasonEmpty   = "nothing is drawn in it"
	ReasonSeveral = "it holds several drawings"
	ReasonUnlike  = "unlike the training images"
)

// Predict classifies a picture of any size and colour, prepared as by Prepare. The error
// wraps ErrShape if the model takes neither grey nor colour pictures.
func (m *Model) Predict(img image.Image) (Prediction, error) {
	list, err := m.PredictBatch(context.Background(), []image.Image{img})
	if err != nil {
		return Prediction{}, err
	}
	return list[0], nil
}

// PredictBatch classifies several pictures at once, in order, each as Predict does.
func (m *Model) PredictBatch(ctx context.Context, images []image.Image) ([]Prediction, error) {
	prepared := make([]Prepared, len(images))
	for i, img := range images {
		var err error
		if prepared[i], err = m.Prepare(img); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	return m.PredictPrepared(ctx, prepared)
}

// PredictPrepared classifies pictures as Prepare returned them, in order.
func (m *Model) PredictPrepared(ctx context.Context, pictures []Prepared) ([]Prediction, error) {
	out := make([]Prediction, len(pictures))
	err := m.run(ctx, len(pictures), func(i int, x []float32) {
		m.cfg.Normalisation.Apply(x, pictures[i].Pixels)
	}, func(i int, y []float32) { out[i] = m.answer(&pictures[i], y) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// answer returns what follows from the logits of a picture.
func (m *Model) answer(of *Prepared, logits []float32) Prediction {
	p := Prediction{Label: -1, Probabilities: []float32{}, Prepared: of.Notes, Inverted: of.Inverted, Pixels: of.Pixels}
	switch {
	case of.Found == 0:
		p.Reason = ReasonEmpty
	case of.Found > 1:
		p.Reason = ReasonSeveral
	case m.outside(of.Pixels, logits):
		p.Reason = ReasonUnlike
	}
	p.Outside = p.Reason != ""
	if !finite(spread(logits)) {
		return p
	}
	p.Logits, p.Probabilities = slices.Clone(logits), make([]float32, len(logits))
	engine.Softmax(p.Probabilities, logits)
	p.Label = argmax(logits)
	p.Class, p.Probability = m.cfg.Classes[p.Label], p.Probabilities[p.Label]
	return p
}

// Predictions are a model's answers to picture files.
type Predictions struct {
	Classes     []string         `json:"classes"`
	Predictions []FilePrediction `json:"predictions"`
	Unreadable  []UnreadableFile `json:"unreadable,omitempty"`
}

// FilePrediction is a model's answer to one picture file.
type FilePrediction struct {
	File string `json:"file"`
	Prediction
}

// UnreadableFile is a file that is not a picture, and why.
type UnreadableFile struct {
	File  string `json:"file"`
	Error string `json:"error"` // does not name the file
}

// PredictFiles classifies picture files in order. Those that cannot be read are
// listed and do not keep the others from being classified. Only so many pictures are in
// memory at a time as fit. The predictions returned have no Pixels; see, which may be
// nil, is called with each before they are dropped. When ctx ends, the answers so far are
// returned with the error.
func (m *Model) PredictFiles(ctx context.Context, files []string, see func(FilePrediction) error) (*Predictions, error) {
	if _, err := m.compiled(); err != nil { // before any picture is read
		return nil, err
	}
	if err := m.checkAnswers(len(files)); err != nil {
		return nil, err
	}
	out := &Predictions{Classes: m.Classes(), Predictions: []FilePrediction{}}
	part := picturesAtOnce(m.memory, m.cfg.Net.Input)
	for first := 0; first < len(files); first += part {
		if err := m.predictPart(ctx, out, files[first:min(first+part, len(files))], see); err != nil {
			if ctx.Err() != nil {
				return out, fmt.Errorf("interrupted after %d of %d pictures: %w", first, len(files), context.Cause(ctx))
			}
			return nil, err
		}
	}
	return out, nil
}

// picturesAtOnce returns how many pictures, as a model takes them, wait for the network
// at a time.
func picturesAtOnce(budget int64, in shape) int {
	const some = 512
	return int(max(1, min(some, budget/pictureShare/int64(in.Size()))))
}

// predictPart adds the answers to some of the files.
func (m *Model) predictPart(ctx context.Context, out *Predictions, files []string, see func(FilePrediction) error) error {
	var pictures []Prepared
	var readable []string
	for _, file := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		picture, err := m.ReadPicture(file)
		if err != nil {
			out.Unreadable = append(out.Unreadable, UnreadableFile{file, err.Error()})
			continue
		}
		pictures, readable = append(pictures, picture), append(readable, file)
	}
	list, err := m.PredictPrepared(ctx, pictures)
	if err != nil {
		return err
	}
	for i, p := range list {
		file := FilePrediction{readable[i], p}
		if see != nil {
			if err := see(file); err != nil {
				return err
			}
		}
		file.Pixels = nil
		out.Predictions = append(out.Predictions, file)
	}
	return nil
}

// checkAnswers returns an error if the answers to n pictures take too much memory.
func (m *Model) checkAnswers(n int) error {
	const other = 512 // what an answer takes besides its numbers, about
	each := 2*memory.Of[float32](float64(len(m.cfg.Classes))) + other
	err := memory.Check(m.memory, float64(n)*each, fmt.Sprintf("the answers to %d pictures in %d classes", n, len(m.cfg.Classes)))
	if err != nil {
		err = fmt.Errorf("%w; those to %d pictures would fit", err, int(float64(m.memory)/each))
	}
	return err
}

// ReadPicture reads a picture file and prepares it. The error does not name the file.
func (m *Model) ReadPicture(file string) (Prepared, error) {
	img, err := dataset.ReadImage(file, m.opts.Memory)
	if err != nil {
		return Prepared{}, err
	}
	return m.Prepare(img)
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// argmax returns the index of the largest logit, the first of equals.
func argmax(y []float32) int {
	best := 0
	for k, v := range y {
		if v > y[best] {
			best = k
		}
	}
	return best
}

// Logits evaluates images x [N,H,W,C] of pixels scaled to 0..1 and returns their
// logits [N,K]. It refuses other shapes, and pixels that are not finite numbers.
func (m *Model) Logits(ctx context.Context, x tensor.Tensor) (tensor.Tensor, error) {
	in, size := m.cfg.Net.Input, m.cfg.Net.Input.Size()
	n := len(x.Data) / size
	if !slices.Equal(x.Shape, []int{n, in.H, in.W, in.C}) || len(x.Data) != n*size {
		return tensor.Tensor{}, fmt.Errorf("%w: shape %v with %d values, want [N,%d,%d,%d]", ErrShape, x.Shape, len(x.Data), in.H, in.W, in.C)
	}
	for i, v := range x.Data {
		if !finite(v) {
			return tensor.Tensor{}, fmt.Errorf("image %d has the pixel value %v at %d", i/size, v, i%size)
		}
	}
	if err := m.checkAnswers(n); err != nil {
		return tensor.Tensor{}, err
	}
	norm, out := m.cfg.Normalisation, tensor.New(n, len(m.cfg.Classes))
	err := m.run(ctx, n, func(i int, dst []float32) {
		for j, v := range x.Data[i*size:][:size] {
			c := j % in.C
			dst[j] = (v - norm.Mean[c]) / norm.Std[c]
		}
	}, func(i int, y []float32) {
		copy(out.Data[i*len(y):], y)
	})
	return out, err
}
