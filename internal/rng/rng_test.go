package rng

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The numbers must never change: runs are reproduced from their seeds.
func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		seed uint64
		name string
		at   []uint64
		want [3]uint64
	}{
		{0, "", nil, [3]uint64{0x35305e67079c1ff8, 0xfec2902b108e786a, 0x9fe1a7e3063bce5d}},
		{1, "init", nil, [3]uint64{0xbb32a165ad4b06a2, 0x5d5a00f56ccb0dde, 0xc32396eb24200136}},
		{1, "augment", []uint64{2, 59999}, [3]uint64{0x468cf9624ba478bf, 0x41ae0f38a5ab4ca1, 0x4a3df98e2babb7b3}},
	} {
		r := New(tt.seed, tt.name, tt.at...)
		got := [3]uint64{r.Uint64(), r.Uint64(), r.Uint64()}
		if got != tt.want {
			t.Errorf("stream (%d, %q, %v) = %#x, want %#x", tt.seed, tt.name, tt.at, got, tt.want)
		}
	}
}

func TestGoldenStream(t *testing.T) {
	var s Stream
	s.Reset(7, "golden")
	got := fmt.Sprintf("%v %v %d", s.Uniform(0, 1), s.Uniform(-3, 5), s.IntN(1000))
	if want := "0.15591994849176138 -1.173196599283095 323"; got != want {
		t.Errorf("stream draws %s, want %s", got, want)
	}
	if got := fmt.Sprint(s.Bell(), s.Bell()); got != "-1.5528886 1.4346718" {
		t.Errorf("Bell draws %s", got)
	}
	order := make([]int32, 8)
	Permutation(order, 7, "golden")
	if want := []int32{2, 3, 1, 6, 5, 7, 0, 4}; !slices.Equal(order, want) {
		t.Errorf("Permutation = %v, want %v", order, want)
	}
}

// Streams next to each other in any argument share no early number and are
// uncorrelated.
func TestStreamsAreUnrelated(t *testing.T) {
	const n = 4096
	draw := func(s *Stream) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = s.Uniform(-1, 1)
		}
		return x
	}
	var a, b Stream
	a.Reset(1, "a", 0)
	base := draw(&a)
	for _, reset := range []func(){
		func() { b.Reset(2, "a", 0) },
		func() { b.Reset(^uint64(1), "a", 0) },
		func() { b.Reset(1, "b", 0) },
		func() { b.Reset(1, "a", 1) },
		func() { b.Reset(1, "a") },
		func() { b.Reset(1, "a", 0, 0) },
		func() { b.Reset(1, "a\x00") },
		func() { b.Reset(0, "a", 1) },
	} {
		reset()
		other := draw(&b)
		sum := 0.0
		for i := range base {
			sum += base[i] * other[i]
		}
		// The mean of n products of variance 1/9; five standard deviations.
		if r := sum / n; !(math.Abs(r) <= 5/(3*math.Sqrt(n))) {
			t.Errorf("correlation %g between streams", r)
		}
	}
}

func TestNoCollisions(t *testing.T) {
	seen := make(map[uint64]string)
	var s Stream
	for seed := range uint64(3) {
		for _, name := range []string{"order", "augment", "init"} {
			for epoch := range uint64(20) {
				for index := range uint64(500) {
					s.Reset(seed, name, epoch, index)
					key := fmt.Sprint(seed, name, epoch, index)
					first := s.pcg.Uint64()
					if other, ok := seen[first]; ok {
						t.Fatalf("streams %s and %s start alike", key, other)
					}
					seen[first] = key
				}
			}
		}
	}
}

func TestDraws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Stream
		s.Reset(rapid.Uint64().Draw(t, "seed"), rapid.String().Draw(t, "name"), rapid.Uint64().Draw(t, "at"))
		n := rapid.IntRange(1, math.MaxInt).Draw(t, "n")
		if v := s.IntN(n); v < 0 || v >= n {
			t.Fatalf("IntN(%d) = %d", n, v)
		}
		if v := s.Uniform(-2, 3); !(v >= -2 && v < 3) {
			t.Fatalf("Uniform(-2,3) = %g", v)
		}
	})
}

func TestIntNIsUniform(t *testing.T) {
	const n, draws = 7, 70000
	var s Stream
	s.Reset(3, "uniform")
	var count [n]int
	for range draws {
		count[s.IntN(n)]++
	}
	chi2 := 0.0
	for _, c := range count {
		d := float64(c) - draws/n
		chi2 += d * d / (draws / n)
	}
	// 99.99 % point of chi-squared with six degrees of freedom.
	if !(chi2 <= 27.9) {
		t.Errorf("counts %v, chi-squared %g", count, chi2)
	}
}

func TestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst := make([]int32, rapid.IntRange(0, 200).Draw(t, "n"))
		Permutation(dst, rapid.Uint64().Draw(t, "seed"), "order")
		sorted := slices.Sorted(slices.Values(dst))
		for i, v := range sorted {
			if int(v) != i {
				t.Fatalf("not a permutation: %v", dst)
			}
		}
	})
}

// Each of the six orders of three comes up as often as the others.
func TestPermutationIsUniform(t *testing.T) {
	const draws = 60000
	count := make(map[[3]int32]int)
	for i := range uint64(draws) {
		var p [3]int32
		Permutation(p[:], 5, "order", i)
		count[p]++
	}
	chi2 := 0.0
	for _, c := range count {
		d := float64(c) - draws/6
		chi2 += d * d / (draws / 6)
	}
	// 99.99 % point of chi-squared with five degrees of freedom.
	if len(count) != 6 || !(chi2 <= 25.8) {
		t.Errorf("counts %v, chi-squared %g", count, chi2)
	}
}

func TestStreamAllocatesNothing(t *testing.T) {
	var s Stream
	dst := make([]int32, 10)
	sum := 0.0
	if n := testing.AllocsPerRun(100, func() {
		s.Reset(1, "augment", 2, 3)
		sum += s.Uniform(0, 1) + float64(s.IntN(9))
		Permutation(dst, 1, "order", 2)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkReset(b *testing.B) {
	var s Stream
	sum := 0.0
	for i := range uint64(b.N) {
		s.Reset(1, "augment", 2, i)
		sum += s.Uniform(0, 1)
	}
	_ = sum
}

func ExampleNew() {
	// The order of the images in an epoch and their augmentation come from
	// streams that know nothing of each other.
	const seed, epoch = 1, 3
	order := make([]int32, 5)
	Permutation(order, seed, "order", epoch)
	angle := New(seed, "augment", epoch, uint64(order[0])).Float64()
	fmt.Println(len(order), angle < 1)
	// Output: 5 true
}

func TestBellIsNearlyNormal(t *testing.T) {
	const n = 1 << 17
	var s Stream
	s.Reset(1, "bell")
	var moments [5]float64
	for range n {
		x := float64(s.Bell())
		for k, power := range []float64{1, x, x * x, x * x * x, x * x * x * x} {
			moments[k] += power / n
		}
	}
	// The sum of m uniform numbers has a kurtosis of 3 - 1.2/m.
	for k, want := range []float64{1, 0, 1, 0, 2.7} {
		if math.Abs(moments[k]-want) > 0.03 {
			t.Errorf("moment %d is %.4f, want %.4f", k, moments[k], want)
		}
	}
}
