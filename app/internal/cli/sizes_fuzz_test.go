package cli

import "testing"

// FuzzSizeFlag checks that a size that is taken is written as one that is read alike.
func FuzzSizeFlag(f *testing.F) {
	for _, text := range []string{"28x28", "28", "1x65536", "0x1", "-1x5", "x", "9223372036854775808", "+5x5", "5x5x5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var size, again sizeFlag
		if size.Set(text) != nil {
			return
		}
		if size.H < 1 || size.W < 1 {
			t.Errorf("%q is %v", text, size)
		}
		if err := again.Set(size.String()); err != nil || again != size {
			t.Errorf("%q is written as %v, which is read as %v: %v", text, size.String(), again, err)
		}
	})
}

// FuzzMemoryFlag checks that an amount of memory that is taken is above 0.
func FuzzMemoryFlag(f *testing.F) {
	for _, text := range []string{"300MB", "1.5GiB", "2e9", "NaN", "Inf", "-1", "1e300TB", "0.1b", "0x1p10", "mb", "1 kB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var memory memoryFlag
		if err := memory.Set(text); err == nil && memory.bytes < 1 {
			t.Errorf("%q is %d bytes", text, memory.bytes)
		}
	})
}
