package dataset

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/tensor"
)

// chunkOf is a chunk of a PNG file.
func chunkOf(name string, data []byte) []byte {
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), name...)
	chunk = append(chunk, data...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// blankPNG is a picture of zeros, 1 to 16 bits deep, of a kind: 0 grey, 2 RGB, 3 with a
// palette, 6 RGBA.
func blankPNG(w, h, depth, kind, interlaced int, chunks ...[]byte) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	file := slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunkOf("IHDR", append(header, byte(depth), byte(kind), 0, 0, byte(interlaced))))
	if kind == 3 {
		file = append(file, chunkOf("PLTE", []byte{0, 0, 0, 9, 9, 9})...)
	}
	file = append(file, slices.Concat(chunks...)...)
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	lines := func(w, h int) {
		if w == 0 {
			return
		}
		line := make([]byte, 1+(w*depth*map[int]int{0: 1, 2: 3, 3: 1, 6: 4}[kind]+7)/8)
		many := bytes.Repeat(line, min(h, 1+(1<<16)/len(line)))
		for left := h * len(line); left > 0; left -= len(many) {
			if _, err := z.Write(many[:min(left, len(many))]); err != nil {
				panic(err)
			}
		}
	}
	if interlaced == 0 {
		lines(w, h)
	} else {
		for _, pass := range [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
			lines((w-pass[0]+pass[2]-1)/pass[2], (h-pass[1]+pass[3]-1)/pass[3])
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return slices.Concat(file, chunkOf("IDAT", b.Bytes()), chunkOf("IEND", nil))
}

// blankJPEG is a grey picture in few bytes, of components with these numbers of blocks
// across and down. A progressive one is refined in so many scans.
func blankJPEG(w, h int, progressive bool, scans int, components ...byte) []byte {
	frame, start, end := byte(0xc0), byte(0), byte(63)
	if progressive {
		frame, end = 0xc2, 0
	}
	header := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(len(components))}
	scan := []byte{byte(len(components))}
	all, across, down := 0, int(components[0]>>4), int(components[0]&15)
	for i, c := range components {
		header = append(header, byte(i+1), c, 0)
		scan = append(scan, byte(i+1), 0)
		all += int(c>>4) * int(c&15)
	}
	if len(components) == 1 {
		all, across, down = 1, 1, 1
	}
	one := append([]byte{1}, make([]byte, 15)...) // a code of one bit
	table := func(kind, symbol byte) []byte { return slices.Concat([]byte{kind}, one, []byte{symbol}) }
	ac := byte(0)
	if progressive {
		ac = 0xe0 // the next 2^14 blocks have nothing to add
	}
	units := ((w + 8*across - 1) / (8 * across)) * ((h + 8*down - 1) / (8 * down))
	file := slices.Concat([]byte{0xff, 0xd8}, segment(0xdb, string(append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))),
		segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01"), segment(frame, string(header)),
		segment(0xc4, string(table(0, 0))), segment(0xc4, string(table(0x10, ac))),
		segment(0xda, string(append(scan, start, end, 0))), make([]byte, units*all/4+8))
	for range scans {
		file = append(file, segment(0xda, "\x01\x01\x00\x01\x3f\x10")...)
		file = append(file, make([]byte, (units*across*down/(1<<14)+2)*2)...)
	}
	return append(file, 0xff, 0xd9)
}

func encoded(encode func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// gifOf is a frame of w x h pixels on a sheet of another size.
func gifOf(w, h int, sheet image.Point) []byte {
	frame := image.NewPaletted(image.Rect(0, 0, w, h), palette.Plan9)
	return encoded(func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: sheet.X, Height: sheet.Y}})
	})
}

func tiffFile(img image.Image, compression tiff.CompressionType) []byte {
	return encoded(func(b *bytes.Buffer) error { return tiff.Encode(b, img, &tiff.Options{Compression: compression}) })
}

