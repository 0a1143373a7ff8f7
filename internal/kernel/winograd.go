package kernel

import "github.com/coarsegrain/taylornet/tensor"

// Winograd's minimal filtering F(4x4,3x3) (Lavin and Gray 2016) computes a 3x3
// convolution of stride 1 in tiles of 4x4 outputs, with 36 products per pair
// of channels instead of 144:
//
//	y = A^T [ (G w G^T) * (B^T x B) ] A
//
// where * is one product of matrices [tiles,cin] [cin,cout] in each of 36
// planes. Transposing the formula gives the gradient to w from the same B^T x B
// and A dy A^T; the gradient to x is a convolution of dy.
const (
	WinogradOut    = 4                         // side of a tile of outputs
	WinogradIn     = WinogradOut + 2           // side of a tile of inputs
	WinogradPlanes = WinogradIn * WinogradIn   // products, each in a plane of its own
	winogradTaps   = WinogradOut * WinogradOut // outputs of a tile
	winogradFilter = 9                         // weights of a filter
)

// winogradForm is one of the linear maps, of a tile [in,in] to one [out,out].
type winogradForm int

const (
	winogradB winogradForm = iota // inputs to planes
	winogradA                     // planes to outputs: A transposed
	winogradD                     // gradients of outputs to planes: A
	winogradG                     // weights to planes
	winogradW                     // planes to gradients of weights: G transposed
)

// winogradMatrix is a matrix [rows][cols], the rest of which is zero.
type winogradMatrix struct {
	at         [WinogradIn][WinogradIn]float64
	rows, cols int
}

