//go:build linux

package hostile

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// readsModel is what reads a model.
var readsModel = []string{
	"net {in}",
	"net {in} --json",
	"eval {in} --data digits --json --quiet",
	"eval {in} --data digits",
	"eval {in} --data digits --robustness --json --quiet",
	"predict {in} {digit} --json --quiet",
	"predict {in} {digit}",
	"explain {in} --json --quiet",
	"explain {in} {digit} --json --quiet --out {out}",
	"explain {in} {digit} --out {out}",
	"explain {in} --second-order --out {out} --quiet",
	"explain {in} --monomials --json --quiet",
	"train --net {in} --data digits --epochs 1 --out {out} --quiet",
	"train --net {in}:linear --data digits --epochs 1 --out {out} --quiet",
	"bench --net {in} --threads 1 --batch 4 --seconds 0.01 --json --quiet",
	"train --teacher {in} --data digits --epochs 1 --out {out} --quiet",
	"distill {in} --data digits --levels 1 --steps 1 --evaluate none --out {out} --quiet",
	"classify {refs} {digit} --model {in} --json --quiet",
	"classify {refs} {digit} --other {in} --json --quiet",
}

// readsMetadata is what prints or uses the metadata of a model.
var readsMetadata = []string{
	"net {in}",
	"eval {in} --data digits --json --quiet",
	"eval {in}",
	"predict {in} {digit} --json --quiet",
	"predict {in} {digit}",
	"explain {in} {digit} --out {out}",
	"explain {in} --json --quiet",
	"train --teacher {in} --data digits --epochs 1 --out {out} --quiet",
	"distill {in} --levels 1 --steps 1 --evaluate none --out {out}",
}

