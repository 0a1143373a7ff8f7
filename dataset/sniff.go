package dataset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// The formats that are read, as sniff names them.
const (
	aPNG  = "a PNG picture"
	aJPEG = "a JPEG picture"
	aGIF  = "a GIF picture"
	aWebP = "a WebP picture"
	aBMP  = "a BMP picture"
	aTIFF = "a TIFF picture"
)

// sniffed is how many of a file's first bytes tell its kind, but for TIFF.
const sniffed = 512

// sniff says what a file is by its first bytes: a picture, or what people take for one.
func sniff(file []byte) string {
	head := file[:min(len(file), sniffed)]
	switch {
	case len(head) == 0:
		return "an empty file"
	case len(bytes.Trim(head, "\x00")) == 0:
		return "a file of zeros"
	}
	for _, k := range magics() {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
			return k.what
		}
	}
	return cmp.Or(sniffMedia(head), sniffBitmap(file), sniffText(head), "a file of an unknown kind")
}

// magic is a kind of file that has a text of its own at a place of its own.
type magic struct {
	what  string
	at    int
	magic string
}

func magics() []magic {
	return []magic{
		{aPNG, 0, "\x89PNG"},
		{aJPEG, 0, "\xff\xd8\xff"},
		{aGIF, 0, "GIF87a"}, {aGIF, 0, "GIF89a"},
		{"a CR2 raw picture", 0, "II*\x00\x10\x00\x00\x00CR"},
		{"a BigTIFF picture", 0, "II+\x00"}, {"a BigTIFF picture", 0, "MM\x00+"},
		{"an ORF raw picture", 0, "IIRO"}, {"an ORF raw picture", 0, "IIRS"}, {"an ORF raw picture", 0, "MMOR"},
		{"an RW2 raw picture", 0, "IIU\x00"},
		{"an RAF raw picture", 0, "FUJIFILMCCD-RAW"},
		{"an X3F raw picture", 0, "FOVb"},
		{"a JPEG XL picture", 0, "\x00\x00\x00\x0cJXL \r\n\x87\n"}, {"a JPEG XL picture", 0, "\xff\x0a"},
		{"a JPEG 2000 picture", 0, "\x00\x00\x00\x0cjP  \r\n\x87\n"}, {"a JPEG 2000 picture", 0, "\xff\x4f\xff\x51"},
		{"a Photoshop picture", 0, "8BPS"},
		{"a GIMP picture", 0, "gimp xcf"},
		{"an icon file", 0, "\x00\x00\x01\x00"}, {"an icon file", 0, "icns"},
		{"an OpenEXR picture", 0, "\x76\x2f\x31\x01"},
		{"a Radiance picture", 0, "#?RADIANCE"},
		{"a DirectDraw picture", 0, "DDS "},
		{"a QOI picture", 0, "qoif"},
		{"a DjVu document", 0, "AT&TFORM"},
		{"a DICOM picture", 128, "DICM"},
		{"a FITS picture", 0, "SIMPLE  ="},
		{"a PDF document", 0, "%PDF-"},
		{"a PostScript document", 0, "%!PS"}, {"a PostScript document", 0, "\xc5\xd0\xd3\xc6"},
		{"a zip archive", 0, "PK\x03\x04"}, {"a zip archive", 0, "PK\x05\x06"},
		{"a gzip archive", 0, "\x1f\x8b"},
		{"a bzip2 archive", 0, "BZh"},
		{"an xz archive", 0, "\xfd7zXZ\x00"},
		{"a Zstandard archive", 0, "\x28\xb5\x2f\xfd"},
		{"a 7z archive", 0, "7z\xbc\xaf\x27\x1c"},
		{"a RAR archive", 0, "Rar!\x1a\x07"},
		{"a tar archive", 257, "ustar"},
		{"a video", 0, "\x1a\x45\xdf\xa3"}, {"a video", 0, "\x00\x00\x01\xba"}, {"a video", 0, "\x00\x00\x01\xb3"}, {"a video", 0, "FLV\x01"},
		{"a video", 4, "moov"}, {"a video", 4, "mdat"},
		{"a sound or video file", 0, "OggS"},
		{"a sound file", 0, "ID3"}, {"a sound file", 0, "fLaC"},
		{"an AppleDouble file (._) that macOS leaves beside others", 0, "\x00\x05\x16\x07"},
		{"a NumPy array", 0, "\x93NUMPY"},
		{"an HDF5 file", 0, "\x89HDF\r\n\x1a\n"},
		{"an SQLite database", 0, "SQLite format 3\x00"},
		{"a Git LFS pointer: fetch the picture itself with git lfs pull", 0, "version https://git-lfs"},
	}
}

// sniffMedia knows the two families whose kind stands within their header: RIFF, and
// the boxes of MPEG-4.
func sniffMedia(head []byte) string {
	if len(head) < 12 {
		return ""
	}
	if string(head[:4]) == "RIFF" {
		switch string(head[8:12]) {
		case "WEBP":
			return aWebP
		case "AVI ":
			return "a video"
		case "WAVE":
			return "a sound file"
		}
	}
	if string(head[4:8]) != "ftyp" {
		return ""
	}
	brands := string(head[8:min(len(head), int(max(12, min(sniffed, binary.BigEndian.Uint32(head)))))])
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(brands, name) })
	}
	switch {
	case has("avif", "avis"):
		return "an AVIF picture"
	case has("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"):
		return "a HEIC picture"
	case has("crx "):
		return "a CR3 raw picture"
	case has("M4A "):
		return "a sound file"
	}
	return "a video"
}

// sniffBitmap knows BMP by its second header, Netpbm by its number, and tells TIFF from the raw pictures of
// cameras, which are TIFF files that begin with a small preview.
func sniffBitmap(file []byte) string {
	if len(file) >= 18 && string(file[:2]) == "BM" {
		switch binary.LittleEndian.Uint32(file[14:]) {
		case 12, 16, 40, 52, 56, 64, 108, 124:
			return aBMP
		}
	}
	if len(file) > 2 && file[0] == 'P' && '1' <= file[1] && file[1] <= '7' && (file[2] == '\n' || file[2] == ' ') {
		return "a Netpbm picture"
	}
	if !bytes.HasPrefix(file, []byte(littleTIFF)) && !bytes.HasPrefix(file, []byte(bigTIFF)) {
		return ""
	}
	tags, _ := readTags(file)
	const newSubfileType, subIFDs, dngVersion = 254, 330, 50706
	if tags.values(dngVersion) != nil {
		return "a DNG raw picture"
	}
	if tags.first(newSubfileType)&1 == 1 && tags.values(subIFDs) != nil {
		return "a camera's raw picture"
	}
	return aTIFF
}

// sniffText knows what is written in letters.
func sniffText(head []byte) string {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return "text"
	}
	whole := head
	for range utf8.UTFMax - 1 { // the last letter may be cut
		if len(head) == sniffed && !utf8.Valid(whole) {
			whole = whole[:len(whole)-1]
		}
	}
	if !utf8.Valid(whole) || bytes.IndexByte(whole, 0) >= 0 {
		return ""
	}
	text := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(whole), "\ufeff")))
	switch {
	case !strings.HasPrefix(text, "<"):
		return "text"
	case strings.HasPrefix(text, "<!doctype html"), strings.Contains(text, "<html"), strings.HasPrefix(text, "<head"), strings.HasPrefix(text, "<body"):
		return "a web page"
	case strings.Contains(text, "<svg"):
		return "an SVG picture"
	case strings.HasPrefix(text, "<?xml"):
		return "an XML file"
	}
	return "text"
}