// costCases are pictures of 600 x 700 pixels.
func costCases() map[string][]byte {
	const w, h = 600, 700
	bounds := image.Rect(0, 0, w, h)
	planes := image.NewYCbCr(bounds, image.YCbCrSubsampleRatio420)
	return map[string][]byte{
		"png bits":            blankPNG(w, h, 1, 0, 0),
		"png grey":            blankPNG(w, h, 8, 0, 0),
		"png grey, one clear": blankPNG(w, h, 8, 0, 0, chunkOf("tRNS", []byte{0, 1})),
		"png grey 16":         blankPNG(w, h, 16, 0, 0),
		"png rgb":             blankPNG(w, h, 8, 2, 0),
		"png rgb 16":          blankPNG(w, h, 16, 2, 0),
		"png palette":         blankPNG(w, h, 2, 3, 0),
		"png rgba, in passes": blankPNG(w, h, 8, 6, 1),
		"png 16, in passes":   blankPNG(w, h, 16, 6, 1),
		"jpeg grey":           blankJPEG(w, h, false, 0, 0x11),
		"jpeg 4:4:4":          blankJPEG(w, h, false, 0, 0x11, 0x11, 0x11),
		"jpeg 4:2:0":          encoded(func(b *bytes.Buffer) error { return jpeg.Encode(b, planes, nil) }),
		"jpeg wide blocks":    blankJPEG(3, h, false, 0, 0x42, 0x11, 0x11),
		"jpeg cmyk":           blankJPEG(w, h, false, 0, 0x11, 0x11, 0x11, 0x11),
		"progressive grey":    blankJPEG(w, h, true, 3, 0x44),
		"progressive 4:2:0":   blankJPEG(w, h, true, 3, 0x22, 0x11, 0x11),
		"progressive cmyk":    blankJPEG(w, h, true, 0, 0x22, 0x11, 0x11, 0x22),
		"gif":                 gifOf(w, h, image.Pt(w, h)),
		"bmp palette":         encoded(func(b *bytes.Buffer) error { return bmp.Encode(b, image.NewPaletted(bounds, palette.Plan9)) }),
		"bmp":                 encoded(func(b *bytes.Buffer) error { return bmp.Encode(b, image.NewNRGBA(bounds)) }),
		"tiff grey":           tiffFile(image.NewGray(bounds), tiff.Uncompressed),
		"tiff grey, deflate":  tiffFile(image.NewGray(bounds), tiff.Deflate),
		"tiff rgba 16":        tiffFile(image.NewRGBA64(bounds), tiff.Deflate),
	}
}

