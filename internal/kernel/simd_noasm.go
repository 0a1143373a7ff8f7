//go:build !amd64 || purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

const haveAssembly = false

func level() cpu.Level { return cpu.Portable }

func maxIndex(index []int32) uint32 { return maxIndexPortable(index) }

func productFloat32(y, bias, x []float32, win Window, f *Filter[float32]) {
	productPortable(y, bias, x, win, f)
}

func productGradFloat32(dw, x []float32, win Window, dy []float32, cin, cout int) {
	productGradPortable(dw, x, win, dy, cin, cout)
}

func cgFloat32(y, x, mean []float32, win Window, coefs []float32, channels, order int) {
	cgPortable(y, x, mean, win, coefs, channels, order)
}

func cgGradFloat32(dx, dcoefs, x, mean []float32, win Window, dy, coefs []float32, channels, order int) {
	cgGradPortable(dx, dcoefs, x, mean, win, dy, coefs, channels, order)
}

func cgSeriesFloat32(y, x []float32, win Window, s Series, coefs, scratch []float32, channels, order int) {
	cgSeriesPortable(y, x, win, s, coefs, scratch, channels, order)
}

func cgSeriesGradFloat32(dx, dcoefs, x []float32, win Window, s Series, dy, coefs, scratch []float32, channels, order int) {
	cgSeriesGradPortable(dx, dcoefs, x, win, s, dy, coefs, scratch, channels, order)
}

func sumRowsFloat32(sum, x []float32) { sumRowsPortable(sum, x) }

func sumSquaresFloat32(sum, x, mean []float32) { sumSquaresPortable(sum, x, mean) }

func sumProductsFloat32(sum, dot, dy, x, mean []float32) { sumProductsPortable(sum, dot, dy, x, mean) }

func affineFloat32(y, x, scale, shift []float32) { affinePortable(y, x, scale, shift) }

func affine2Float32(z, x, y, a, b, k []float32) { affine2Portable(z, x, y, a, b, k) }

func addFloat32(dst, src []float32) { addPortable(dst, src) }

func dotRowsFloat32(dot, x, y []float32) { dotRowsPortable(dot, x, y) }

func scaleRowsFloat32(y, x, a []float32) { scaleRowsPortable(y, x, a) }

func mixRowsFloat32(z, x, y, a, b []float32) { mixRowsPortable(z, x, y, a, b) }

func winogradInAssembly() bool { return false }

func winogradFloat32(form winogradForm, a winogradTiles[float32]) { winogradPortable(form, a) }

func adamWFloat32(params, m, v, grads []float32, s AdamWStep[float32]) {
	adamWPortable(params, m, v, grads, s)
}
