package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// planFile holds a sweep's plan.
const planFile = "sweep.json"

// sweepPlan is all that the outcome of a sweep depends on, besides the data.
type sweepPlan struct {
	Data       string       `json:"data"`
	Seed       uint64       `json:"seed"` // the first
	Seeds      int          `json:"seeds"`
	Test       bool         `json:"test"` // whether test accuracies are shown
	Variations []*variation `json:"variations"`
}

// variation is settings that every seed is trained with.
type variation struct {
	Flags  string       `json:"flags"`  // put on top of those that all have in common
	Folder string       `json:"folder"` // in the sweep's
	Size   dataset.Size `json:"size,omitzero"`
	Config train.Config `json:"config"` // for the first seed
	net    *spec.Net
}

// name is what a reader knows a variation by.
func (v *variation) name() string {
	if v.Flags == "" {
		return "the recipe"
	}
	return v.Flags
}

// begin makes the plan and the folder of a new sweep.
func (s *sweep) begin() error {
	f := s.flags
	s.load = s.loadGiven
	common, err := newJob(&f.trainFlags, s.loadOnce)
	if err != nil {
		return err
	}
	if f.data == "" {
		f.data = common.config.Data // for the variations, whatever their networks
	}
	s.plan = &sweepPlan{Data: common.config.Data, Seed: common.config.Seed, Seeds: f.seeds}
	s.plan.Test = f.test || len(f.try) <= 1 && !f.given("test")
	if err := s.plan.checkSeeds(); err != nil {
		return &usageError{err}
	}
	for _, try := range f.try {
		if err := s.vary(try); err != nil {
			return usagef("--try %s: %w", quoted(try), err)
		}
	}
	if len(f.try) == 0 {
		if err := s.vary(""); err != nil {
			return err
		}
	}
	if err := s.plan.checkShown(); err != nil {
		return err
	}
	return s.makeFolder(common)
}

// vary adds a variation to the plan.
func (s *sweep) vary(text string) error {
	words, err := splitWords(text)
	if err != nil {
		return err
	}
	f, err := s.flags.with(words)
	if err != nil {
		return fmt.Errorf("%w: see taylornet sweep --help", err)
	}
	j, err := newJob(f, s.loadOnce)
	if err != nil {
		return err
	}
	if err := s.check(j); err != nil {
		return err
	}
	v := &variation{Flags: joinWords(words), Size: j.size, Config: j.config, net: j.net}
	base := folderName(words)
	for n := 1; v.Folder == "" || hasFolder(s.plan.Variations, v.Folder); n++ {
		v.Folder = numbered(base, n)
	}
	for _, other := range s.plan.Variations {
		if other.Config == v.Config && other.Size == v.Size {
			return fmt.Errorf("the same as %s", other.name())
		}
	}
	s.plan.Variations = append(s.plan.Variations, v)
	return nil
}

// check reports what would keep a run of the variation from starting.
func (s *sweep) check(j *job) error {
	differing := 1
	if j.config.Teacher != "" { // it may be another for each seed
		differing = s.plan.Seeds
	}
	for n := range differing {
		c := j.config
		c.Seed += uint64(n)
		teacher, err := loadTeacher(c.Teacher, c.Seed)
		if err != nil {
			return err
		}
		if err := train.Check(c, j.data, teacher); err != nil {
			return err
		}
	}
	return nil
}

// hasFolder reports whether one of the variations has the folder.
func hasFolder(list []*variation, folder string) bool {
	return slices.ContainsFunc(list, func(v *variation) bool { return v.Folder == folder })
}

// maxFolderName bounds the length of a variation's folder.
const maxFolderName = 40

// folderName is a short name of a variation that any file system takes.
func folderName(words []string) string {
	safe := func(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '_' }
	parts := strings.FieldsFunc(strings.ToLower(strings.Join(words, " ")), func(r rune) bool { return !safe(r) })
	name := strings.Join(parts, "-")
	name = strings.Trim(name[:min(len(name), maxFolderName)], "-.")
	if name == "" {
		return "recipe"
	}
	return name
}

// checkShown wants accuracies to compare several variations by.
func (p *sweepPlan) checkShown() error {
	for _, v := range p.Variations {
		if v.Config.Validation == 0 && !p.Test {
			return usagef("%s: with --validation 0 there are only test accuracies to compare by, which must choose nothing: show them with --test", v.name())
		}
	}
	return nil
}

// seedRange says which seeds all variations have.
func (p *sweepPlan) seedRange() string {
	if p.Seeds == 1 {
		return fmt.Sprintf("seed %d", p.Seed)
	}
	return fmt.Sprintf("seeds %d to %d", p.Seed, p.Seed+uint64(p.Seeds-1))
}

