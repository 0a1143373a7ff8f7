package tensor

import "errors"

// ErrMemory is wrapped by errors about work that would hold more memory than its budget.
var ErrMemory = errors.New("the memory budget is too small")
