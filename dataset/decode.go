package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/memory"
)

// Bounds of the pictures that are decoded. Beyond freePixels, the size of the file
// bounds a picture as its format does, so that a few bytes cannot claim a large one.
const (
	maxPixels        = 1 << 26
	maxSide          = 1 << 22 // decoders take some time for each line
	freePixels       = 1 << 22
	maxPixelsPerByte = 1 << 16
	maxBytes         = 1 << 30
)

// format is a kind of picture that is read.
type format struct {
	what          string // as sniff names it
	pixelsPerByte int    // at most
	config        func(io.Reader) (image.Config, error)
	decode        func(io.Reader) (image.Image, error)
	exif          func(file []byte) []byte                                // nil if none is defined
	cost          func(file []byte, config image.Config) (float64, error) // bytes that decoding takes, about and at most
	mend          func(file []byte, img image.Image)                      // what the decoder gets wrong
}

func formats() []format {
	// A byte of deflate stands for at most 1,032 bytes of at least one pixel each, which
	// takes a bit or more; a block of 64 pixels of JPEG takes a bit or more; a code of GIF
	// stands for at most 4,096 pixels. A blank sheet in WebP, or a fax in TIFF, takes next
	// to nothing.
	const deflate, blocks, codes, blank = 8 * 1032, 8 * 64, 4096, maxPixelsPerByte
	return []format{
		{aPNG, deflate, png.DecodeConfig, png.Decode, pngExif, pngCost, nil},
		{aJPEG, blocks, jpeg.DecodeConfig, jpeg.Decode, jpegExif, jpegCost, nil},
		{aGIF, codes, gif.DecodeConfig, gif.Decode, nil, gifCost, nil},
		{aWebP, blank, webp.DecodeConfig, webp.Decode, webpExif, webpCost, mendWebP},
		{aBMP, 8, bmp.DecodeConfig, bmp.Decode, nil, bmpCost, nil},
		{aTIFF, blank, tiff.DecodeConfig, tiff.Decode, func(file []byte) []byte { return file }, tiffCost, mendTIFF},
	}
}

// formatOf returns how a kind of file is read, or an error that says what the file is.
func formatOf(what string, length int64) (format, error) {
	if i := slices.IndexFunc(formats(), func(f format) bool { return f.what == what }); i >= 0 {
		return formats()[i], nil
	}
	if length == 0 {
		return format{}, errors.New(what)
	}
	return format{}, fmt.Errorf("%s: PNG, JPEG, GIF, WebP, BMP and TIFF are read", what)
}