// What decoding takes is not more than was said before, and not much less.
func TestDecodeCost(t *testing.T) {
	for name, file := range costCases() {
		t.Run(name, func(t *testing.T) {
			f, err := formatOf(sniff(file), 1)
			if err != nil {
				t.Fatal(err)
			}
			config, err := f.config(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			cost, err := f.cost(file, config)
			if err != nil {
				t.Fatal(err)
			}
			took := memorytest.Allocated(func() { _, err = DecodeImage(file, 0) })
			if err != nil {
				t.Fatal(err)
			}
			if memorytest.Race {
				t.Skip("more is allocated under the race detector")
			}
			const beside = 150_000 // tables, and a line
			t.Logf("%.0f bytes, said %.0f", took, cost)
			if took > cost+beside {
				t.Errorf("takes %.0f bytes, said %.0f", took, cost)
			}
			if cost > 2*took && !strings.HasPrefix(name, "tiff") && name != "gif" {
				t.Errorf("takes %.0f bytes, said %.0f", took, cost)
			}
		})
	}
}

// bombs are files of at most 1 MB that ask for more than a picture of their size may take.
func bombs() map[string][]byte {
	const side = 8192
	wide := tiffFile(image.NewGray(image.Rect(0, 0, side, side)), tiff.Deflate)
	return map[string][]byte{
		"progressive":     blankJPEG(side, side, true, 0, 0x22, 0x11, 0x11),
		"one component":   blankJPEG(side, side, true, 0, 0x11),
		"four components": blankJPEG(side, side, false, 0, 0x22, 0x11, 0x11, 0x22),
		"16 bits":         blankPNG(side, side, 16, 2, 0),
		"in passes":       blankPNG(side, side/2, 8, 6, 1),
		"clear":           blankPNG(side, side, 1, 0, 0, chunkOf("tRNS", []byte{0, 1})),
		"one strip":       wide,
	}
}

func TestDecodeBombs(t *testing.T) {
	for name, file := range bombs() {
		t.Run(name, func(t *testing.T) {
			if len(file) > 1<<20 {
				t.Fatalf("%d bytes", len(file))
			}
			var err error
			n := memorytest.Allocated(func() { _, err = DecodeImage(file, 0) })
			if !errors.Is(err, tensor.ErrMemory) || !strings.Contains(err.Error(), "pixels would fit") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
			if n > 1<<20 {
				t.Errorf("%.0f bytes", n)
			}
		})
	}
}

// A WebP picture is decoded though its last chunk claims to be longer than the file.
func TestDecodeLyingChunk(t *testing.T) {
	file := slices.Clone(drawings(t, "blank")["sheet.webp"])
	binary.LittleEndian.PutUint32(file[4:], 1<<30)
	binary.LittleEndian.PutUint32(file[bytes.Index(file, []byte("VP8L"))+4:], 1<<29)
	if _, err := DecodeImage(file, 0); err != nil {
		t.Error(err)
	}
	var err error
	n := memorytest.Allocated(func() { _, err = DecodeImage(file, 1<<20) })
	if !errors.Is(err, tensor.ErrMemory) || n > 1<<20 {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
}

// A frame in a few bytes lies on a sheet that takes far more.
func TestDecodeSheet(t *testing.T) {
	file := append(gifOf(1, 1, image.Pt(6000, 6000)), make([]byte, 10_000)...)
	var err error
	n := memorytest.Allocated(func() { _, err = DecodeImage(file, 0) })
	if !errors.Is(err, tensor.ErrMemory) || n > 1<<20 {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
}

// A budget is that of the caller: a large picture passes, a small one is refused.
func TestDecodeBudget(t *testing.T) {
	file := blankPNG(6000, 6000, 8, 2, 0)
	for budget, ok := range map[int64]bool{0: false, 150_000_000: true, 100_000_000: false, 1: false} {
		img, err := DecodeImage(file, budget)
		if ok != (err == nil) || !ok && !errors.Is(err, tensor.ErrMemory) {
			t.Errorf("%d bytes: %v", budget, err)
		}
		if ok && img.Bounds().Dx() != 6000 {
			t.Errorf("%v", img.Bounds())
		}
	}
}

// The largest photograph is read in the memory of its planes.
func TestDecodeLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 100 MB")
	}
	file := blankJPEG(8192, 8192, false, 0, 0x22, 0x11, 0x11)
	img, err := DecodeImage(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := FromImage(img, 1, 1, 1); got[0] != 128 {
		t.Errorf("brightness %d", got[0])
	}
}

// The thinnest picture is read, too, and a thinner one is refused: it would take long.
func TestDecodeThinnest(t *testing.T) {
	for h, ok := range map[int]bool{maxSide: true, maxSide + 1: false} {
		file := blankPNG(1, h, 1, 0, 0)
		var err error
		n := memorytest.Allocated(func() { _, err = DecodeImage(file, 0) })
		if ok != (err == nil) || n > 2*maxSide {
			t.Errorf("%d lines: %.0f bytes, error %v", h, n, err)
		}
	}
}

// empties are pictures of 0 x 0 pixels in each format.
func empties(t *testing.T) map[string][]byte {
	t.Helper()
	white := picture(2, 3, color.White)
	jpg, gif := jpegOf(white), gifOf(3, 2, image.Pt(3, 2))
	frame := bytes.Index(jpg, []byte{0xff, 0xc0})
	clear(jpg[frame+5 : frame+9])
	clear(gif[6:10])
	bmp := encoded(func(b *bytes.Buffer) error { return bmp.Encode(b, white) })
	clear(bmp[18:26])
	webp := slices.Clone(drawings(t, "kinds")["lossy.webp"])
	start := bytes.Index(webp, []byte{0x9d, 0x01, 0x2a})
	clear(webp[start+3 : start+7])
	return map[string][]byte{
		"png": blankPNG(0, 0, 8, 0, 0), "jpeg": jpg, "gif": gif, "bmp": bmp, "webp": webp,
		"tiff": tiffOf(binary.LittleEndian, [4]int{256, 4, 1, 0}, [4]int{257, 4, 1, 0}, [4]int{258, 3, 1, 8}, [4]int{262, 3, 1, 1}),
	}
}

func TestDecodeEmpty(t *testing.T) {
	for name, file := range empties(t) {
		img, err := DecodeImage(file, 0)
		if err == nil || img != nil || !strings.HasPrefix(err.Error(), sniff(file)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Text, tags and frames beside the picture take neither memory nor long.
func TestDecodeMetadata(t *testing.T) {
	var text bytes.Buffer
	z := zlib.NewWriter(&text)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	frames := &gif.GIF{}
	for range 5000 {
		frames.Image, frames.Delay = append(frames.Image, image.NewPaletted(image.Rect(0, 0, 2, 2), palette.WebSafe[:2])), append(frames.Delay, 0)
	}
	jpg := jpegOf(picture(2, 2, color.White))
	lying := slices.Concat(jpg[:2], []byte{0xff, 0xe2, 0xff, 0xff}, []byte("ICC_PROFILE"), jpg[2:])
	long := slices.Concat(jpg[:2], bytes.Repeat(segment(0xe2, strings.Repeat("x", 60_000)), 15), jpg[2:])
	tags := [][4]int{{256, 4, 1, 2}, {257, 4, 1, 2}, {258, 3, 1, 8}, {262, 3, 1, 1}, {273, 4, 1, 8}, {279, 4, 1, 4}}
	for i := range 60_000 {
		tags = append(tags, [4]int{300 + i, 4, 1 << 30, 8})
	}
	cyclic := tiffOf(binary.LittleEndian, tags[:6]...)
	binary.LittleEndian.PutUint32(cyclic[len(cyclic)-4:], 8) // the next directory is this one
	for _, tt := range []struct {
		name string
		file []byte
		ok   bool
	}{
		{"text", blankPNG(2, 2, 8, 0, 0, chunkOf("zTXt", append([]byte("a\x00\x00"), text.Bytes()...)), chunkOf("iCCP", append([]byte("a\x00\x00"), text.Bytes()...))), true},
		{"chunks", blankPNG(2, 2, 8, 0, 0, bytes.Repeat(chunkOf("tEXt", []byte("a\x00b")), 2000)), true},
		{"a long chunk", slices.Concat(blankPNG(2, 2, 8, 0, 0)[:33], []byte("\x7f\xff\xff\xffiCCP")), false},
		{"frames", encoded(func(b *bytes.Buffer) error { return gif.EncodeAll(b, frames) }), true},
		{"a long segment", lying, false},
		{"segments", long, true},
		{"tags", tiffOf(binary.LittleEndian, tags...), false},
		{"a cycle", cyclic, true},
	} {
		var err error
		n := memorytest.Allocated(func() { _, err = DecodeImage(tt.file, 0) })
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if n > 16<<20 {
			t.Errorf("%s: %.0f bytes", tt.name, n)
		}
	}
}

// A picture that is thin is read in about the memory of its pixels, whichever way it lies.
func TestDecodeThin(t *testing.T) {
	const long = 1 << 18
	for _, side := range []int{1, 2} {
		for _, size := range []Size{{side, long}, {long, side}} {
			file := blankPNG(size.W, size.H, 1, 0, 0)
			for _, to := range []Size{{28, 28}, {8, 8}, {1, 1}, {512, 3}} {
				var err error
				n := memorytest.Allocated(func() {
					var img image.Image
					if img, err = DecodeImage(file, 0); err == nil {
						FromImage(img, to.H, to.W, 1)
						FromImage(img, to.H, to.W, 3)
						Shrink(img, 1024)
					}
				})
				if err != nil || n > 16*long {
					t.Errorf("%v to %v: %.0f bytes, %v", size, to, n, err)
				}
			}
		}
	}
}
