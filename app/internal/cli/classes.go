package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
)

const byPositionFlag = "by-position"

// addByPosition gives a command the flag that matches classes by position.
func addByPosition(cmd *cobra.Command, value *bool, others string) {
	cmd.Flags().BoolVar(value, byPositionFlag, false, "match the classes of the data with "+others+" by position, not by name")
}

// match returns what the flag chooses.
func match(byPosition bool) dataset.Match {
	if byPosition {
		return dataset.ByPosition
	}
	return dataset.ByName
}

// rename gives the images of a data set the classes of a model by position.
func rename(data *dataset.Data, classes []string) error {
	for _, part := range []**dataset.Set{&data.Train, &data.Test, &data.Validation} {
		if *part == nil {
			continue
		}
		renamed, err := (*part).Align(classes, dataset.ByPosition)
		if err != nil {
			return fmt.Errorf("--%s: %s: %w", byPositionFlag, (*part).Name, err)
		}
		*part = renamed
	}
	return nil
}

// adviseClasses adds to an error about classes what to do.
func adviseClasses(err error) error {
	if errors.Is(err, dataset.ErrClasses) {
		return fmt.Errorf("%w: rename the classes or leave them out, or match by position with --%s", err, byPositionFlag)
	}
	return err
}
