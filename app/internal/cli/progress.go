package cli

import "sync"

// progress shows how far work is: as a bar on a terminal, elsewhere as a line after every
// fifth. show may be called from several goroutines; done ends it.
func (a *app) progress(what string, total int) (show func(n, total int), done func()) {
	if a.quiet {
		return nil, func() {}
	}
	if isTerminal(a.stderr) {
		bar := newBar(a.stderr, int64(total))
		bar.Describe(what)
		return func(_, total int) {
			bar.ChangeMax(total)
			_ = bar.Add(1)
		}, func() { _ = bar.Clear() }
	}
	var mutex sync.Mutex
	shown := 0
	return func(n, total int) {
		mutex.Lock()
		defer mutex.Unlock()
		if fifth := 5 * n / total; fifth > shown {
			shown = fifth
			a.notef("%s: %d %%", what, 20*fifth)
		}
	}, func() {}
}