// netsBySize are networks that ask for much in few words.
func netsBySize() map[string]string {
	times := func(n int, op string) string { return strings.Repeat(op+" ", n) }
	return map[string]string{
		"lattice 8192":           "Input(8192,8192,1) AvgPool Linear(10)",
		"lattice 8192 CG":        "Input(8192,8192,1) CG(2,2,1,2,2) AvgPool Linear(10)",
		"lattice 4096 Conv":      "Input(4096,4096,1) Conv(3,3,16,1,1,1) CG(2,2,16,2,2) AvgPool Linear(10)",
		"lattice 4096x4":         "Input(4096,4096,4) CG(2,2,4,2,2) AvgPool Linear(10)",
		"lattice 2048 deep":      "Input(2048,2048,1) " + times(20, "CG(1,1,1,1,1)") + "AvgPool Linear(10)",
		"lattice row":            "Input(1,65536,1) CG(1,2,1,1,2) AvgPool Linear(10)",
		"lattice column":         "Input(65536,1,1) CG(2,1,1,2,1) AvgPool Linear(10)",
		"lattice 65536x4096":     "Input(65536,4096,1) AvgPool Linear(10)",
		"lattice 65536":          "Input(65536,65536,1) AvgPool Linear(10)",
		"lattice channels":       "Input(1024,1024,256) AvgPool Linear(10)",
		"padding 8000":           "Input(8,8,1) Conv(3,3,1,1,1,8000) AvgPool Linear(10)",
		"padding 8000 CG":        "Input(8,8,1) Conv(1,1,1,1,1,8000) CG(2,2,1,2,2) AvgPool Linear(10)",
		"padding 2000 wide":      "Input(8,8,1) Conv(1,1,60,1,1,1000) Conv(1,1,1,1,1) AvgPool Linear(10)",
		"padding strided":        "Input(8,8,1) Conv(1,1,1,8000,8000,65536) AvgPool Linear(10)",
		"padding all":            "Input(8,8,1) Conv(1,1,1,1,1,65536) AvgPool Linear(10)",
		"channels 20000":         "Input(8,8,1) Conv(1,1,20000,1,1) CG(1,1,20000,1,1) Conv(1,1,1,1,1) AvgPool Linear(10)",
		"channels 65536":         "Input(8,8,1) Conv(1,1,65536,1,1) Conv(1,1,1,1,1) AvgPool Linear(10)",
		"channels doubled":       "Input(8,8,1) " + times(16, "Cat{ | }") + "Conv(1,1,1,1,1) Linear(10)",
		"channels doubled large": "Input(512,512,1) " + times(10, "Cat{ | }") + "Conv(1,1,1,1,1) AvgPool Linear(10)",
		"branches":               "Input(512,512,1) Cat{ " + times(200, "|") + "} Conv(1,1,1,1,1) AvgPool Linear(10)",
		"CGs 53":                 "Input(8,8,1) " + times(53, "CG(1,1,1,1,1)") + "Linear(10)",
		"CGs 64":                 "Input(8,8,1) " + times(64, "CG(1,1,1,1,1)") + "Linear(10)",
		"CGs 1000":               "Input(8,8,1) " + times(1000, "CG(1,1,1,1,1)") + "Linear(10)",
		"CGs 9000":               "Input(4,4,1) " + times(9000, "CG(1,1,1,1,1)") + "Linear(10)",
		"CGs cubic 34":           "Input(8,8,1) " + times(34, "CG(1,1,1,1,1,order=3)") + "Linear(10)",
		"CGs 10":                 "Input(8,8,1) " + times(10, "CG(1,1,1,1,1)") + "Linear(10)",
		"CGs 10 overlapping":     "Input(8,8,1) " + times(7, "CG(2,2,1,1,1)") + "Linear(10)",
		"gains 16 residual":      "Input(8,8,2) " + times(16, "Sum{ Norm Gain(2) CG(1,1,2,1,1) | }") + "Linear(10)",
		"gains 30":               "Input(8,8,1) " + times(30, "Gain(2)") + "Linear(10)",
		"gains 1000":             "Input(8,8,1) " + times(1000, "Gain(2)") + "Linear(10)",
		"gains 4 small":          "Input(2,2,1) Gain(1) Gain(1) Gain(1) Gain(1) Linear(10)",
		"gain channels":          "Input(1,1,16) Gain(1) Gain(1) Linear(10)",
		"gain and CG":            "Input(2,2,4) Gain(2) CG(2,2,4,2,2) Linear(10)",
		"gain of many":           "Input(4,4,1) Conv(4,4,3,1,1) Gain(1) Gain(1) Linear(10)",
		"norms 9000":             "Input(8,8,1) " + times(9000, "Norm") + "Linear(10)",
		"convolutions 5000":      "Input(8,8,1) " + times(5000, "Conv(1,1,1,1,1)") + "Linear(10)",
		"groups 31 deep":         "Input(8,8,1) " + times(31, "Sum{ Norm |") + times(31, "}") + "Linear(10)",
		"groups 31 deep CG":      "Input(8,8,1) " + times(31, "Sum{ CG(1,1,1,1,1) |") + times(31, "}") + "Linear(10)",
		"groups 40 deep":         "Input(8,8,1) " + times(40, "Sum{ Norm |") + times(40, "}") + "Linear(10)",
		"groups 100000 deep":     "Input(8,8,1) " + times(100_000, "Sum{"),
		"sums 3000":              "Input(8,8,1) " + times(3000, "Sum{ | }") + "Linear(10)",
		"Taylor cubic":           "Input(7,7,1) Taylor(2,order=3)",
		"Taylor quadratic 20":    "Input(20,20,1) Taylor(2,order=2)",
		"Taylor of Taylor":       "Input(3,3,1) Taylor(8,order=3) Taylor(8,order=3) Taylor(8,order=3) Linear(10)",
		"Taylor order 20":        "Input(2,2,1) Taylor(2,order=20)",
		"Taylor 8192":            "Input(8192,8192,1) Taylor(2,order=2)",
		"monomials 4x4":          "Input(4,4,1) CG(2,2,1,1,1) CG(2,2,1,1,1) CG(2,2,1,1,1) Linear(2)",
		"monomials 8x8":          "Input(8,8,1) CG(2,2,1,2,2) CG(2,2,1,2,2) CG(2,2,1,2,2) Linear(10)",
		"monomials wide":         "Input(3,3,1) Conv(3,3,8,1,1) CG(1,1,8,1,1) CG(1,1,8,1,1) CG(1,1,8,1,1) Linear(10)",
		"monomials of 64":        "Input(8,8,1) Linear(4) CG(1,1,4,1,1) CG(1,1,4,1,1) Linear(10)",
		"monomials of 1024":      "Input(32,32,1) Linear(4) CG(1,1,4,1,1) Linear(10)",
		"monomials of 784":       "Input(28,28,1) Linear(40) CG(1,1,40,1,1,order=3) Linear(10)",
		"monomials CG cubic":     "Input(4,4,1) CG(3,3,1,1,1,order=3) CG(2,2,1,2,2,order=3) Linear(2)",
		"classes 20000":          "Input(1,1,1) Linear(20000)",
		"classes 65536":          "Input(1,1,1) Linear(65536)",
		"classes 1":              "Input(8,8,1) Linear(1)",
		"maps 20000":             "Input(8,8,1) AvgPool Linear(20000) CG(1,1,20000,1,1) AvgPool Linear(1)",
		"dilation 8191":          "Input(8192,8192,1) CG(2,2,1,1,1,8191) Linear(10)",
		"pool of all":            "Input(4096,4096,1) MaxPool(4096,4096,1,1) Linear(10)",
		"pool moved":             "Input(1024,1024,1) MaxPool(512,512,1,1) AvgPool Linear(10)",
		"pool mean moved":        "Input(2048,2048,1) AvgPool(1024,1024,1,1) AvgPool Linear(10)",
		"window large":           "Input(600,600,1) Conv(250,250,1,1,1) AvgPool Linear(10)",
		"ReLU":                   "Input(8,8,1) ReLU Linear(10)",
		"constant":               "Input(8,8,1) CG(8,8,1,8,8,order=1) Linear(10)",
		"one site":               "Input(1,1,1) Linear(10)",
		"one site deep":          "Input(1,1,1) " + times(9, "CG(1,1,1,1,1)") + "Linear(2)",
		"one site deeper":        "Input(1,1,2) " + times(9, "CG(1,1,2,1,1) Conv(1,1,2,1,1)") + "Linear(2)",
		"tied":                   "Input(256,256,1) " + times(8, "CG(2,2,1,2,2,tie=1)") + "Linear(10)",
		"comment":                "Input(8,8,1) Linear(10) #" + times(100_000, "#"),
		"faults":                 times(50_000, "("),
		"values":                 "Input(99999999999999999999,-1,1e9) Linear(10)",
		"evil":                   "Input(8,8,1)\nLinear\x1b[31m(10)",
		"no input":               "Linear(10)",
		"empty":                  " ",
	}
}

