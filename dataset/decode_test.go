package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
)

// blocks is the grey picture that testdata/pictures/make.py draws, 16 x 24.
func blocks() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 24, 16))
	for i := range img.Pix {
		img.Pix[i] = [6]uint8{0, 40, 80, 120, 160, 255}[i/24/8*3+i%24/8]
	}
	return img
}

// drawings reads the pictures of one folder of testdata/pictures.
func drawings(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "pictures", folder, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = content
	}
	return files
}

// near fails if pixels differ by more than a lossy format may change them.
func near(t *testing.T, got, want []uint8, tolerance int) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d values, want %d", len(got), len(want))
		return
	}
	for i := range got {
		if d := int(got[i]) - int(want[i]); d < -tolerance || d > tolerance {
			t.Errorf("value %d is %d, want %d", i, got[i], want[i])
			return
		}
	}
}

// What other programs store turned is returned upright.
func TestOrientation(t *testing.T) {
	for name, file := range drawings(t, "orientation") {
		t.Run(name, func(t *testing.T) {
			img, err := DecodeImage(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			if size := img.Bounds().Size(); size != image.Pt(24, 16) {
				t.Fatalf("size %v", size)
			}
			near(t, FromImage(img, 16, 24, 1), blocks().Pix, 8)
			near(t, FromImage(img, 4, 6, 1), FromImage(blocks(), 4, 6, 1), 8)
		})
	}
}

// The pixels that formats have: palettes, planes, 16 bits, several compressions.
func TestDecodeKinds(t *testing.T) {
	want := make([]uint8, 0, 16*24*3)
	for _, v := range blocks().Pix {
		want = append(want, v, 255-v, v/2)
	}
	for name, file := range drawings(t, "kinds") {
		t.Run(name, func(t *testing.T) {
			img, err := DecodeImage(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			if !Opaque(img) {
				t.Error("it is transparent")
			}
			grey := blocks()
			switch {
			case strings.HasPrefix(name, "bilevel"):
				for i, v := range grey.Pix {
					grey.Pix[i] = map[bool]uint8{true: 255}[v > 100]
				}
				fallthrough
			case strings.HasPrefix(name, "grey"):
				near(t, FromImage(img, 16, 24, 1), grey.Pix, 0)
				return
			}
			near(t, FromImage(img, 2, 3, 3), FromImage(pictureOf(want, Size{16, 24}, 3), 2, 3, 3), 12)
		})
	}
}

func TestDecodeAlpha(t *testing.T) {
	var want []uint8 // over white
	for _, v := range blocks().Pix {
		for _, c := range []uint8{v, 255 - v, v / 2} {
			want = append(want, uint8((int(c)*int(v)+255*(255-int(v)))/255))
		}
	}
	for name, file := range drawings(t, "alpha") {
		t.Run(name, func(t *testing.T) {
			img, err := DecodeImage(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			if Opaque(img) {
				t.Error("it is opaque")
			}
			got := Over(img, color.White)
			near(t, FromImage(got, 2, 3, 3), FromImage(pictureOf(want, Size{16, 24}, 3), 2, 3, 3), 12)
		})
	}
}

// What is not read is named by its first bytes.
func TestDecodeOthers(t *testing.T) {
	want := map[string]string{
		"a.avif": "an AVIF picture", "a.jp2": "a JPEG 2000 picture", "a.ico": "an icon file",
		"a.eps": "a PostScript document", "a.ppm": "a Netpbm picture", "a.dds": "a DirectDraw picture",
		"jpeg.tif": "a TIFF picture of a kind that is not read: save it as PNG (tiff: unsupported feature: compression value 7)",
	}
	for name, file := range drawings(t, "others") {
		img, err := DecodeImage(file, 0)
		if err == nil || !strings.HasPrefix(err.Error(), want[name]) || img != nil {
			t.Errorf("%s: error %v, want %q", name, err, want[name])
		}
	}
	tar := append(make([]byte, 257), "ustar"...)
	tar[0] = 'a'
	for _, tt := range []struct{ file, want string }{
		{"", "an empty file"},
		{strings.Repeat("\x00", 700), "a file of zeros"},
		{"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "a HEIC picture"},
		{"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "a HEIC picture"},
		{"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "an AVIF picture"},
		{"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "a CR3 raw picture"},
		{"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", "a video"},
		{"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", "a video"},
		{"RIFF\x24\x00\x00\x00AVI LIST", "a video"},
		{"\x1a\x45\xdf\xa3\x01\x00\x00\x00", "a video"},
		{"RIFF\x24\x00\x00\x00WAVEfmt ", "a sound file"},
		{"\xff\x0a\xfa\x1f\x01\x00", "a JPEG XL picture"},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00", "a JPEG XL picture"},
		{"%PDF-1.7\n", "a PDF document"},
		{"8BPS\x00\x01\x00\x00", "a Photoshop picture"},
		{"II*\x00\x10\x00\x00\x00CR\x02\x00", "a CR2 raw picture"},
		{string(tiffOf(binary.LittleEndian, [4]int{50706, 1, 4, 1})), "a DNG raw picture"},
		{string(tiffOf(binary.BigEndian, [4]int{254, 4, 1, 1}, [4]int{330, 4, 1, 8})), "a camera's raw picture"},
		{"<!DOCTYPE html><html>404</html>", "a web page"},
		{"\n  <HTML lang=en>", "a web page"},
		{`<?xml version="1.0"?><!DOCTYPE html PUBLIC ""><html>`, "a web page"},
		{"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG picture"},
		{`<?xml version="1.0"?><!-- a comment --><svg/>`, "an SVG picture"},
		{`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`, "an XML file"},
		{"no picture", "text"},
		{"BMW and Audi", "text"},
		{strings.Repeat("é", 400), "text"},
		{"x" + strings.Repeat("é", 400), "text"},
		{"\xff\xfea\x00", "text"},
		{`{"message": "Not Found"}`, "text"},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "a Git LFS pointer"},
		{"PK\x03\x04\x14\x00", "a zip archive"},
		{"\x1f\x8b\x08\x00", "a gzip archive"},
		{string(tar), "a tar archive"},
		{"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ", "an AppleDouble file"},
		{"\x01\x02\x03\xfe", "a file of an unknown kind"},
	} {
		_, err := DecodeImage([]byte(tt.file), 0)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%.20q: error %v, want %q", tt.file, err, tt.want)
		}
		if tt.file != "" && err != nil && !strings.HasSuffix(err.Error(), ": PNG, JPEG, GIF, WebP, BMP and TIFF are read") {
			t.Errorf("%.20q: error %v does not say what is read", tt.file, err)
		}
	}
}

// A file that ends early is said to, whatever its format and wherever it ends.
func TestDecodeCutShort(t *testing.T) {
	for _, folder := range []string{"kinds", "alpha"} {
		for name, file := range drawings(t, folder) {
			what := sniff(file)
			for n := 32; n < len(file)-len(file)/5; n += max(1, len(file)/16) {
				_, err := DecodeImage(file[:n], 0)
				switch {
				case err == nil && strings.HasPrefix(name, "moving"): // a whole frame is there
				case err == nil || err.Error() != what+" that is cut short":
					t.Errorf("%s, %d of %d bytes: %v", name, n, len(file), err)
				}
			}
		}
	}
	damaged := slices.Clone(drawings(t, "kinds")["grey.png"])
	damaged[len(damaged)/2] ^= 0x55
	if _, err := DecodeImage(damaged, 0); err == nil || !strings.HasPrefix(err.Error(), "a PNG picture that cannot be read: ") {
		t.Errorf("damaged: %v", err)
	}
}

// What a file is called does not matter; a folder is named.
func TestReadImage(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "a.jpg")
	if err := os.WriteFile(file, pngOf(blocks()), 0o666); err != nil {
		t.Fatal(err)
	}
	img, err := ReadImage(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, FromImage(img, 16, 24, 1), blocks().Pix, 0)
	if _, err := ReadImage(folder, 0); err == nil || err.Error() != "a folder, not a picture" {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ReadImage(filepath.Join(folder, "none.png"), 0); !os.IsNotExist(err) || strings.Contains(err.Error(), "none") {
		t.Errorf("no file: %v", err)
	}
	// A name need not be UTF-8, where the system allows that.
	if odd := filepath.Join(folder, "caf\xe9.jpg"); os.Rename(file, odd) == nil {
		if _, err := ReadImage(odd, 0); err != nil {
			t.Errorf("a name that is not UTF-8: %v", err)
		}
	}
	t.Chdir(folder)
	if _, err := ReadImage("..", 0); err == nil || err.Error() != "a folder, not a picture" {
		t.Errorf("the folder above: %v", err)
	}
	// A large file of another kind is not read.
	if err := os.WriteFile(file, []byte("RIFF\x24\x00\x00\x00AVI LIST"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 1<<26); err != nil {
		t.Fatal(err)
	}
	if n := memorytest.Allocated(func() { _, err = ReadImage(file, 0) }); n > 1<<16 || err == nil || !strings.HasPrefix(err.Error(), "a video") {
		t.Errorf("a video: %.0f bytes, %v", n, err)
	}
}

// The first frame of a GIF lies in its place on the sheet.
func TestDecodeGIFFrame(t *testing.T) {
	file := slices.Clone(drawings(t, "kinds")["still.gif"])
	width, height := binary.LittleEndian.Uint16(file[6:]), binary.LittleEndian.Uint16(file[8:])
	binary.LittleEndian.PutUint16(file[6:], width+10)
	binary.LittleEndian.PutUint16(file[8:], height+4)
	frame := bytes.Index(file, append([]byte{0x2c, 0, 0, 0, 0}, file[6]-10, 0))
	file[frame+1], file[frame+3] = 7, 4
	img, err := DecodeImage(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds(); size != image.Rect(0, 0, 34, 20) {
		t.Errorf("the sheet is %v", size)
	}
	if _, _, _, a := img.At(6, 4).RGBA(); a != 0 {
		t.Error("beside the frame it is not transparent")
	}
	if r, g, b, _ := img.At(30, 19).RGBA(); r>>8 != 255 || g != 0 || b>>8 != 127 {
		t.Errorf("the last pixel is %d %d %d", r>>8, g>>8, b>>8)
	}
}

// A few bytes that promise a huge picture are refused before it is made.
func TestDecodeBomb(t *testing.T) {
	promise := func(w, h uint32) []byte {
		file := pngOf(picture(1, 1, color.White))
		binary.BigEndian.PutUint32(file[16:], w)
		binary.BigEndian.PutUint32(file[20:], h)
		binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
		return file
	}
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"few bytes", promise(16384, 2048), "promises 16384 x 2048 pixels"},
		{"too large", promise(1<<20, 1<<20), "a PNG picture of 1048576 x 1048576 pixels: at most 67108864 are read"},
		{"scans", append(jpegOf(picture(1024, 2048, color.White))[:600], bytes.Repeat(scan, 2100)...), "scans is refused"},
		{"tiles", tiffOf(binary.LittleEndian, [4]int{256, 4, 1, 4 << 20}, [4]int{257, 4, 1, 1}, [4]int{258, 3, 1, 8}, [4]int{262, 3, 1, 1},
			[4]int{322, 4, 1, 8}, [4]int{323, 4, 1, 1024}), "in tiles of 8 x 1024"},
		{"strips", append(tiffOf(binary.LittleEndian, [4]int{256, 4, 1, 1}, [4]int{257, 4, 1, 50}, [4]int{258, 3, 1, 8}, [4]int{262, 3, 1, 1},
			[4]int{273, 1, 50, 98}, [4]int{278, 4, 1, 1}, [4]int{279, 1, 50, 98}), bytes.Repeat([]byte{98}, 50)...), "share their bytes"},
		{"parts", append(tiffOf(binary.LittleEndian, [4]int{256, 4, 1, 1}, [4]int{257, 4, 1, 300_000}, [4]int{258, 3, 1, 8}, [4]int{262, 3, 1, 1},
			[4]int{273, 1, 300_000, 98}, [4]int{278, 4, 1, 1}, [4]int{279, 1, 300_000, 98}), make([]byte, 300_000)...), "in 300000 parts"},
	} {
		var err error
		n := memorytest.Allocated(func() { _, err = DecodeImage(tt.file, 0) })
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
		if n > 16<<20 {
			t.Errorf("%s: %.0f bytes", tt.name, n)
		}
	}
}

// A white sheet of usual size is read, however few bytes it takes.
func TestDecodeBlank(t *testing.T) {
	for name, file := range drawings(t, "blank") {
		img, err := DecodeImage(file, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := FromImage(img, 1, 1, 1); got[0] != 255 || img.Bounds().Dx() < 2480 {
			t.Errorf("%s: %v of brightness %d", name, img.Bounds(), got[0])
		}
	}
}

// tiffOf is a TIFF file of entries (tag, type, count, value or place).
func tiffOf(order binary.AppendByteOrder, entries ...[4]int) []byte {
	file := []byte(littleTIFF)
	if order == binary.AppendByteOrder(binary.BigEndian) {
		file = []byte(bigTIFF)
	}
	file = order.AppendUint16(order.AppendUint32(file, 8), uint16(len(entries)))
	for _, e := range entries {
		file = order.AppendUint16(order.AppendUint16(file, uint16(e[0])), uint16(e[1]))
		file = order.AppendUint32(file, uint32(e[2]))
		if e[1] == 3 && e[2] == 1 {
			file = order.AppendUint16(order.AppendUint16(file, uint16(e[3])), 0)
		} else {
			file = order.AppendUint32(file, uint32(e[3]))
		}
	}
	return order.AppendUint32(file, 0)
}

func FuzzDecode(f *testing.F) {
	for _, folder := range []string{"orientation", "kinds", "alpha", "others"} {
		for _, file := range drawings(f, folder) {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := DecodeImage(file, 0)
		if err != nil {
			return
		}
		if n := img.Bounds().Dx() * img.Bounds().Dy(); n > freePixels+maxPixelsPerByte*len(file) {
			t.Errorf("%d pixels from %d bytes", n, len(file))
		}
		if got := FromImage(img, 2, 2, 3); len(got) != 12 {
			t.Errorf("%d bytes", len(got))
		}
	})
}

func ExampleDecodeImage() {
	_, err := DecodeImage([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), 0)
	fmt.Println(err)
	// Output: a HEIC picture: PNG, JPEG, GIF, WebP, BMP and TIFF are read
}
