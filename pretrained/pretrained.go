package pretrained

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/model"
)

//go:embed cifar-10.safetensors cifar-10-large.safetensors cifar-10-readable.safetensors digits.safetensors fashion-mnist.safetensors fashion-mnist-readable.safetensors mnist.safetensors mnist-paper.safetensors mnist-readable.safetensors mnist-readable-small.safetensors mnist-small.safetensors mnist-tiny.safetensors
var files embed.FS

const extension = ".safetensors"

// Names lists the models, sorted.
func Names() []string {
	paths, err := fs.Glob(files, "*"+extension)
	if err != nil {
		panic("pretrained.Names: " + err.Error())
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, extension)
	}
	slices.Sort(paths)
	return paths
}

// Has reports whether there is a model of that name.
func Has(name string) bool { return slices.Contains(Names(), name) }

// Load returns the model of that name. Options are as in model.New. The error for an
// unknown name lists the known ones.
func Load(name string, opts ...model.Options) (*model.Model, error) {
	if !Has(name) {
		return nil, fmt.Errorf("no model is called %q: there are %s", name, strings.Join(Names(), ", "))
	}
	data, err := files.ReadFile(name + extension)
	if err != nil {
		return nil, err
	}
	return model.Decode(data, opts...)
}
