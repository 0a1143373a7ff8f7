package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/dataset/fetch"
)

func (a *app) dataCommand() *cobra.Command {
	var fetch bool
	cmd := &cobra.Command{
		Use:   "data [NAME...]",
		Short: "Show the known data sets and where they are, or fetch them",
		Long: `Show the known data sets and where they were found. The folders searched are that
of --data-dir, $` + dataEnv + `, the user's cache, and ` + dataset.SystemDir + `.

With --fetch the named sets are downloaded into the first of these folders. A
download that was cut off is resumed, and every file is checked.`,
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

// fetch downloads data sets into the first folder searched, unless they are in
// another one.
func (a *app) fetch(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return usagef("no data set was named: say which to fetch, as in taylornet data mnist --fetch")
	}
	dirs := slices.DeleteFunc(a.dirs(), func(dir string) bool { return dir == "" })
	if len(dirs) == 0 {
		return usagef("there is no folder to put data sets in: choose one with --data-dir")
	}
	for _, info := range a.listed(names) {
		if info.Path != "" && filepath.Dir(info.Path) != filepath.Clean(dirs[0]) {
			continue
		}
		p := &fetchProgress{app: a}
		err := fetch.Set(ctx, info.Name, dirs[0], p.show)
		p.close()
		if ctx.Err() != nil {
			return fmt.Errorf("fetching %s: interrupted: the same command resumes it", info.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchProgress shows how a download goes: one bar per file on a terminal, otherwise
// one line per file.
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
		if isTerminal(p.app.stderr) {
			p.bar = newBar(p.app.stderr, total, progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true),
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

// listed describes the named data sets, or all of them.
func (a *app) listed(names []string) []dataset.Info {
	return slices.DeleteFunc(dataset.List(dataset.Options{Dirs: a.dirs()}), func(info dataset.Info) bool {
		return len(names) > 0 && !slices.Contains(names, info.Name)
	})
}

func (a *app) listData(names []string) error {
	list := a.listed(names)
	if a.json {
		return a.writeJSON(map[string]any{"data": list})
	}
	t := newTable("data set", ">train", ">test", ">images", ">classes", ">download", "found in")
	for _, d := range list {
		found, download := d.Path, fmt.Sprintf("%.1f MB", float64(d.Download)/1e6)
		if d.Download == 0 {
			download = "-"
		}
		if found == "" {
			found = "- (" + fetchCommand(d.Name) + ")"
		}
		shape := fmt.Sprintf("%dx%dx%d", d.Shape[0], d.Shape[1], d.Shape[2])
		t.add(d.Name, count(d.Train), count(d.Test), shape, count(len(d.Classes)), download, found)
	}
	t.write(a.out)
	if len(names) > 0 {
		for _, d := range list {
			a.printf("\n%s: %s\nclasses: %s\n", d.Name, d.Source, long(strings.Join(d.Classes, ", ")))
		}
	}
	return nil
}

func fetchCommand(name string) string { return "taylornet data " + name + " --fetch" }

// load loads a data set from the folders that are searched. Its errors say which flag helps.
func (a *app) load(ctx context.Context, name string, opts dataset.Options) (*dataset.Data, error) {
	opts.Dirs, opts.Memory = a.dirs(), cmp.Or(opts.Memory, a.memory.bytes)
	data, err := dataset.Load(ctx, name, opts)
	var sizes *dataset.SizeError
	switch {
	case errors.Is(err, dataset.ErrNotFound):
		return nil, fmt.Errorf("%w; get it with: %s", err, fetchCommand(name))
	case errors.As(err, &sizes):
		return nil, fmt.Errorf("%w, with --size %v", err, &sizeFlag{sizes.Size})
	}
	return data, err
}