// valuesOfModels are what parameters may be.
func valuesOfModels() map[string]fill {
	return map[string]fill{
		"zero": constant(0), "huge": constant(1e38), "alternating huge": func(i int) float32 { return 3e38 * float32(1-2*(i%2)) },
		"denormal": constant(1e-45), "NaN": constant(float32(math.NaN())), "infinite": constant(float32(math.Inf(1))),
		"equal": constant(0.1), "nearly equal": func(i int) float32 { return math.Float32frombits(math.Float32bits(0.1) + uint32(i%2)) },
		"large":    constant(1e9),
		"one huge": func(i int) float32 { return map[bool]float32{true: 1e30}[i == 3] },
		"negative": constant(-1e19),
		"tiny":     constant(1e-20),
	}
}

// metadataOfModels is metadata that contradicts, or is absurd.
func metadataOfModels() map[string]map[string]string {
	list := map[string]map[string]string{}
	for name, evil := range evilNames() {
		list["class "+name] = map[string]string{"classes": "[" + quoted(evil) + `,"1","2","3","4","5","6","7","8","9"]`}
		list["data "+name] = map[string]string{"training": `{"config":{"data":` + quoted(evil) + `},"epochs":3}`}
	}
	for name, values := range map[string]string{
		"zero": `{"mean":[0],"std":[0]}`, "denormal": `{"mean":[0],"std":[1e-45]}`, "huge": `{"mean":[1e300],"std":[1e300]}`,
		"large": `{"mean":[3e38],"std":[3e38]}`, "negative": `{"mean":[0.5],"std":[-1]}`, "none": `{"mean":[],"std":[]}`,
		"many": `{"mean":[` + repeated("0.5", 50_000, ",") + `],"std":[` + repeated("0.5", 50_000, ",") + `]}`,
		"null": "null", "text": `"x"`, "deep": strings.Repeat("[", 200_000),
	} {
		list["normalisation "+name] = map[string]string{"normalisation": values}
	}
	row := "[" + repeated("1e308", 3, ",") + "]"
	for name, guard := range map[string]string{
		"huge":   `{"mean":[` + repeated(row, 10, ",") + `],"std":[` + repeated(row, 10, ",") + `],"limit":` + row + `}`,
		"large":  `{"mean":[` + repeated("[3e38,3e38,3e38]", 10, ",") + `],"std":[` + repeated("[1e-45,1e-45,1e-45]", 10, ",") + `],"limit":[3e38,0,-1]}`,
		"rows":   `{"mean":[` + repeated("[1,1,1]", 40_000, ",") + `],"std":[],"limit":[1,1,1]}`,
		"none":   `{"mean":[],"std":[],"limit":[]}`,
		"ragged": `{"mean":[[1],[1,2,3]],"std":[[1]],"limit":[1,2,3,4,5,6,7]}`,
		"zero":   `{"mean":[` + repeated("[0,0,0]", 10, ",") + `],"std":[` + repeated("[0,0,0]", 10, ",") + `],"limit":[0,0,0]}`,
		"null":   "null",
	} {
		list["guard "+name] = map[string]string{"guard": guard}
	}
	for name, values := range map[string]string{
		"box": `{"kind":"drawing","box":1000000000,"centre":"box"}`, "negative": `{"kind":"drawing","box":-8,"centre":"mass"}`,
		"kind": `{"kind":"\u001b[31m","box":8}`, "centre": `{"kind":"drawing","box":8,"centre":"\n"}`, "crop": `{"kind":"crop","box":65536}`,
		"one": `{"kind":"drawing","box":1,"centre":"box"}`,
	} {
		list["preparation "+name] = map[string]string{"preparation": values}
	}
	for name, value := range map[string]string{"huge": "1e308", "zero": "0", "negative": "-5", "denormal": "1e-45", "text": `"NaN"`, "large": "3e38"} {
		list["range "+name] = map[string]string{"logit_range": value}
	}
	for name, value := range map[string]string{
		"epochs": `{"config":{"data":"digits","epochs":1152921504606846976,"seed":18446744073709551615},"epochs":-7,"best_epoch":1e300,"validation_accuracy":1e308,"test_accuracy":-99}`,
		"size":   `{"config":{"data":"digits","size":[65536,65536],"validation":1e300,"net":"\u001b[31m"},"epochs":3}`,
		"text":   `"training"`, "array": `[1,2,3]`, "deep": strings.Repeat(`{"config":`, 50_000), "garbage": "\x00\x1b", "long": `{"config":{"data":"digits","augment":{"shift":1e308,"crop":1152921504606846976}}}`,
	} {
		list["training "+name] = map[string]string{"training": value}
	}
	list["classes none"] = map[string]string{"classes": "[]"}
	list["classes many"] = map[string]string{"classes": "[" + repeated(`"x"`, 100_000, ",") + "]"}
	list["classes alike"] = map[string]string{"classes": "[" + repeated(`"x"`, 10, ",") + "]"}
	list["format"] = map[string]string{"format": "taylornet/999\x1b[31m"}
	list["no network"] = map[string]string{"network": ""}
	list["no metadata"] = map[string]string{"network": "", "classes": "", "normalisation": "", "format": ""}
	list["keys"] = map[string]string{"\x1b[31m": "\x1b[31m", strings.Repeat("k", 300_000): "v"}
	return list
}

