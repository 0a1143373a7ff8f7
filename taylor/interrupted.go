package taylor

import (
	"context"
	"errors"
	"fmt"
)

// ErrInterrupted is wrapped, together with the context's cause, by the error of an
// analysis whose context ended.
var ErrInterrupted = errors.New("the analysis was interrupted")

// interrupted returns the error for a context that ended, nil for one that did not.
func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}
