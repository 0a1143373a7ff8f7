package dataset

import "github.com/coarsegrain/taylornet/internal/rng"

// Sampler turns stored images into network inputs: normalised and, for training,
// augmented. It allocates nothing, and several goroutines may use it at once.
type Sampler struct {
	images  Subset
	norm    Normalisation
	augment Augment
	seed    uint64
}

// NewSampler returns a sampler of the images. The error says what is wrong with the
// normalisation or the augmentation.
func NewSampler(images Subset, norm Normalisation, augment Augment, seed uint64) (*Sampler, error) {
	if err := norm.Validate(images.Set.C); err != nil {
		return nil, err
	}
	if err := augment.Validate(); err != nil {
		return nil, err
	}
	return &Sampler{images: images, norm: norm, augment: augment, seed: seed}, nil
}

// Images returns the images that are sampled.
func (s *Sampler) Images() Subset { return s.images }

// Sample writes image i of the subset to dst, [H,W,C], as it looks in the given
// epoch, and returns its label. The random numbers depend only on the sampler's seed,
// the epoch and the image's index in its Set.
func (s *Sampler) Sample(dst []float32, epoch, i int) (label int) {
	pixels, label := s.images.Image(i), s.images.Label(i)
	if s.augment == (Augment{}) {
		s.norm.Apply(dst, pixels)
		return label
	}
	set := s.images.Set
	var stream rng.Stream
	stream.Reset(s.seed, "augment", uint64(epoch), uint64(s.images.Index[i]))
	v := s.augment.draw(&stream, set.H, set.W)
	dst = dst[:len(pixels)]
	m := v.inverse(set.H, set.W)
	m.resample(dst, pixels, set.H, set.W, set.C)
	if s.augment.Contrast > 0 || s.augment.Noise > 0 {
		v.tone(dst, &stream)
	}
	s.norm.scale(dst)
	cutout(dst, set.H, set.W, set.C, s.augment.Cutout, v.cutY, v.cutX)
	return label
}