// brokenFiles are files that are hardly safetensors.
func brokenFiles(valid []byte) map[string][]byte {
	length := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), valid[8:]...) }
	header, data := split(valid)
	with := func(change func(tensors map[string]any)) []byte {
		copied := maps.Clone(header)
		change(copied)
		return join(copied, data)
	}
	list := map[string][]byte{
		"empty": {}, "short": {1, 2, 3}, "zeros": make([]byte, 100_000), "cut": valid[:len(valid)/2], "cut header": valid[:40],
		"longer": append(slices.Clone(valid), make([]byte, 5000)...),
		"deep":   join(nil, nil), "pickle": []byte("\x80\x02}q\x00(X\x06\x00\x00\x00"), "zip": []byte("PK\x03\x04\x14\x00"),
		"header of brackets": append(binary.LittleEndian.AppendUint64(nil, 500_000), strings.Repeat("[", 500_000)...),
		"header of keys":     join(manyKeys(), nil),
		"overlap": with(func(h map[string]any) {
			for name := range h {
				if name != "__metadata__" {
					h[name] = map[string]any{"dtype": "F32", "shape": []int{1}, "data_offsets": []int{0, 4}}
				}
			}
		}),
		"shape overflow": with(func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "F32", "shape": []int{1 << 32, 1 << 32, 4}, "data_offsets": []int{0, 0}}
		}),
		"shape negative": with(func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "F32", "shape": []int{-1, -4}, "data_offsets": []int{0, 16}}
		}),
		"shape long": with(func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "F32", "shape": make([]int, 100_000), "data_offsets": []int{0, 0}}
		}),
		"metadata not text": with(func(h map[string]any) { h["__metadata__"] = map[string]any{"format": 1, "network": []int{1}} }),
	}
	for _, n := range []uint64{0, 1, 7, 1 << 20, 1 << 40, 1<<63 - 1, 1 << 63, math.MaxUint64, math.MaxUint64 - 7} {
		list[fmt.Sprintf("length %d", n)] = length(n)
	}
	for _, dtype := range []string{"F16", "BF16", "F64", "I64", "U8", "BOOL", "\x1b[31m", ""} {
		list["dtype "+fmt.Sprintf("%q", dtype)] = with(func(h map[string]any) {
			for name := range h {
				if name != "__metadata__" {
					h[name] = map[string]any{"dtype": dtype, "shape": []int{1}, "data_offsets": []int{0, 4}}
					return
				}
			}
		})
	}
	for name, evil := range evilNames() {
		list["tensor "+name] = with(func(h map[string]any) { h[evil] = entry{"F32", []int{0}, []int{0, 0}} })
	}
	return list
}