// checkSeeds wants seeds that can be counted.
func (p *sweepPlan) checkSeeds() error {
	if err := check.Within("seeds", float64(p.Seeds), 1, maxSeeds); err != nil {
		return err
	}
	if p.Seed > math.MaxUint64-uint64(p.Seeds-1) {
		return fmt.Errorf("seed %d: there are not %d seeds from there on", p.Seed, p.Seeds)
	}
	return nil
}

// makeFolder puts the plan into a folder that holds no sweep and none of its runs.
func (s *sweep) makeFolder(common *job) (err error) {
	if s.dir == "" {
		if s.dir, err = freeDir(filepath.Join("sweeps", filepath.Base(common.config.Data))); err != nil {
			return err
		}
	}
	path := filepath.Join(s.dir, planFile)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s already holds a sweep: go on with it with --resume, or choose another folder with --out", s.dir)
	}
	for _, r := range s.planned() {
		if train.Exists(r.dir) {
			return fmt.Errorf("%s: %w: choose another folder with --out", r.dir, train.ErrExists)
		}
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return fmt.Errorf("making the sweep's folder: %w", err)
	}
	if err := fsx.RemoveTemp(s.dir); err != nil { // of a sweep killed before it had its plan
		return err
	}
	return writeFile(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s.plan)
	})
}

// takeUp reads the plan of the sweep to go on with.
func (s *sweep) takeUp() error {
	s.load = s.loadRecorded
	path := filepath.Join(s.dir, planFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("nothing to resume in %s: name the sweep's folder with --out, or start a sweep without --resume", s.dir)
	}
	if err != nil {
		return fmt.Errorf("reading the sweep's plan: %w", err)
	}
	if s.plan, err = decodePlan(text); err != nil {
		return fmt.Errorf("reading the sweep's plan %s: %w", path, err)
	}
	if err := s.refuse(); err != nil {
		return err
	}
	s.plan.Test = s.plan.Test || s.flags.test
	if err := s.plan.checkShown(); err != nil {
		return err
	}
	return fsx.RemoveTemp(s.dir)
}

// decodePlan reads a plan, whatever the bytes.
func decodePlan(text []byte) (*sweepPlan, error) {
	p := &sweepPlan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, err
	}
	if len(p.Variations) == 0 {
		return nil, errors.New("there are no variations")
	}
	for i, v := range p.Variations {
		if v == nil {
			return nil, fmt.Errorf("variation %d is null", i+1)
		}
		if hasFolder(p.Variations[:i], v.Folder) {
			return nil, fmt.Errorf("folder %q is that of two variations", v.Folder)
		}
		if err := v.check(); err != nil {
			return nil, err
		}
	}
	return p, p.checkSeeds()
}

// check wants a folder within the sweep's, and settings to train with.
func (v *variation) check() (err error) {
	if !filepath.IsLocal(v.Folder) || v.Folder == "." || filepath.Base(v.Folder) != v.Folder {
		return fmt.Errorf("folder %q: want a name", v.Folder)
	}
	if err := v.Config.Validate(); err != nil {
		return err
	}
	v.net, err = spec.Parse(v.Config.Net)
	return err
}

// refuse reports the flags that would make another sweep of the one to resume.
func (s *sweep) refuse() error {
	var names []string
	if s.flags.given("seeds") && s.flags.seeds != s.plan.Seeds {
		names = append(names, "--seeds")
	}
	if s.flags.given("try") && !s.triesAgree() {
		names = append(names, "--try")
	}
	source, err := dataSource(s.flags.data)
	if err != nil {
		return err
	}
	for _, v := range s.plan.Variations {
		changed, err := s.changed(v, source)
		if err != nil {
			return err
		}
		for _, name := range changed {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return cannotChange(names, "sweep", s.dir, planFile)
}

// triesAgree reports whether the variations given are those of the plan.
func (s *sweep) triesAgree() bool {
	return slices.EqualFunc(s.flags.try, s.plan.Variations, func(try string, v *variation) bool {
		words, err := splitWords(try)
		return err == nil && joinWords(words) == v.Flags
	})
}

// changed lists the flags, of those that hold for all variations, that one does
// not agree with.
func (s *sweep) changed(v *variation, source string) ([]string, error) {
	words, err := splitWords(v.Flags)
	if err != nil {
		return nil, fmt.Errorf("%s: variation %q: %w", planFile, v.Flags, err)
	}
	f, err := s.flags.with(words)
	if err != nil {
		return nil, fmt.Errorf("%s: variation %q: %w", planFile, v.Flags, err)
	}
	if f.net != s.flags.net {
		f.net = "" // the variation's own, whose file may be another by now
	}
	return (&job{config: v.Config, net: v.net}).changed(f, source)
}
