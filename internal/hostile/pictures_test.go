//go:build linux

package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

var readsPicture = []string{
	"predict digits {in} --json --quiet",
	"predict digits {in} --show {out}",
	"predict digits {in} {in} {in} {in} {in} {in} {in} {in} --json --quiet",
	"predict cifar-10 {in} --json --quiet",
	"predict {run} {in} {digit} --prepare whole",
	"explain digits {in} --out {out} --json --quiet",
	"explain digits {digit} --about {in} --json --quiet",
	"classify {refs} {in} --json --quiet",
	"classify {refs} {in} --out {out}",
}

// readsClasses is what reads a folder of class folders.
var readsClasses = []string{
	"train --data {in} --size 8x8 --epochs 1 --batch 2 --net '" + smallNet + "' --out {out} --json --quiet",
	"train --data {in} --epochs 1 --out {out}",
	"eval digits --data {in} --json --quiet",
	"eval {run} --data {in} --by-position",
	"classify {refs} --data {in} --json --quiet",
	"distill {run} --data {in} --size 8x8 --by-position --levels 1 --steps 1 --evaluate none --out {out} --quiet",
	"taylor --data {in} --epochs 1 --seeds 1 --out {out} --quiet",
}

// picture is a PNG by its header and its rows, which are zeros but for the honest one.
type picture struct {
	w, h       uint32
	depth, typ byte
	interlaced byte
	raw        []byte // what is compressed, if it is not zeros
	rows       int    // bytes of zeros; as many as the header asks for if 0
	chunks     [][]byte
}

func honestPNG() picture {
	raw := make([]byte, 8*9)
	for y := range 8 {
		raw[9*y+4], raw[9*y+5] = 255, 200
	}
	return picture{w: 8, h: 8, depth: 8, raw: raw}
}

func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// deflated returns so many zeros compressed by zlib.
func deflated(zeros int, prefix []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(prefix)
	block := make([]byte, 1<<16)
	for zeros > 0 {
		n, _ := z.Write(block[:min(zeros, len(block))])
		zeros -= n
	}
	_ = z.Close()
	return b.Bytes()
}

func pngFile(p picture) []byte {
	head := binary.BigEndian.AppendUint32(nil, p.w)
	head = binary.BigEndian.AppendUint32(head, p.h)
	head = append(head, p.depth, p.typ, 0, 0, p.interlaced)
	zeros := p.rows
	if zeros == 0 && p.raw == nil {
		channels := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[p.typ]
		zeros = int(p.h) * (1 + (int(p.w)*channels*int(p.depth)+7)/8)
	}
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	for _, c := range p.chunks {
		out = append(out, c...)
	}
	return append(append(out, chunk("IDAT", deflated(zeros, p.raw))...), chunk("IEND", nil)...)
}

// manyPNGs are PNGs by name.
func manyPNGs() map[string]picture {
	black := chunk("PLTE", []byte{0, 0, 0, 255, 255, 255})
	bomb := append([]byte("profile\x00\x00"), deflated(100_000_000, nil)...)
	return map[string]picture{
		"column 262144":      {w: 1, h: 1 << 18, depth: 8},
		"column 2^26":        {w: 1, h: 1 << 26, depth: 8},
		"column 2^26 1 bit":  {w: 1, h: 1 << 26, depth: 1},
		"column 2^25 colour": {w: 1, h: 1 << 25, depth: 8, typ: 2},
		"two columns":        {w: 2, h: 1 << 24, depth: 8},
		"columns 7":          {w: 7, h: 1 << 22, depth: 8},
		"columns 27":         {w: 27, h: 1 << 20, depth: 8},
		"row 262144":         {w: 1 << 18, h: 1, depth: 8},
		"row 2^26":           {w: 1 << 26, h: 1, depth: 8},
		"rows 7":             {w: 1 << 22, h: 7, depth: 8},
		"rows 27":            {w: 1 << 20, h: 27, depth: 1},
		"8192 1 bit":         {w: 8192, h: 8192, depth: 1},
		"8192 palette":       {w: 8192, h: 8192, depth: 1, typ: 3, chunks: [][]byte{black}},
		"8192 grey":          {w: 8192, h: 8192, depth: 8},
		"8192 alpha":         {w: 8192, h: 8192, depth: 8, typ: 4},
		"5000 16 bit":        {w: 5000, h: 5000, depth: 16, typ: 6},
		"interlaced 5000":    {w: 5000, h: 5000, depth: 8, interlaced: 1, rows: 60_000_000},
		"interlaced 1 bit":   {w: 8192, h: 8192, depth: 1, interlaced: 1, rows: 20_000_000},
		"interlaced column":  {w: 1, h: 1 << 24, depth: 8, interlaced: 1, rows: 1 << 26},
		"no width":           {w: 0, h: 8, depth: 8, rows: 8},
		"no size":            {w: 0, h: 0, depth: 8, rows: 8},
		"gigantic":           {w: 1<<31 - 1, h: 1<<31 - 1, depth: 8, rows: 1000},
		"over gigantic":      {w: 1<<32 - 1, h: 1<<32 - 1, depth: 16, typ: 6, rows: 1000},
		"just too large":     {w: 8193, h: 8193, depth: 1},
		"65536 short":        {w: 1 << 13, h: 1 << 13, depth: 8, rows: 1000},
		"depth 3":            {w: 8, h: 8, depth: 3},
		"type 9":             {w: 8, h: 8, depth: 8, typ: 9},
		"no palette":         {w: 8, h: 8, depth: 8, typ: 3},
		"much too long":      {w: 8, h: 8, depth: 8, rows: 300_000_000},
		"profile":            {w: 8, h: 8, depth: 8, chunks: [][]byte{chunk("iCCP", bomb)}},
		"text":               {w: 8, h: 8, depth: 8, chunks: [][]byte{chunk("zTXt", bomb)}},
		"international":      {w: 8, h: 8, depth: 8, chunks: [][]byte{chunk("iTXt", append([]byte("k\x00\x01\x00\x00\x00"), bomb...))}},
		"many chunks":        {w: 8, h: 8, depth: 8, chunks: slices.Repeat([][]byte{chunk("tEXt", []byte("a\x00b"))}, 50_000)},
		"exif":               {w: 8, h: 8, depth: 8, chunks: [][]byte{chunk("eXIf", slices.Repeat([]byte("II*\x00\x08\x00\x00\x00\xff\xff"), 20_000))}},
		"frames":             {w: 8, h: 8, depth: 8, chunks: [][]byte{chunk("acTL", []byte{255, 255, 255, 255, 255, 255, 255, 255})}},
		"ratio 1e5":          {w: 640, h: 100_000, depth: 1},
	}
}

