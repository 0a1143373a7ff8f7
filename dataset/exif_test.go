package dataset

import (
	"encoding/binary"
	"image"
	"slices"
	"testing"
)

// orientationOf is EXIF data that say how a picture is turned.
func orientationOf(order binary.AppendByteOrder, value int) []byte {
	return tiffOf(order, [4]int{0x10f, 2, 4, 0}, [4]int{0x112, 3, 1, value})
}

// segment is a JPEG segment.
func segment(marker byte, data string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// EXIF data stand anywhere before the pixels of a JPEG file.
func TestJPEGExif(t *testing.T) {
	plain := jpegOf(blocks())
	exif := string(orientationOf(binary.BigEndian, 6))
	app1 := segment(0xe1, "Exif\x00\x00"+exif)
	for _, tt := range []struct {
		name   string
		before []byte
		want   int
	}{
		{"none", nil, 1},
		{"first", app1, 6},
		{"behind others", slices.Concat(segment(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), segment(0xe2, "ICC_PROFILE\x00\xff\xe1"),
			segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>"), segment(0xfe, "a comment"), app1), 6},
		{"fill bytes", slices.Concat([]byte{0xff, 0xff, 0xff}, app1), 6},
		{"little endian", segment(0xe1, "Exif\x00\x00"+string(orientationOf(binary.LittleEndian, 3))), 3},
		{"the first counts", slices.Concat(segment(0xe1, "Exif\x00\x00"+string(orientationOf(binary.LittleEndian, 3))), app1), 3},
		{"empty", segment(0xe1, "Exif\x00\x00"), 1},
		{"no second byte", segment(0xe1, "Exif\x00"), 1},
		{"cut", segment(0xe1, "Exif\x00\x00"+exif[:30]), 1},
		{"no directory", segment(0xe1, "Exif\x00\x00MM\x00*\xff\xff\xff\xff"), 1},
		{"of no order", segment(0xe1, "Exif\x00\x00XX"+exif[2:]), 1},
		{"value 0", segment(0xe1, "Exif\x00\x00"+string(orientationOf(binary.BigEndian, 0))), 1},
		{"value 9", segment(0xe1, "Exif\x00\x00"+string(orientationOf(binary.BigEndian, 9))), 1},
		{"two values", segment(0xe1, "Exif\x00\x00"+string(tiffOf(binary.BigEndian, [4]int{0x112, 3, 2, 6 << 16}))), 1},
		{"a fraction", segment(0xe1, "Exif\x00\x00"+string(tiffOf(binary.BigEndian, [4]int{0x112, 5, 1, 6}))), 1},
		{"a long number", segment(0xe1, "Exif\x00\x00"+string(tiffOf(binary.BigEndian, [4]int{0x112, 4, 1, 8}))), 8},
	} {
		file := slices.Concat(plain[:2], tt.before, plain[2:])
		if got := orientation(jpegExif(file)); got != tt.want {
			t.Errorf("%s: orientation %d, want %d", tt.name, got, tt.want)
		}
		img, err := DecodeImage(file, 0)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if turned := img.Bounds().Dx() == 16; turned != (tt.want >= 5) {
			t.Errorf("%s: size %v", tt.name, img.Bounds())
		}
	}
	if got := orientation(jpegExif(slices.Concat(plain[:len(plain)-2], app1, plain[len(plain)-2:]))); got != 1 {
		t.Errorf("behind the pixels: orientation %d", got)
	}
}

// EXIF data stand before or behind the pixels of a PNG or WebP file, with or without
// the name that JPEG gives them.
func TestChunkExif(t *testing.T) {
	exif := orientationOf(binary.LittleEndian, 8)
	named := append([]byte("Exif\x00\x00"), exif...)
	plain := pngOf(blocks())
	for _, data := range [][]byte{exif, named} {
		for _, at := range []int{33, len(plain) - 12} {
			img, err := DecodeImage(slices.Insert(slices.Clone(plain), at, chunkOf("eXIf", data)...), 0)
			if err != nil || img.Bounds() != image.Rect(0, 0, 16, 24) {
				t.Errorf("PNG: %v, %v", img, err)
			}
		}
		webp := drawings(t, "kinds")["lossless.webp"]
		webp = appendChunk(slices.Clone(webp), "EXIF", data)
		binary.LittleEndian.PutUint32(webp[4:], uint32(len(webp)-8))
		img, err := DecodeImage(webp, 0)
		if err != nil || img.Bounds() != image.Rect(0, 0, 16, 24) {
			t.Errorf("WebP: %v, %v", img, err)
		}
	}
}

// A turned picture has the same pixels, whether read one by one or by lines.
func TestTurned(t *testing.T) {
	for _, kind := range kinds() {
		img := coloured(kind, 5, 7)
		for by := 1; by <= 8; by++ {
			turned := upright(img, by)
			if Opaque(turned) != Opaque(img) {
				t.Errorf("%s, %d: opaque %t", kind, by, Opaque(turned))
			}
			b, size := img.Bounds(), turned.Bounds().Size()
			pixels := FromImage(turned, size.Y, size.X, 3)
			for x := range b.Dx() {
				for y := range b.Dy() {
					at := [8][2]int{{x, y}, {6 - x, y}, {6 - x, 4 - y}, {x, 4 - y}, {y, x}, {4 - y, x}, {4 - y, 6 - x}, {y, 6 - x}}[by-1]
					want := img.At(b.Min.X+x, b.Min.Y+y)
					if by > 1 && turned.At(at[0], at[1]) != want {
						t.Errorf("%s, %d: pixel %d, %d", kind, by, x, y)
					}
					r, _, _, _ := want.RGBA()
					if got := pixels[3*(at[1]*size.X+at[0])]; got != uint8(r>>8) {
						t.Errorf("%s, %d: red at %d, %d is %d, want %d", kind, by, x, y, got, r>>8)
					}
				}
			}
		}
	}
}

// Whatever the bytes, the readers of EXIF end, and say 1 to 8.
func FuzzExif(f *testing.F) {
	f.Add(orientationOf(binary.BigEndian, 6))
	f.Add(append([]byte("Exif\x00\x00"), orientationOf(binary.LittleEndian, 3)...))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff"))
	for _, file := range drawings(f, "orientation") {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, exif := range [][]byte{file, jpegExif(file), pngExif(file), webpExif(file)} {
			if got := orientation(exif); got < 1 || got > 8 {
				t.Errorf("orientation %d", got)
			}
		}
		if tags, ok := readTags(file); ok {
			for tag := range 512 {
				if n := len(tags.values(uint16(tag))); n > len(file) {
					t.Errorf("%d values in %d bytes", n, len(file))
				}
			}
		}
		if still := firstFrame(file); len(still) > len(file)+32 {
			t.Errorf("a frame of %d bytes in %d", len(still), len(file))
		}
	})
}