func manyKeys() map[string]any {
	keys := map[string]any{}
	for i := range 12_000 {
		keys[fmt.Sprint("t", i)] = entry{"F32", []int{0}, []int{0, 0}}
	}
	return keys
}

// models are the inputs that are models.
func models(valid []byte) []input {
	var list []input
	commands := readsModel
	add := func(name string, data func() []byte) {
		list = append(list, input{"model " + name, made(data), commands})
	}
	nets := netsBySize()
	for _, name := range slices.Sorted(maps.Keys(nets)) {
		add(name, func() []byte { return modelFile(nets[name], even, nil) })
	}
	values := valuesOfModels()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		add("values "+name, func() []byte { return modelFile(smallNet, values[name], nil) })
		add("values Taylor "+name, func() []byte { return modelFile("Input(8,8,1) Taylor(10,order=2)", values[name], nil) })
	}
	commands = readsMetadata
	metadata := metadataOfModels()
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		add(name, func() []byte { return modelFile(smallNet, even, metadata[name]) })
	}
	commands = []string{"net {in}", "eval {in} --json --quiet", "train --net {in} --out {out}", "classify {refs} {digit} --model {in}"}
	broken := brokenFiles(valid)
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		add("broken "+name, func() []byte { return broken[name] })
	}
	return list
}