// jpegFile returns a JPEG whose header says another size, progressive or not.
func jpegFile(w, h int, progressive bool, more []byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic("hostile.jpegFile: " + err.Error())
	}
	file := b.Bytes()
	frame := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[frame+5:], uint16(h))
	binary.BigEndian.PutUint16(file[frame+7:], uint16(w))
	scan := bytes.Index(file, []byte{0xff, 0xda})
	if progressive {
		file[frame+1] = 0xc2
		file[scan+8] = 0 // the scan has the mean of a block only
	}
	return append(append([]byte{0xff, 0xd8}, more...), file[2:]...)
}

// colourJPEG is a JPEG of three components with sampling factors.
func colourJPEG(w, h int, factors byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic("hostile.colourJPEG: " + err.Error())
	}
	file := b.Bytes()
	frame := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[frame+5:], uint16(h))
	binary.BigEndian.PutUint16(file[frame+7:], uint16(w))
	file[frame+1], file[frame+11] = 0xc2, factors
	return file
}

// gifFile returns a GIF of so many frames on a screen of a size.
func gifFile(frames, side int, screen int) []byte {
	g := &gif.GIF{Config: image.Config{ColorModel: color.Palette{color.Black, color.White}, Width: screen, Height: screen}}
	for range frames {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black, color.White}))
		g.Delay = append(g.Delay, 0)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		panic("hostile.gifFile: " + err.Error())
	}
	return b.Bytes()
}

// bmpFile returns a BMP of nothing but its header.
func bmpFile(w, h int32, bits uint16, data int) []byte {
	b := append([]byte("BM"), 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(w))
	b = binary.LittleEndian.AppendUint32(b, uint32(h))
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, bits)
	return append(b, make([]byte, 24+data)...)
}

// tiffFile returns a TIFF of entries: tag, type, count and value each.
func tiffFile(entries ...[4]uint32) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
		b = binary.LittleEndian.AppendUint32(b, e[3])
	}
	return append(b, make([]byte, 400)...)
}

// webpFile returns a WebP with a header of its own and no more than zeros.
func webpFile(kind string, head []byte) []byte {
	data := append(slices.Clone(head), make([]byte, 200)...)
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(data)+12))...)
	b = append(append(b, "WEBP"...), kind...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
}

