//go:build linux

package hostile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/spec"
)

// made returns a function that makes a file and writes it.
func made(data func() []byte) func(string) error {
	return func(path string) error { return os.WriteFile(path, data(), 0o666) }
}

// tensor is a named array of a safetensors file.
type tensor struct {
	name  string
	shape []int
	data  []float32
}

// entry is a tensor in the header of a file.
type entry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
}

// pack returns a safetensors file. Unlike the library's own writer it checks nothing.
func pack(metadata map[string]string, tensors ...tensor) []byte {
	header := map[string]any{"__metadata__": metadata}
	var data []byte
	for _, t := range tensors {
		begin := len(data)
		for _, v := range t.data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		header[t.name] = entry{"F32", t.shape, []int{begin, len(data)}}
	}
	return join(header, data)
}

// join returns a safetensors file of any header and data.
func join(header any, data []byte) []byte {
	text, err := json.Marshal(header)
	if err != nil {
		panic("hostile.join: " + err.Error())
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), data...)
}

// split returns the header and the data of a safetensors file.
func split(file []byte) (header map[string]any, data []byte) {
	n := 8 + binary.LittleEndian.Uint64(file)
	if err := json.Unmarshal(file[8:n], &header); err != nil {
		panic("hostile.split: " + err.Error())
	}
	return header, file[n:]
}

// fill gives the values of a network's parameters.
type fill func(i int) float32

// even are values that keep a polynomial small, and never zero.
func even(i int) float32 { return 0.05 * float32(1+i%7) * float32(1-2*(i%2)) }

func constant(v float32) fill { return func(int) float32 { return v } }

// modelFile returns the file of a model, with more metadata or other. A network that does
// not parse, or has so many parameters that the file would be large, has no tensors.
func modelFile(net string, values fill, metadata map[string]string) []byte {
	all := map[string]string{"format": "taylornet/1", "network": net, "logit_range": "10"}
	channels, classes := 1, 10
	var tensors []tensor
	if n, err := spec.Parse(net); err == nil {
		layers := n.Layers()
		channels, classes = n.Input.C, layers[len(layers)-1].Out.C
		if n.NumParams() < 1<<18 {
			for _, p := range n.Params() {
				t := tensor{p.Name, p.Shape, make([]float32, p.Size())}
				for i := range t.data {
					if t.data[i] = values(i); p.Role == spec.Var {
						t.data[i] = 1
					}
				}
				tensors = append(tensors, t)
			}
		}
	}
	names := make([]string, classes)
	for i := range names {
		names[i] = strconv.Quote(strconv.Itoa(i))
	}
	all["classes"] = "[" + strings.Join(names, ",") + "]"
	all["normalisation"] = fmt.Sprintf(`{"mean":[%s],"std":[%[1]s]}`, repeated("0.5", channels, ","))
	all["training"] = `{"config":{"data":"digits"}}`
	for key, value := range metadata {
		if value == "" {
			delete(all, key)
		} else {
			all[key] = value
		}
	}
	return pack(all, tensors...)
}

func repeated(text string, n int, separator string) string {
	return strings.TrimSuffix(strings.Repeat(text+separator, n), separator)
}

// quoted returns a text as JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic("hostile.quoted: " + err.Error())
	}
	return string(b)
}

// evilNames are names that a terminal, a table or a page must not believe.
func evilNames() map[string]string {
	return map[string]string{
		"escape":       "\x1b[31mred\x1b]0;title\x07",
		"newline":      "cat\ntaylornet: all is well\n  0  100.00 %",
		"return":       "cat\rdog",
		"eight-bit":    "\u009b31mred\u009c",
		"delete":       "ca\x7ft",
		"turned":       "\u202etac\u2066\u2069",
		"combining":    "c" + strings.Repeat("\u0301", 3000),
		"wide":         strings.Repeat("漢", 300),
		"markup":       `<script>alert(1)</script>"'&`,
		"megabyte":     strings.Repeat("name ", 150_000),
		"format":       "%s%n%d%!v(MISSING)",
		"path":         "../../../../etc/passwd",
		"nothing":      "",
		"zero":         "\x00",
		"no character": "\ufffd\ufeff\u2028\u2029",
	}
}