// DecodeImage reads a picture in the format that its first bytes say: PNG, JPEG, GIF,
// WebP, BMP or TIFF, the first frame if it moves. It is returned upright, as its EXIF
// orientation says. DecodeImage refuses a picture whose header promises too large a size
// before it decodes the rest. Its errors say what the file is: a HEIC picture, say, a web
// page, or a PNG picture that is cut short.
//
// The budget is how many bytes the file and the picture may take. 0 means 104 MiB,
// and 256 bytes for each byte of the file after the first MiB, at most half of the
// machine's memory. The error about more wraps tensor.ErrMemory.
func DecodeImage(file []byte, budget int64) (image.Image, error) {
	f, err := formatOf(sniff(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var exif []byte
	if f.exif != nil {
		exif = f.exif(file)
	}
	if f.what == aWebP {
		file = firstFrame(file)
	}
	config, err := decoded(f, f.config, file)
	if err != nil {
		return nil, err
	}
	pixels := int64(config.Width) * int64(config.Height)
	switch {
	case pixels == 0:
		return nil, fmt.Errorf("%s without pixels", f.what)
	case pixels > maxPixels:
		return nil, fmt.Errorf("%s of %d x %d pixels: at most %d are read", f.what, config.Width, config.Height, maxPixels)
	case max(config.Width, config.Height) > maxSide:
		return nil, fmt.Errorf("%s of %d x %d pixels: sides of at most %d are read", f.what, config.Width, config.Height, maxSide)
	case pixels > freePixels+int64(f.pixelsPerByte)*int64(len(file)):
		return nil, fmt.Errorf("%s of %d bytes that promises %d x %d pixels is refused", f.what, len(file), config.Width, config.Height)
	}
	if err := checkCost(f, file, exif, config, budget); err != nil {
		return nil, err
	}
	if pixels > freePixels {
		// The large picture before is no longer needed, as a rule: let go of it first, so that
		// many of them take the memory of one.
		runtime.GC()
	}
	img, err := decoded(f, f.decode, file)
	if err != nil {
		return nil, err
	}
	if f.mend != nil {
		f.mend(file, img)
	}
	if img.Bounds() != image.Rect(0, 0, config.Width, config.Height) {
		if err := checkMemory(f, file, config, sheetCost*float64(pixels), budget); err != nil {
			return nil, err
		}
		img = onSheet(img, config)
	}
	return upright(img, orientation(exif)), nil
}

// ReadImage reads a picture file as DecodeImage does. Its errors do not name the file.
func ReadImage(file string, budget int64) (image.Image, error) {
	return readImage(func() (fs.File, error) { return fsx.Open(file) }, budget)
}

// readImage opens and reads a picture's file. Of one that is no picture, it reads only
// the first bytes. Its errors do not name the file.
func readImage(open func() (fs.File, error), budget int64) (image.Image, error) {
	f, err := open()
	if cause := new(fs.PathError); errors.As(err, &cause) {
		err = cause.Err
	}
	switch {
	case errors.Is(err, fsx.ErrFolder):
		return nil, errors.New("a folder, not a picture")
	case errors.Is(err, fsx.ErrNotRegular):
		return nil, fsx.ErrNotRegular
	case err != nil:
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { //nolint:errorlint // io.ReadFull wraps neither
		return nil, err
	}
	kind, err := formatOf(sniff(head[:n]), int64(n))
	if err != nil {
		return nil, err
	}
	most := memory.Or(budget)
	if err := memory.Check(most, float64(info.Size()), "the file of "+kind.what); err != nil {
		return nil, err
	}
	var content bytes.Buffer
	content.Grow(int(min(info.Size(), maxBytes, most)) + bytes.MinRead)
	content.Write(head[:n])
	if _, err := content.ReadFrom(io.LimitReader(f, min(maxBytes, most))); err != nil {
		return nil, err
	}
	if content.Len() > maxBytes {
		return nil, fmt.Errorf("%s of more than %d bytes is refused", kind.what, maxBytes)
	}
	return DecodeImage(content.Bytes(), budget)
}

// decoded calls one of a format's functions. If more of the file was wanted than there
// is, the error says so.
func decoded[T any](f format, decode func(io.Reader) (T, error), file []byte) (result T, err error) {
	from := &source{file: bytes.NewReader(file)}
	result, err = decode(from)
	switch {
	case err == nil:
		return result, nil
	case from.ended:
		return result, fmt.Errorf("%s that is cut short", f.what)
	}
	if strings.Contains(err.Error(), "unsupported") {
		return result, fmt.Errorf("%s of a kind that is not read: save it as PNG (%w)", f.what, err)
	}
	return result, fmt.Errorf("%s that cannot be read: %w", f.what, err)
}

// source reads a file and notes whether it was asked for more than there is.
type source struct {
	file  *bytes.Reader
	ended bool
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	s.ended = s.ended || err == io.EOF
	return n, err
}

// ReadAt lets the decoder of TIFF do without a copy.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.file.ReadAt(p, at)
	s.ended = s.ended || err == io.EOF
	return n, err
}

// sheetCost is how many bytes a pixel of a sheet and of the frame on it takes.
const sheetCost = 5

// onSheet puts the first frame of a GIF picture, which may be smaller than the picture,
// in its place. What it leaves free is transparent.
func onSheet(img image.Image, config image.Config) image.Image {
	sheet := image.NewRGBA(image.Rect(0, 0, config.Width, config.Height))
	draw.Draw(sheet, img.Bounds(), img, img.Bounds().Min, draw.Src)
	return sheet
}

// firstFrame turns a moving WebP picture into one of its first frame.
func firstFrame(file []byte) []byte {
	const header, inFrame = 12, 16
	if len(file) < header {
		return file
	}
	for name, frame := range webpChunks(file[header:]) {
		if name != "ANMF" || len(frame) < inFrame {
			continue
		}
		still := append([]byte{}, file[:header]...)
		for name, data := range webpChunks(frame[inFrame:]) {
			if name == "ALPH" {
				// The size, three bytes a side, stands in the frame as an extended file has it.
				still = appendChunk(still, "VP8X", append([]byte{0x10, 0, 0, 0}, frame[6:12]...))
			}
			still = appendChunk(still, name, data)
		}
		binary.LittleEndian.PutUint32(still[4:], uint32(len(still)-8))
		return still
	}
	return file
}

// mendTIFF exchanges black and white where fax coding and white that is not zero come
// together: golang.org/x/image/tiff takes the black of the code for black.
func mendTIFF(file []byte, img image.Image) {
	const compression, photometric, group3, group4, blackIsZero = 259, 262, 3, 4, 1
	t, _ := readTags(file)
	code := t.first(compression)
	grey, ok := img.(*image.Gray)
	if !ok || code != group3 && code != group4 || t.first(photometric) != blackIsZero {
		return
	}
	for i, v := range grey.Pix {
		grey.Pix[i] = 0xff - v
	}
}

// mendWebP stretches the planes of a lossy WebP picture, in which black is 16 and white
// 235, as in television, to those of image.YCbCr.
func mendWebP(_ []byte, img image.Image) {
	planes, ok := img.(*image.YCbCr)
	if a, is := img.(*image.NYCbCrA); is {
		planes, ok = &a.YCbCr, true
	}
	if !ok {
		return
	}
	stretch := func(plane []uint8, from, steps, to float64) {
		var table [256]uint8
		for v := range table {
			table[v] = uint8(min(255, max(0, math.Round((float64(v)-from)*255/steps+to))))
		}
		for i, v := range plane {
			plane[i] = table[v]
		}
	}
	stretch(planes.Y, 16, 219, 0)
	stretch(planes.Cb, 128, 224, 128)
	stretch(planes.Cr, 128, 224, 128)
}

// appendChunk appends a RIFF chunk.
func appendChunk(file []byte, name string, data []byte) []byte {
	file = append(binary.LittleEndian.AppendUint32(append(file, name...), uint32(len(data))), data...)
	if len(data)%2 == 1 {
		file = append(file, 0)
	}
	return file
}
