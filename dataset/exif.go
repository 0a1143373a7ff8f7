package dataset

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// EXIF data have the layout of a TIFF file, whose first bytes say in which order its
// numbers stand.
const (
	littleTIFF = "II*\x00"
	bigTIFF    = "MM\x00*"
)

// orientation returns how EXIF data, or a TIFF file, say that a stored picture is to be
// turned, 1 to 8. Damaged data, or none, say nothing: 1.
func orientation(exif []byte) int {
	const tag = 0x112
	tags, _ := readTags(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
	if v := tags.values(tag); len(v) == 1 && v[0] >= 1 && v[0] <= 8 {
		return int(v[0])
	}
	return 1
}

// tags is the first directory of a TIFF file.
type tags struct {
	file    []byte
	order   binary.ByteOrder
	entries []byte
}

// tagSize is the length of a directory's entry.
const tagSize = 12

// readTags finds the first directory, as far as it is there.
func readTags(file []byte) (t tags, ok bool) {
	if len(file) < 8 {
		return tags{}, false
	}
	t.file = file
	switch string(file[:4]) {
	case littleTIFF:
		t.order = binary.LittleEndian
	case bigTIFF:
		t.order = binary.BigEndian
	default:
		return tags{}, false
	}
	at := int64(t.order.Uint32(file[4:]))
	if at+2 > int64(len(file)) {
		return tags{}, false
	}
	t.entries = file[at+2:]
	n := min(int(t.order.Uint16(file[at:])), len(t.entries)/tagSize)
	t.entries = t.entries[:n*tagSize]
	return t, true
}

// values returns the whole numbers of a tag, as far as they are there, or nil.
func (t tags) values(tag uint16) []uint32 {
	for e := t.entries; len(e) > 0; e = e[tagSize:] {
		if t.order.Uint16(e) == tag {
			return t.numbers(e)
		}
	}
	return nil
}

// numbers returns those of one entry.
func (t tags) numbers(entry []byte) (values []uint32) {
	var size int64
	switch t.order.Uint16(entry[2:]) {
	case 1:
		size = 1
	case 3:
		size = 2
	case 4, 13:
		size = 4
	default:
		return nil
	}
	data, total := entry[8:tagSize], size*int64(t.order.Uint32(entry[4:]))
	if total > int64(len(data)) {
		at := int64(t.order.Uint32(data))
		data = t.file[min(at, int64(len(t.file))):]
	}
	data = data[:min(total, int64(len(data)))]
	for ; int64(len(data)) >= size; data = data[size:] {
		switch size {
		case 1:
			values = append(values, uint32(data[0]))
		case 2:
			values = append(values, uint32(t.order.Uint16(data)))
		case 4:
			values = append(values, t.order.Uint32(data))
		}
	}
	return values
}

// first returns the first number of a tag, or 0.
func (t tags) first(tag uint16) uint32 {
	if v := t.values(tag); len(v) > 0 {
		return v[0]
	}
	return 0
}

// Markers of JPEG segments.
const (
	jpegStart = 0xd8
	jpegEnd   = 0xd9
	jpegScan  = 0xda
	jpegEXIF  = 0xe1
)

// jpegSegments yields the markers of a JPEG file and what follows each, without the
// coded pixels between.
func jpegSegments(file []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for {
			i := bytes.IndexByte(file, 0xff)
			if i < 0 || len(file)-i < 4 {
				return
			}
			file = file[i+1:]
			marker := file[0]
			switch {
			case marker == 0xff: // a fill byte
				continue
			case marker <= 0x01, 0xd0 <= marker && marker <= jpegStart: // within coded pixels, or without data
				file = file[1:]
				continue
			case marker == jpegEnd:
				return
			}
			length := int(binary.BigEndian.Uint16(file[1:]))
			if length < 2 {
				return
			}
			end := min(1+length, len(file))
			if !yield(marker, file[3:end]) {
				return
			}
			file = file[end:]
		}
	}
}

// jpegExif returns the EXIF data of a JPEG file, which stand before its pixels.
func jpegExif(file []byte) []byte {
	for marker, data := range jpegSegments(file) {
		switch {
		case marker == jpegEXIF && bytes.HasPrefix(data, []byte("Exif\x00")):
			return data[min(6, len(data)):]
		case marker == jpegScan:
			return nil
		}
	}
	return nil
}

// pngExif returns the EXIF data of a PNG file.
func pngExif(file []byte) []byte {
	const signature, around = 8, 12 // length and name before a chunk, checksum after it
	for file = file[min(signature, len(file)):]; len(file) >= around; {
		length := int64(binary.BigEndian.Uint32(file))
		if length > int64(len(file)-around) {
			return nil
		}
		if string(file[4:8]) == "eXIf" {
			return file[8 : 8+length]
		}
		file = file[around+length:]
	}
	return nil
}

// webpExif returns the EXIF data of a WebP file.
func webpExif(file []byte) []byte {
	for name, data := range webpChunks(file[min(12, len(file)):]) {
		if name == "EXIF" {
			return data
		}
	}
	return nil
}

// webpChunks yields the names and contents of RIFF chunks, the content of one that is cut
// short as nil: it is decoded as far as it goes.
func webpChunks(chunks []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(chunks) >= 8 {
			name, length := string(chunks[:4]), int64(binary.LittleEndian.Uint32(chunks[4:]))
			chunks = chunks[8:]
			if length > int64(len(chunks)) {
				yield(name, nil)
				return
			}
			if !yield(name, chunks[:length]) {
				return
			}
			chunks = chunks[min(length+length%2, int64(len(chunks))):]
		}
	}
}
