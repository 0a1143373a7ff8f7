package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/train"
)

// Plan holds everything that the outcome of a sweep depends on, besides the data.
type Plan struct {
	Data       string       `json:"data"`
	Seed       uint64       `json:"seed"` // the first random seed
	Seeds      int          `json:"seeds"`
	Test       bool         `json:"test"` // whether results hold test accuracies
	Variations []*Variation `json:"variations"`
}

// Variation is settings that are trained with every seed.
type Variation struct {
	// Name says how the settings differ from those of other variations. The command
	// writes flags here; "" is the settings that all variations have in common.
	Name   string       `json:"flags"`
	Folder string       `json:"folder"`        // in the folder of the sweep
	Size   dataset.Size `json:"size,omitzero"` // of images, if they are resized
	Config train.Config `json:"config"`        // with the first seed
	// DataSHA256 is the fingerprint of the training images, which every run must have;
	// "" asks for none.
	DataSHA256 string `json:"data_sha256,omitempty"`
}

// Title returns the name, or words for it if it is empty.
func (v *Variation) Title() string {
	if v.Name == "" {
		return "the recipe"
	}
	return v.Name
}

// MaxSeeds is the largest number of seeds of a plan.
const MaxSeeds = 100

// Validate returns an error if a sweep cannot be made as planned.
func (p *Plan) Validate() error {
	if len(p.Variations) == 0 {
		return errors.New("there are no variations")
	}
	for i, v := range p.Variations {
		if v == nil {
			return fmt.Errorf("variation %d is null", i+1)
		}
		if p.hasFolder(v.Folder, i) {
			return fmt.Errorf("two variations have the folder %q", v.Folder)
		}
		if !filepath.IsLocal(v.Folder) || v.Folder == "." || filepath.Base(v.Folder) != v.Folder {
			return fmt.Errorf("folder %q: want a name", v.Folder)
		}
		if err := v.Config.Validate(); err != nil {
			return err
		}
	}
	return p.checkSeeds()
}

// checkSeeds returns an error if the plan has too few or too many seeds, or if they
// overflow.
func (p *Plan) checkSeeds() error {
	if err := check.Within("seeds", float64(p.Seeds), 1, MaxSeeds); err != nil {
		return err
	}
	if p.Seed > math.MaxUint64-uint64(p.Seeds-1) {
		return fmt.Errorf("seed %d: there are not %d seeds from there on", p.Seed, p.Seeds)
	}
	return nil
}

// Add adds a variation. The error says which variation already has the same settings.
func (p *Plan) Add(name string, size dataset.Size, c train.Config) error {
	for _, other := range p.Variations {
		if other.Config == c && other.Size == size {
			return fmt.Errorf("the same as %s", other.Title())
		}
	}
	base := folderName(name)
	folder := base
	for n := 2; p.hasFolder(folder, len(p.Variations)); n++ {
		folder = fmt.Sprintf("%s-%d", base, n)
	}
	p.Variations = append(p.Variations, &Variation{Name: name, Folder: folder, Size: size, Config: c})
	return nil
}

// hasFolder reports whether one of the first n variations has the folder.
func (p *Plan) hasFolder(folder string, n int) bool {
	return slices.ContainsFunc(p.Variations[:n], func(v *Variation) bool { return v.Folder == folder })
}

// maxFolderName bounds the length of a variation's folder.
const maxFolderName = 40

// folderName returns a short form of a variation's name that every file system accepts.
func folderName(name string) string {
	safe := func(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '_' }
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !safe(r) })
	short := strings.Join(parts, "-")
	short = strings.Trim(short[:min(len(short), maxFolderName)], "-.")
	if short == "" {
		return "recipe"
	}
	return short
}

// maxPlan bounds the size of a plan, in bytes.
const maxPlan = 16 << 20

// PlanFile is the plan in the folder of a sweep.
const PlanFile = "sweep.json"

// Exists reports whether the folder holds a sweep.
func Exists(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, PlanFile))
	return err == nil
}

// ReadPlan returns the plan of the sweep in a folder. Errors name the file.
func ReadPlan(dir string) (*Plan, error) {
	path := filepath.Join(dir, PlanFile)
	text, err := fsx.ReadFile(path, maxPlan)
	if err != nil {
		return nil, fmt.Errorf("reading the sweep's plan: %w", err)
	}
	p, err := decodePlan(text)
	if err != nil {
		return nil, fmt.Errorf("reading the sweep's plan %s: %w", path, err)
	}
	return p, nil
}

func decodePlan(text []byte) (*Plan, error) {
	p := &Plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, err
	}
	return p, p.Validate()
}

// encode returns the content of PlanFile.
func (p *Plan) encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(p)
	return text.Bytes(), err
}

// PlannedRun is a variation that is trained with one seed.
type PlannedRun struct {
	*Variation
	Seed   uint64
	Dir    string // the run folder
	Number int    // of all runs of the plan, counted from 1
	Of     int    // the number of all runs
}

// Runs returns the runs of a sweep in a folder, in their order: seed by seed, so that
// the variations of an interrupted sweep can be compared.
func (p *Plan) Runs(dir string) []PlannedRun {
	var list []PlannedRun
	for i := range p.Seeds {
		for _, v := range p.Variations {
			seed := p.Seed + uint64(i)
			list = append(list, PlannedRun{
				Variation: v, Seed: seed, Dir: train.SeedDir(filepath.Join(dir, v.Folder), seed),
				Number: len(list) + 1, Of: p.Seeds * len(p.Variations),
			})
		}
	}
	return list
}

// String returns the run's number, as in "run 1 of 4".
func (r PlannedRun) String() string { return fmt.Sprintf("run %d of %d", r.Number, r.Of) }

// Settings returns the settings of the run, with its seed.
func (r PlannedRun) Settings() train.Config {
	c := r.Config
	c.Seed = r.Seed
	return c
}
