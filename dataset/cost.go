package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/coarsegrain/taylornet/internal/memory"
)

// maxPasses bounds how often the pixels of the largest picture may be gone over.
const maxPasses = 16

// checkCost refuses a picture whose decoding takes more memory than the budget in bytes. 0
// means what suits the size of the file, see memory.ForFile.
func checkCost(f format, file, exif []byte, config image.Config, budget int64) error {
	cost, err := f.cost(file, config)
	if err != nil {
		return err
	}
	line := 4 * float64(config.Width) // the picture is gone over line by line
	if orientation(exif) >= 5 {
		line = 4 * float64(config.Height)
	}
	return checkMemory(f, file, config, cost+line, budget)
}

// checkMemory refuses a picture that takes so many bytes beside its file.
func checkMemory(f format, file []byte, config image.Config, cost float64, budget int64) error {
	if budget == 0 {
		budget = memory.ForFile(int64(len(file)))
	}
	what := fmt.Sprintf("decoding %s of %d x %d pixels", f.what, config.Width, config.Height)
	err := memory.Check(budget, cost+float64(len(file)), what)
	if room := float64(budget) - float64(len(file)); err != nil && room > 0 {
		fits := func(side int) float64 { return max(1, math.Floor(float64(side)*math.Sqrt(room/cost))) }
		err = fmt.Errorf("%w: %.0f x %.0f pixels would fit", err, fits(config.Width), fits(config.Height))
	}
	return err
}

// pixelBytes is how many bytes a pixel takes in memory.
func pixelBytes(model color.Model) float64 {
	if _, ok := model.(color.Palette); ok {
		return 1
	}
	switch model {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return 4
}

func pixels(config image.Config) float64 { return float64(config.Width) * float64(config.Height) }

func pngCost(file []byte, config image.Config) (float64, error) {
	const interlaced = 28 // the place of the byte
	bytesEach := pixelBytes(config.ColorModel)
	if bytesEach < 4 && bytes.Contains(file, []byte("tRNS")) {
		bytesEach *= 4 // grey, of which one brightness is transparent
	}
	if file[interlaced] != 0 {
		bytesEach *= 2 // the seven pictures that it is made of
	}
	return bytesEach * (pixels(config) + 2*float64(config.Width)), nil // and two lines
}

// jpegCost refuses a picture that is refined too often: a few bytes suffice for a scan of
// all its blocks.
func jpegCost(file []byte, config image.Config) (float64, error) {
	const firstFrame, progressive, lastFrame, adobe = 0xc0, 0xc2, 0xc2, 0xee
	var frame, mark []byte
	scans, bytesEach := 0, 1.0
	for marker, data := range jpegSegments(file) {
		switch {
		case marker == jpegScan:
			scans++
		case marker == adobe:
			mark = data
		case firstFrame <= marker && marker <= lastFrame && frame == nil:
			frame = data
			if marker == progressive {
				bytesEach += 4 // the coefficients, until all are there
			}
		}
	}
	if float64(scans)*pixels(config) > maxPasses*maxPixels {
		return 0, fmt.Errorf("%s of %d scans is refused", aJPEG, scans)
	}
	// Each component has a name, its numbers of blocks across and down, and a table.
	const fixed, each = 6, 3
	if len(frame) < fixed+each {
		return 0, nil // the decoder refuses it
	}
	values, names := 0.0, ""
	components := frame[fixed:]
	across, down := float64(components[1]>>4), float64(components[1]&15)
	if len(components) < 2*each {
		across, down = 1, 1
	}
	units := math.Ceil(float64(config.Width)/(8*across)) * math.Ceil(float64(config.Height)/(8*down))
	for c := components; len(c) >= each; c = c[each:] {
		names += string(c[:1])
		if len(components) < 2*each {
			values = 64 * units
		} else {
			values += 64 * units * float64(c[1]>>4) * float64(c[1]&15)
		}
	}
	cost := bytesEach * values
	if len(names) == 4 || names == "RGB" || len(mark) > 11 && mark[11] == 0 {
		cost += 4 * pixels(config) // the planes are put together
	}
	return cost, nil
}

// gifCost counts the lines twice: they may not be in order.
func gifCost(_ []byte, config image.Config) (float64, error) { return 2 * pixels(config), nil }

func bmpCost(_ []byte, config image.Config) (float64, error) {
	return pixelBytes(config.ColorModel) * pixels(config), nil
}

func webpCost(file []byte, config image.Config) (float64, error) {
	const lossless, lossy, opacity = 8, 2, 9 // bytes per pixel, of the palette's numbers and the colours too
	bytesEach := 0.0
	for name := range webpChunks(file[min(12, len(file)):]) {
		switch name {
		case "VP8L":
			bytesEach += lossless
		case "VP8 ":
			bytesEach += lossy
		case "ALPH":
			bytesEach += opacity
		}
	}
	return bytesEach * pixels(config), nil
}

// tiffCost refuses a picture whose tiles are far larger than it, or whose parts share
// their bytes: each is decoded by itself.
func tiffCost(file []byte, config image.Config) (float64, error) {
	const (
		rowsPerStrip, tileWidth, tileLength = 278, 322, 323
		tileOffsets, tileByteCounts         = 324, 325
		stripOffsets, stripByteCounts       = 273, 279
		maxParts                            = 1 << 18
	)
	t, _ := readTags(file)
	places, counts := t.values(stripOffsets), t.values(stripByteCounts)
	part := pixels(config)
	if rows := t.first(rowsPerStrip); rows > 0 {
		part = float64(config.Width) * float64(min(int64(rows), int64(config.Height)))
	}
	if w, h := t.first(tileWidth), t.first(tileLength); w > 0 && h > 0 {
		padded := func(size int, tile uint32) float64 {
			return float64(tile) * float64((int64(size)+int64(tile)-1)/int64(tile))
		}
		if padded(config.Width, w)*padded(config.Height, h) > maxPixels {
			return 0, fmt.Errorf("%s of %d x %d pixels in tiles of %d x %d is refused", aTIFF, config.Width, config.Height, w, h)
		}
		places, counts = t.values(tileOffsets), t.values(tileByteCounts)
		part = float64(w) * float64(h)
	}
	var sum, largest int64
	for i := range min(len(places), len(counts)) {
		length := min(int64(counts[i]), max(0, int64(len(file))-int64(places[i])))
		sum, largest = sum+length, max(largest, length)
	}
	if len(counts) > maxParts {
		return 0, fmt.Errorf("%s in %d parts is refused", aTIFF, len(counts))
	}
	if sum > 4*int64(len(file)) {
		return 0, fmt.Errorf("%s whose parts share their bytes is refused", aTIFF)
	}
	return pixelBytes(config.ColorModel)*pixels(config) + partCost(t, part, float64(largest)), nil
}

// partCost is what unpacking a part of so many pixels and bytes takes. The decoder lets a
// pixel take 8 bytes, whatever the picture says, in a buffer that doubles.
func partCost(t tags, pixels, length float64) float64 {
	const compression = 259
	unpacked := length
	switch t.first(compression) {
	case 2, 3, 4: // fax
		return pixels / 4
	case 5: // LZW: a code of 12 bits stands for at most 4,096 bytes
		unpacked *= 4096 / 1.5
	case 8, 32946: // deflate
		unpacked *= 1032
	case 32773: // a byte that is repeated
		unpacked *= 64
	}
	return 2.5 * min(8*pixels, unpacked)
}