// otherPictures are pictures that are not PNG.
func otherPictures() map[string]func() []byte {
	tiff := func(w, h, bits, compression, count uint32) []byte {
		return tiffFile([4]uint32{256, 4, 1, w}, [4]uint32{257, 4, 1, h}, [4]uint32{258, 3, 1, bits}, [4]uint32{259, 3, 1, compression},
			[4]uint32{262, 3, 1, 1}, [4]uint32{273, 4, count, 8}, [4]uint32{277, 3, 1, 1}, [4]uint32{278, 4, 1, h}, [4]uint32{279, 4, count, 8})
	}
	exif := func(n int) []byte {
		body := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff"), bytes.Repeat([]byte("\x01\x12\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff"), n)...)
		return append([]byte{0xff, 0xe1, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	}
	return map[string]func() []byte{
		"jpeg 0x0":                 func() []byte { return jpegFile(0, 0, false, nil) },
		"jpeg 8x0":                 func() []byte { return jpegFile(8, 0, false, nil) },
		"jpeg 65535":               func() []byte { return jpegFile(65535, 65535, false, nil) },
		"jpeg 8192":                func() []byte { return jpegFile(8192, 8192, false, nil) },
		"jpeg column":              func() []byte { return jpegFile(1, 65535, false, nil) },
		"jpeg progressive 8192":    func() []byte { return jpegFile(8192, 8192, true, nil) },
		"jpeg progressive 4000":    func() []byte { return jpegFile(4000, 4000, true, nil) },
		"jpeg progressive column":  func() []byte { return jpegFile(1, 65535, true, nil) },
		"jpeg progressive row":     func() []byte { return jpegFile(65535, 16, true, nil) },
		"jpeg colour 8000":         func() []byte { return colourJPEG(8000, 8000, 0x11) },
		"jpeg colour 5000 sampled": func() []byte { return colourJPEG(5000, 5000, 0x44) },
		"jpeg colour column":       func() []byte { return colourJPEG(1, 65535, 0x44) },
		"jpeg exif":                func() []byte { return jpegFile(16, 16, false, exif(4000)) },
		"jpeg many exif":           func() []byte { return jpegFile(16, 16, false, bytes.Repeat(exif(40), 1000)) },
		"jpeg cut":                 func() []byte { return jpegFile(16, 16, false, nil)[:200] },
		"jpeg progressive padded":  func() []byte { return append(jpegFile(8192, 8192, true, nil), make([]byte, 200_000)...) },
		"gif frames":               func() []byte { return gifFile(20_000, 1, 8) },
		"gif screen":               func() []byte { return gifFile(1, 1, 65535) },
		"gif large frames":         func() []byte { return gifFile(30, 2000, 2000) },
		"gif no frames":            func() []byte { return []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00;") },
		"gif column":               func() []byte { return gifFileSized(1, 65535) },
		"bmp":                      func() []byte { return bmpFile(8192, 8192, 24, 100) },
		"bmp gigantic":             func() []byte { return bmpFile(1<<30, 1<<30, 32, 100) },
		"bmp negative":             func() []byte { return bmpFile(-1<<31, -1<<31, 24, 100) },
		"bmp column":               func() []byte { return bmpFile(1, 1<<17, 8, 500_000) },
		"bmp turned":               func() []byte { return bmpFile(8000, -8000, 8, 1000) },
		"tiff":                     func() []byte { return tiff(8192, 8192, 8, 1, 1) },
		"tiff gigantic":            func() []byte { return tiff(1<<32-1, 1<<32-1, 16, 1, 1<<32-1) },
		"tiff deflated":            func() []byte { return tiff(8192, 8192, 8, 8, 1) },
		"tiff lzw":                 func() []byte { return tiff(1, 1<<26, 1, 5, 1) },
		"tiff packed":              func() []byte { return tiff(8000, 8000, 8, 32773, 1) },
		"tiff count":               func() []byte { return tiffFile([4]uint32{256, 4, 1 << 30, 0}, [4]uint32{257, 3, 1 << 31, 8}) },
		"webp lossless":            func() []byte { return webpFile("VP8L", []byte{0x2f, 0xff, 0xff, 0xff, 0x0f}) },
		"webp lossy":               func() []byte { return webpFile("VP8 ", []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f}) },
		"webp extended":            func() []byte { return webpFile("VP8X", []byte{0x10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) },
		"empty":                    func() []byte { return nil },
		"text":                     func() []byte { return []byte("not a picture \x1b[31m") },
		"markup":                   func() []byte { return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1e9"/>`) },
	}
}

func gifFileSized(w, h int) []byte {
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White}), nil); err != nil {
		panic("hostile.gifFileSized: " + err.Error())
	}
	return b.Bytes()
}

// pictures are hostile pictures, each alone and in a class folder.
func pictures(random *rand.Rand) []input {
	makers := otherPictures()
	for name, p := range manyPNGs() {
		makers["png "+name] = func() []byte { return pngFile(p) }
	}
	honest := pngFile(honestPNG())
	for i := range 20 {
		n := random.Uint64()
		makers[fmt.Sprint("mutated ", i)] = func() []byte {
			random := rand.New(rand.NewPCG(n, 0))
			valid := [][]byte{honest, jpegFile(16, 16, false, nil), gifFile(2, 8, 8), jpegFile(16, 16, true, nil)}[random.IntN(4)]
			for range 1 + random.IntN(6) {
				valid[random.IntN(len(valid))] = byte(random.IntN(256))
			}
			return valid
		}
	}
	var list []input
	for _, name := range slices.Sorted(maps.Keys(makers)) {
		list = append(list, input{"picture " + name, made(makers[name]), readsPicture},
			input{"class folder " + name, func(path string) error {
				for _, file := range []string{"0/a.png", "0/b.png", "1/a.png", "1/b.png"} {
					file = filepath.Join(path, file)
					if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
						return err
					}
					data := honest
					if filepath.Base(file) == "b.png" {
						data = makers[name]()
					}
					if err := os.WriteFile(file, data, 0o666); err != nil {
						return err
					}
				}
				return nil
			}, readsClasses})
	}
	return list
}
