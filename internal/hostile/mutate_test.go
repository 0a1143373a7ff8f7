//go:build linux

package hostile

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// mutate changes one to three values within JSON, each into an absurd one of its kind.
func mutate(text []byte, random *rand.Rand) []byte {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		panic("hostile.mutate: " + err.Error())
	}
	for range 1 + random.IntN(3) {
		value = mutateAt(value, random.IntN(count(value)), random)
	}
	out, err := json.Marshal(value)
	if err != nil {
		panic("hostile.mutate: " + err.Error())
	}
	return out
}

// count returns the number of values within a value, itself included.
func count(value any) int {
	n := 1
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			n += count(e)
		}
	case map[string]any:
		for _, e := range v {
			n += count(e)
		}
	}
	return n
}

// mutateAt changes the n-th value within a value.
func mutateAt(value any, n int, random *rand.Rand) any {
	if n == 0 {
		return absurd(value, random)
	}
	n--
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			c := count(e)
			if n < c {
				v[i] = mutateAt(e, n, random)
				return v
			}
			n -= c
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			c := count(v[key])
			if n < c {
				v[key] = mutateAt(v[key], n, random)
				return v
			}
			n -= c
		}
	}
	return value
}

func sortedKeys(m map[string]any) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// numbers are what a number may become.
var numbers = []string{
	"0", "-1", "1", "2", "-0.0", "65536", "2147483647", "2147483648", "4294967296", "1152921504606846976", "9223372036854775807",
	"-9223372036854775808", "18446744073709551615", "1e300", "-1e300", "1.7976931348623157e308", "5e-324", "1e-45", "3.4e38", "0.5", "1e9", "1e400",
}

// absurd returns another value for one, mostly of its kind.
func absurd(value any, random *rand.Rand) any {
	if random.IntN(8) == 0 {
		return []any{nil, true, "text", json.Number("7"), []any{}, map[string]any{}}[random.IntN(6)]
	}
	switch v := value.(type) {
	case json.Number:
		return json.Number(numbers[random.IntN(len(numbers))])
	case string:
		if n, err := strconv.Atoi(v); err == nil && random.IntN(2) == 0 {
			return strconv.Itoa(n + 1)
		}
		names := evilNames()
		keys := make([]string, 0, len(names))
		for key := range names {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		evil := names[keys[random.IntN(len(keys))]]
		return []string{evil, v + evil, strings.Repeat(v, 1000)}[random.IntN(3)]
	case []any:
		if len(v) == 0 {
			return []any{json.Number("1")}
		}
		switch random.IntN(3) {
		case 0:
			return v[:random.IntN(len(v))]
		case 1:
			return slices.Repeat(v, 2+random.IntN(20_000/len(v)+1))
		}
		return append(slices.Clone(v), v[random.IntN(len(v))])
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if random.IntN(3) == 0 {
				delete(v, key)
			}
		}
		return v
	case bool:
		return !v
	}
	return json.Number("1")
}

// mutateFile changes a safetensors file: mostly the JSON in its metadata, now and then
// its header or single bytes.
func mutateFile(file []byte, random *rand.Rand) []byte {
	header, data := split(file)
	switch random.IntN(10) {
	case 0:
		file = slices.Clone(file)
		for range 1 + random.IntN(8) {
			file[random.IntN(len(file))] ^= 1 << random.IntN(8)
		}
		return file
	case 1:
		text, err := json.Marshal(header)
		if err != nil {
			panic("hostile.mutateFile: " + err.Error())
		}
		return join(json.RawMessage(mutate(text, random)), data)
	}
	keys := sortedKeys(object(header["__metadata__"]))
	changeMetadata(header, keys[random.IntN(len(keys))], func(text string) string {
		if json.Valid([]byte(text)) {
			return string(mutate([]byte(text), random))
		}
		return mutateNotation(text, random)
	})
	return join(header, data)
}

// mutateNotation changes a number or a word of a network.
func mutateNotation(text string, random *rand.Rand) string {
	values := []string{"0", "1", "2", "3", "7", "64", "8192", "65536", "-1", "99999999999999999999", "order=3", "tie=1"}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("(), \n", r) })
	if len(words) == 0 {
		return "Input(8,8,1)"
	}
	from := words[random.IntN(len(words))]
	if random.IntN(4) == 0 {
		return strings.Replace(text, from, from+") Gain(2) CG(2,2,4,1,1", 1)
	}
	at := strings.Count(text, from)
	parts := strings.SplitN(text, from, 1+random.IntN(at)+1)
	last := len(parts) - 1
	return strings.Join(parts[:last], from) + values[random.IntN(len(values))] + parts[last]
}

// set changes a value within JSON, by keys and indices between dots. The value is JSON.
func set(text []byte, path, value string) []byte {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		panic("hostile.set: " + err.Error())
	}
	root = setAt(root, strings.Split(path, "."), json.RawMessage(value))
	out, err := json.Marshal(root)
	if err != nil {
		panic("hostile.set " + path + ": " + err.Error())
	}
	return out
}

func setAt(value any, path []string, to any) any {
	if len(path) == 0 {
		return to
	}
	switch v := value.(type) {
	case map[string]any:
		v[path[0]] = setAt(v[path[0]], path[1:], to)
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(v) {
			panic("hostile.set: no value at " + path[0])
		}
		v[i] = setAt(v[i], path[1:], to)
	case nil:
		return map[string]any{path[0]: setAt(nil, path[1:], to)}
	}
	return value
}

// setMetadata changes a value within the JSON of a metadata key of a safetensors file.
func setMetadata(file []byte, key, path, value string) []byte {
	header, data := split(file)
	changeMetadata(header, key, func(text string) string { return string(set([]byte(text), path, value)) })
	return join(header, data)
}

// changeMetadata changes the text of a key in a header.
func changeMetadata(header map[string]any, key string, change func(string) string) {
	metadata := object(header["__metadata__"])
	text, ok := metadata[key].(string)
	if !ok {
		panic("hostile.changeMetadata: no text " + key)
	}
	metadata[key] = change(text)
}

// object returns a JSON object as a map.
func object(value any) map[string]any {
	m, ok := value.(map[string]any)
	if !ok {
		panic("hostile.object: no object")
	}
	return m
}
