package distill

import (
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
)

// TestMemory distils, and classifies by the references, in more and in less memory. The
// outcome is the same or there is none.
func TestMemory(t *testing.T) {
	c, set, models := small(), someDigits(t, 400), []*model.Model{trained(t)}
	c.Refine = 1
	whole := filepath.Join(t.TempDir(), "whole")
	levels, err := Run(t.Context(), c, models, set, Options{Dir: whole})
	if err != nil {
		t.Fatal(err)
	}
	classifier := newClassifier(t, levels[0], Rule{}, models[0])
	want, err := classifier.Evaluate(t.Context(), set.All())
	if err != nil {
		t.Fatal(err)
	}
	made, classified, sizes := 0, 0, []int64{1, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 28}
	for _, most := range sizes {
		dir := filepath.Join(t.TempDir(), "run")
		_, err := Run(t.Context(), c, models, set, Options{Dir: dir, Workers: 8, Memory: most})
		switch {
		case err == nil:
			made++
			if !maps.Equal(levelFiles(t, dir, c), levelFiles(t, whole, c)) {
				t.Errorf("in %d bytes: other references", most)
			}
		case !errors.Is(err, tensor.ErrMemory) || strings.Contains(err.Error(), "\n") || made > 0:
			t.Errorf("in %d bytes: %v", most, err)
		}
		small, err := NewClassifier(levels[0], models, ClassifierOptions{Workers: 8, Memory: most})
		if err == nil {
			classified++
			got, err := small.Evaluate(t.Context(), set.All())
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("in %d bytes: another evaluation (%v)", most, err)
			}
		} else if !errors.Is(err, tensor.ErrMemory) || classified > 0 {
			t.Errorf("classifying in %d bytes: %v", most, err)
		}
	}
	if made == 0 || made == len(sizes) || classified == 0 || classified == len(sizes) {
		t.Errorf("distilled in %d, classified in %d of %d sizes", made, classified, len(sizes))
	}
}

// TestMemoryOfSmallModels embeds by a model that a small file describes and that would take
// gigabytes.
func TestMemoryOfSmallModels(t *testing.T) {
	c, set := small(), someDigits(t, 400)
	levels, err := Run(t.Context(), c, []*model.Model{trained(t)}, set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	huge := madeUp(t, "Input(8,8,1) Conv(1,1,1,1,1,8000) CG(2,2,1,2,2) AvgPool Linear(10)", 1, set.Classes...)
	path := filepath.Join(t.TempDir(), "huge")
	if err := huge.Save(path); err != nil {
		t.Fatal(err)
	}
	if huge, err = model.Load(path); err != nil {
		t.Fatal(err)
	}
	_, err = NewClassifier(levels[0], []*model.Model{huge}, ClassifierOptions{Reembed: true})
	if !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("a model that takes gigabytes: %v", err)
	}
}
