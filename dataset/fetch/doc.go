// Package fetch downloads the known data sets of package dataset from where they are
// published. It stands apart so that a program that only reads data carries no HTTP.
//
//	if err := fetch.Set(ctx, "mnist", "data", nil); err != nil {
//		return err
//	}
//	data, err := dataset.Load(ctx, "mnist", dataset.Options{Dirs: []string{"data"}})
package fetch
