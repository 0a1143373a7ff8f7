package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/internal/kernel/peak"
	"github.com/coarsegrain/taylornet/tensor"
)

// images is the number of images in the micro-batch of the benchmarks.
const images = 16

// convWindow is the window of a k x k convolution with stride 1 and same
// padding over images of side x side pixels with c channels.
func convWindow(side, k, c int) Window {
	win := Window{Taps: k * k}
	for n := range images {
		for y := range side {
			for x := range side {
				for dy := -(k / 2); dy <= k/2; dy++ {
					for dx := -(k / 2); dx <= k/2; dx++ {
						at := 0
						if y+dy >= 0 && y+dy < side && x+dx >= 0 && x+dx < side {
							at = Head(c) + ((n*side+y+dy)*side+x+dx)*c
						}
						win.Index = append(win.Index, int32(at))
					}
				}
			}
		}
	}
	return win
}

func filled(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	s := tensor.Alloc[float32](n)
	for i := range s {
		s[i] = r.Float32() - 0.5
	}
	return s
}

func eachLevel(b *testing.B, f func(b *testing.B)) {
	for _, l := range cpu.Supported() {
		b.Run(l.String(), func(b *testing.B) {
			defer cpu.Set(l)()
			f(b)
		})
	}
}

func flops(b *testing.B, perOp int) {
	b.ReportMetric(float64(perOp)*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
}

// ofCopy declares that an operation reads and writes so many bytes and reports
// what share of its time a copy of as many takes, in the cache that holds them.
func ofCopy(b *testing.B, bytes int) {
	b.SetBytes(int64(bytes))
	perOp := b.Elapsed() / time.Duration(b.N)
	c := peak.NewCopy(bytes)
	b.ReportMetric(100*fastest(func() { c.Run() }).Seconds()/perOp.Seconds(), "%copy")
}

// ofPlain reports how many times as long as plain an operation takes.
func ofPlain(b *testing.B, op, plain func()) {
	b.ReportMetric(fastest(op).Seconds()/fastest(plain).Seconds(), "x-plain")
}

// fastest returns the shortest time that f takes, which other programs do not disturb.
func fastest(f func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range 50 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

type convCase struct{ side, cin, cout int }

func (c convCase) String() string { return fmt.Sprintf("%dx%d/%d-%d", c.side, c.side, c.cin, c.cout) }

var convCases = []convCase{{14, 64, 64}, {7, 64, 64}, {4, 64, 64}, {28, 1, 64}}

func BenchmarkProduct(b *testing.B) {
	for _, c := range convCases {
		win := convWindow(c.side, 3, c.cin)
		x, w := filled(Head(c.cin)+images*c.side*c.side*c.cin), filled(9*c.cin*c.cout)
		y, bias := filled(win.Sites()*c.cout), filled(c.cout)
		b.Run(c.String(), func(b *testing.B) {
			eachLevel(b, func(b *testing.B) {
				f := NewFilter[float32](9, c.cin, c.cout)
				f.Pack(w)
				for b.Loop() {
					Product(y, bias, x, win, f)
				}
				flops(b, 2*win.Sites()*9*c.cin*c.cout)
			})
		})
	}
}

func BenchmarkProductGrad(b *testing.B) {
	for _, c := range convCases {
		win := convWindow(c.side, 3, c.cin)
		x, dw := filled(Head(c.cin)+images*c.side*c.side*c.cin), filled(9*c.cin*c.cout)
		dy := filled(win.Sites() * c.cout)
		b.Run(c.String(), func(b *testing.B) {
			eachLevel(b, func(b *testing.B) {
				for b.Loop() {
					ProductGrad(dw, x, win, dy, c.cin, c.cout)
				}
				flops(b, 2*win.Sites()*9*c.cin*c.cout)
			})
		})
	}
}

func cgWindow(side, c int) Window {
	win := Window{Taps: 4, Partition: true}
	for n := range images {
		for y := 0; y < side; y += 2 {
			for x := 0; x < side; x += 2 {
				for _, d := range []int{0, 1, side, side + 1} {
					win.Index = append(win.Index, int32(Head(c)+((n*side+y)*side+x+d)*c))
				}
			}
		}
	}
	return win
}

func BenchmarkCG(b *testing.B) {
	const c = 64
	for _, side := range []int{28, 14} {
		win := cgWindow(side, c)
		x, y := filled(Head(c)+images*side*side*c), filled(win.Sites()*c)
		coefs := filled(15 * c)
		for _, mean := range [][]float32{nil, filled(c)} {
			b.Run(fmt.Sprintf("%dx%d/centred=%t", side, side, mean != nil), func(b *testing.B) {
				eachLevel(b, func(b *testing.B) {
					for b.Loop() {
						CG(y, x, mean, win, coefs, c, 2)
					}
					ofCopy(b, 4*(len(x)+len(y)))
					flops(b, 28*len(y))
				})
			})
		}
	}
}

func BenchmarkCGGrad(b *testing.B) {
	const c = 64
	for _, side := range []int{28, 14} {
		win := cgWindow(side, c)
		x, dy := filled(Head(c)+images*side*side*c), filled(win.Sites()*c)
		dx := filled(len(x))
		coefs, dcoefs := filled(15*c), filled(15*c)
		for _, mean := range [][]float32{nil, filled(c)} {
			b.Run(fmt.Sprintf("%dx%d/centred=%t", side, side, mean != nil), func(b *testing.B) {
				eachLevel(b, func(b *testing.B) {
					for b.Loop() {
						CGGrad(dx, dcoefs, x, mean, win, dy, coefs, c, 2)
					}
					ofCopy(b, 4*(2*len(x)+len(dy)))
					flops(b, 81*len(dy))
				})
			})
		}
	}
}

// seriesBench is the arguments of a coarse-graining of series.
type seriesBench struct {
	all, one                         Window // of all images and of one
	s                                Series
	c                                int
	x, y, dx, coefs, dcoefs, scratch []float32
}

// eachSeries benchmarks what f returns for series up to order 3: an operation, and that
// on as many images without series.
func eachSeries(b *testing.B, f func(a seriesBench) (op, plain func())) {
	for _, size := range []struct{ side, c int }{{28, 64}, {14, 64}, {28, 28}, {14, 28}, {4, 56}} {
		for _, s := range []Series{{In: 1, Out: 2}, {In: 2, Out: 3}, {In: 3, Out: 3}} {
			win := cgWindow(size.side, size.c)
			a := seriesBench{all: win, one: win.First(win.Sites() / images), s: s, c: size.c}
			a.s.Images, a.s.Map = images, size.side*size.side*size.c
			a.x, a.y = filled(Head(a.c)+a.s.maps(s.In)*a.s.Map), filled(a.s.maps(s.Out)*a.one.Sites()*a.c)
			a.dx, a.scratch = filled(len(a.x)), filled(CGSeriesScratch(4, a.one.Sites(), a.c, a.s))
			a.coefs, a.dcoefs = filled(15*a.c), filled(15*a.c)
			op, plain := f(a)
			b.Run(fmt.Sprintf("%dx%dx%d/%d-%d", size.side, size.side, size.c, s.In, s.Out), func(b *testing.B) {
				eachLevel(b, func(b *testing.B) {
					for b.Loop() {
						op()
					}
					ofPlain(b, op, plain)
				})
			})
		}
	}
}

func BenchmarkCGSeries(b *testing.B) {
	eachSeries(b, func(a seriesBench) (op, plain func()) {
		op = func() { CGSeries(a.y, a.x, a.one, a.s, a.coefs, a.scratch, a.c, 2) }
		return op, func() { CG(a.y[:a.all.Sites()*a.c], a.x, nil, a.all, a.coefs, a.c, 2) }
	})
}

func BenchmarkCGSeriesGrad(b *testing.B) {
	eachSeries(b, func(a seriesBench) (op, plain func()) {
		op = func() { CGSeriesGrad(a.dx, a.dcoefs, a.x, a.one, a.s, a.y, a.coefs, a.scratch, a.c, 2) }
		return op, func() { CGGrad(a.dx, a.dcoefs, a.x, nil, a.all, a.y[:a.all.Sites()*a.c], a.coefs, a.c, 2) }
	})
}

func BenchmarkChannelPasses(b *testing.B) {
	for _, c := range []int{64, 10, 3} {
		rows := 16 * 28 * 28 * 64 / c / 8
		for _, p := range channelPasses {
			args, bytes := make([][]float32, len(p.args)), 0
			for i, e := range p.args {
				n := e.size(channelCase{rows, c})
				args[i], bytes = filled(n), bytes+4*n
			}
			b.Run(fmt.Sprintf("%s/%dx%d", p.name, rows, c), func(b *testing.B) {
				eachLevel(b, func(b *testing.B) {
					b.SetBytes(int64(bytes))
					for b.Loop() {
						p.float32(args)
					}
				})
			})
		}
	}
}