// matrix returns the form's matrix [out][in]. Its points are 0, 1, -1, 2, -2 and
// infinity.
func (f winogradForm) matrix() winogradMatrix {
	switch f {
	case winogradB:
		return winogradMatrix{[WinogradIn][WinogradIn]float64{
			{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
			{0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
		}, WinogradIn, WinogradIn}
	case winogradA:
		return winogradD.matrix().transposed()
	case winogradD:
		return winogradMatrix{[WinogradIn][WinogradIn]float64{
			{1, 0, 0, 0}, {1, 1, 1, 1}, {1, -1, 1, -1}, {1, 2, 4, 8}, {1, -2, 4, -8}, {0, 0, 0, 1},
		}, WinogradIn, WinogradOut}
	case winogradG:
		return winogradMatrix{[WinogradIn][WinogradIn]float64{
			{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6},
			{1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1},
		}, WinogradIn, 3}
	default:
		return winogradG.matrix().transposed()
	}
}

func (m winogradMatrix) transposed() winogradMatrix {
	t := winogradMatrix{rows: m.cols, cols: m.rows}
	for i, row := range m.at {
		for j, v := range row {
			t.at[j][i] = v
		}
	}
	return t
}

// winogradTiles is the arguments of a transform. Element p of tile t stands at
// p*plane + t*tile; or, if index is set, on the side of the form that
// reads or writes feature maps, at index[t,p], where 0 means a site outside.
type winogradTiles[T tensor.Float] struct {
	dst, src, bias    []T
	index             []int32
	n, channels       int
	dstPlane, dstTile int
	srcPlane, srcTile int
}

// WinogradStride returns the length to choose for planes of n elements. Planes
// that stood a multiple of 4 KiB apart would share a few lines of the first cache.
func WinogradStride(n int) int {
	const line = tensor.Align / 4
	return (n+line-1)/line*line + line
}

// WinogradInput transforms the tiles of 6x6 inputs that win lists from x, a
// buffer with a zero pixel, to the planes v [36][tiles][channels], each of which
// may be followed by padding.
func WinogradInput[T tensor.Float](v, x []T, win Window, channels int) {
	winogradFrom("kernel.WinogradInput", winogradB, v, x, win, WinogradPlanes, channels)
}

// WinogradOutputGrad transforms the tiles of 4x4 gradients of outputs that win
// lists from dy, a buffer with a zero pixel, to the planes m [36][tiles][channels].
func WinogradOutputGrad[T tensor.Float](m, dy []T, win Window, channels int) {
	winogradFrom("kernel.WinogradOutputGrad", winogradD, m, dy, win, winogradTaps, channels)
}

func winogradFrom[T tensor.Float](name string, form winogradForm, v, x []T, win Window, taps, channels int) {
	tiles := win.Sites()
	stride := len(v) / WinogradPlanes
	if win.Taps != taps || len(v)%WinogradPlanes != 0 || stride < tiles*channels {
		panic(name + ": sizes do not agree")
	}
	win.check(name, channels, len(x))
	winograd(form, winogradTiles[T]{
		dst: v, src: x, index: win.Index, n: tiles, channels: channels, dstPlane: stride, dstTile: channels,
	})
}

// WinogradOutput transforms the planes m [36][tiles][channels] to tiles of 4x4
// outputs and stores them, with the bias added, at the places of win in y, a buffer
// with a zero pixel. What would go to the zero pixel is dropped. A nil bias is
// zero.
func WinogradOutput[T tensor.Float](y, bias, m []T, win Window, channels int) {
	tiles := win.Sites()
	stride := len(m) / WinogradPlanes
	if win.Taps != winogradTaps || len(m)%WinogradPlanes != 0 || stride < tiles*channels || (bias != nil && len(bias) != channels) {
		panic("kernel.WinogradOutput: sizes do not agree")
	}
	win.check("kernel.WinogradOutput", channels, len(y))
	winograd(winogradA, winogradTiles[T]{
		dst: y, src: m, bias: bias, index: win.Index, n: tiles, channels: channels, srcPlane: stride, srcTile: channels,
	})
}

// NewWinogradFilters returns a filter for each plane of a convolution of cin to
// cout channels.
func NewWinogradFilters[T tensor.Float](cin, cout int) []*Filter[T] {
	return newFilters[T](WinogradPlanes, 1, cin, cout)
}

// PackWinograd takes the weights w [9][cin][cout] of a convolution.
func PackWinograd[T tensor.Float](planes []*Filter[T], w []T) {
	f := planes[0]
	if len(planes) != WinogradPlanes || len(w) != winogradFilter*f.cin*f.cout {
		panic("kernel.PackWinograd: sizes do not agree")
	}
	stride := WinogradStride(len(f.data))
	all := f.data[:stride*(WinogradPlanes-1)+len(f.data)]
	for o := 0; o < f.cout; o += f.panel {
		n := min(f.panel, f.cout-o)
		winograd(winogradG, winogradTiles[T]{
			dst: all[o*f.cin:], src: w[o:], n: f.cin, channels: n,
			dstPlane: stride, dstTile: f.padded(n), srcPlane: f.cin * f.cout, srcTile: f.cout,
		})
	}
}

// WinogradFilterGrad adds to dw [9][cin][cout] the gradient of the weights whose
// gradient in the planes is u [36][cin][cout], each perhaps followed by padding.
func WinogradFilterGrad[T tensor.Float](dw, u []T, cin, cout int) {
	stride := len(u) / WinogradPlanes
	if len(dw) != winogradFilter*cin*cout || len(u)%WinogradPlanes != 0 || stride < cin*cout {
		panic("kernel.WinogradFilterGrad: sizes do not agree")
	}
	winograd(winogradW, winogradTiles[T]{
		dst: dw, src: u, n: cin, channels: cout, dstPlane: cin * cout, dstTile: cout, srcPlane: stride, srcTile: cout,
	})
}

func winograd[T tensor.Float](form winogradForm, a winogradTiles[T]) {
	dst := float32s(a.dst)
	if dst == nil {
		winogradPortable(form, a)
		return
	}
	winogradFloat32(form, winogradTiles[float32]{
		dst: dst, src: float32s(a.src), bias: float32s(a.bias), index: a.index, n: a.n, channels: a.channels,
		dstPlane: a.dstPlane, dstTile: a.dstTile, srcPlane: a.srcPlane, srcTile: a.srcTile,
	})
}

// WinogradPays reports whether the planes can be faster than Product on the
// convolution's window. They are if the transforms are in assembly and cheap beside
// the products: the cost of transforms grows with the channels, that of products
// with cin*cout.
func WinogradPays[T tensor.Float](cin, cout int) bool {
	var none []T
	_, ok := any(none).([]float32)
	return ok && winogradInAssembly() && cin >= 16 && cout >= 16
}

func winogradPortable[T tensor.Float](form winogradForm, a winogradTiles[T]) {
	m := form.matrix()
	q, p := m.rows, m.cols
	var in, half [WinogradIn * WinogradIn]T
	for t := range a.n {
		for c := range a.channels {
			for k := range p * p {
				in[k] = a.src[a.from(form, t, k, p)+c]
			}
			for i := range p {
				for l := range q {
					half[i*q+l] = dot(m.at[l][:p], in[i*p:], 1)
				}
			}
			for k := range q * q {
				a.put(form, t, k, q, c, dot(m.at[k/q][:p], half[k%q:], q))
			}
		}
	}
}

// dot returns the product of a row of a matrix with every stride-th element of x.
func dot[T tensor.Float](row []float64, x []T, stride int) T {
	var sum T
	for i, f := range row {
		sum += T(f) * x[i*stride]
	}
	return sum
}

// from returns the place in src of element k of tile t.
func (a winogradTiles[T]) from(form winogradForm, t, k, side int) int {
	if form == winogradB || form == winogradD {
		return int(a.index[t*side*side+k])
	}
	return k*a.srcPlane + t*a.srcTile
}

// put stores element k of tile t.
func (a winogradTiles[T]) put(form winogradForm, t, k, side, c int, v T) {
	switch {
	case form == winogradW:
		a.dst[k*a.dstPlane+t*a.dstTile+c] += v
	case form != winogradA:
		a.dst[k*a.dstPlane+t*a.dstTile+c] = v
	case a.index[t*side*side+k] != 0:
		if a.bias != nil {
			v += a.bias[c]
		}
		a.dst[int(a.index[t*side*side+k])+c] = v
	}
}
