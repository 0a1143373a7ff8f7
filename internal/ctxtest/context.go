package ctxtest

import (
	"context"
	"sync/atomic"
)

// Context ends when it is asked about its end for the n-th time, so that a test can end
// work wherever it asks.
type Context struct {
	context.Context
	end   context.CancelFunc
	n     int64
	asked atomic.Int64
}

// After returns a context that ends at the n-th question; at none if n is 0.
func After(parent context.Context, n int) *Context {
	c := &Context{n: int64(n)}
	c.Context, c.end = context.WithCancel(parent)
	return c
}

// Asked returns the number of questions so far.
func (c *Context) Asked() int { return int(c.asked.Load()) }

// Err implements context.Context.
func (c *Context) Err() error {
	if c.asked.Add(1) == c.n {
		c.end()
	}
	return c.Context.Err()
}
