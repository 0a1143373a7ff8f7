package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
)

func (a *app) dataCommand() *cobra.Command {
	var fetch bool
	cmd := &cobra.Command{
		Use:   "data [NAME...]",
		Short: "Show the known data sets and where they are; fetch them",
		Long: `Show the known data sets and where they were found. They are looked for in the
folder of --data-dir, in $` + dataEnv + `, in the user's cache, and in
` + dataset.SystemDir + `. With --fetch the named sets are downloaded into the
first of these; what was cut is resumed, and every file is checked.`,
		Example: `  taylornet data
  taylornet data mnist --fetch
  taylornet data mnist cifar-10 --fetch --data-dir ~/data`,
		ValidArgsFunction: completeData,
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := checkNames(names); err != nil {
				return err
			}
			if fetch {
				if err := a.fetch(cmd.Context(), names); err != nil {
					return err
				}
			}
			return a.listData(names)
		},
	}
	cmd.Flags().BoolVar(&fetch, "fetch", false, "download the named data sets")
	return cmd
}

func checkNames(names []string) error {
	for _, name := range names {
		if known := dataNames(); !slices.Contains(known, name) {
			return usagef("%w %q: want %s", dataset.ErrUnknown, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// fetch downloads data sets into the first folder that is looked in, unless
// they are in another.
func (a *app) fetch(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return usagef("no data set named: say which to fetch, as in taylornet data mnist --fetch")
	}
	dirs := slices.DeleteFunc(a.dirs(), func(dir string) bool { return dir == "" })
	if len(dirs) == 0 {
		return usagef("no folder to put data sets in: choose one with --data-dir")
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	for _, info := range a.listed(names) {
		if info.Path != "" && filepath.Dir(info.Path) != filepath.Clean(dirs[0]) {
			continue
		}
		p := &fetchProgress{app: a}
		err := dataset.FetchSet(ctx, info.Name, dirs[0], p.show)
		p.close()
		if ctx.Err() != nil {
			return fmt.Errorf("fetching %s: interrupted: the same command goes on from here", info.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchProgress shows how a download goes: a bar a file on a terminal, else a
// line a file.
type fetchProgress struct {
	app  *app
	file string
	bar  *progressbar.ProgressBar
}

func (p *fetchProgress) show(file string, done, total int64) {
	if p.app.quiet {
		return
	}
	if file != p.file {
		p.close()
		p.file = file
		if isTerminal(p.app.err) {
			p.bar = newBar(p.app.err, total, progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true),
				progressbar.OptionShowCount(), progressbar.OptionSetDescription(file))
		} else {
			p.app.notef("fetching %s", file)
		}
	}
	if p.bar != nil {
		_ = p.bar.Set64(done)
	}
}

func (p *fetchProgress) close() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}

// dataOutput is a data set in the output of --json.
type dataOutput struct {
	Name     string   `json:"name"`
	Train    int      `json:"train"`
	Test     int      `json:"test"`
	Shape    [3]int   `json:"shape"`
	Classes  []string `json:"classes"`
	Download int64    `json:"download"` // bytes
	Source   string   `json:"source"`
	Path     string   `json:"path"` // empty if not found
}

// listed describes the named data sets, or all.
func (a *app) listed(names []string) []dataset.Info {
	return slices.DeleteFunc(dataset.List(dataset.Options{Dirs: a.dirs()}), func(info dataset.Info) bool {
		return len(names) > 0 && !slices.Contains(names, info.Name)
	})
}

func (a *app) listData(names []string) error {
	list := []dataOutput{}
	t := newTable("data set", ">train", ">test", ">images", ">classes", ">download", "found in")
	for _, d := range a.listed(names) {
		list = append(list, dataOutput{d.Name, d.Train, d.Test, [3]int{d.H, d.W, d.C}, d.Classes, d.Download, d.Source, d.Path})
		found, download := d.Path, fmt.Sprintf("%.1f MB", float64(d.Download)/1e6)
		if d.Download == 0 {
			download = "-"
		}
		if found == "" {
			found = "- (taylornet data " + d.Name + " --fetch)"
		}
		t.add(d.Name, count(d.Train), count(d.Test), fmt.Sprintf("%dx%dx%d", d.H, d.W, d.C), count(len(d.Classes)), download, found)
	}
	if a.json {
		return a.writeJSON(map[string]any{"data": list})
	}
	t.write(a.out)
	if len(names) > 0 {
		for _, d := range list {
			a.printf("\n%s: %s\nclasses: %s\n", d.Name, d.Source, strings.Join(d.Classes, ", "))
		}
	}
	return nil
}
