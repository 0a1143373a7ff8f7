package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"github.com/coarsegrain/taylornet/app/internal/plain"
)

// All that the command prints passes package plain: names in it may have been written by
// anybody. What is longer than mostShown columns has its middle left out.
const mostShown = 600

// sink is standard output. It remembers the first error of writing, so that a full disk is
// noticed.
type sink struct {
	io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := plain.Writer{Writer: s.Writer}.Write(p)
	if s.err == nil {
		s.err = err
	}
	return n, err
}

// long is a text that is printed in full.
type long string

// printf writes to standard output. Lines end where the format says, not the arguments.
func (a *app) printf(format string, args ...any) {
	shown := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case long:
			shown[i] = plain.Text(string(arg))
		case string:
			shown[i] = line(arg)
		case fmt.Stringer:
			shown[i] = line(arg.String())
		default:
			shown[i] = arg
		}
	}
	fmt.Fprintf(a.out, format, shown...)
}

// notef writes a note, one line, to standard error, unless --quiet was given.
func (a *app) notef(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.stderr, line(fmt.Sprintf(format, args...)))
	}
}

// line returns a text as it is shown on a line.
func line(text string) string { return plain.Cut(plain.Text(text), mostShown) }

// oneLine returns the text of an error on one line, with semicolons between faults.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return line(strings.Join(lines, "; "))
}

// writeJSON writes the one object of --json.
func (a *app) writeJSON(object any) error {
	text, err := encode(object)
	if err == nil {
		_, err = a.out.Write(text)
	}
	return err
}

// encode returns an object in JSON, with the end of the line. What is written to files beside
// it is encoded first, so that nothing is half written if it cannot be.
func encode(object any) ([]byte, error) {
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(object)
	var unsupported *json.UnsupportedValueError
	if errors.As(err, &unsupported) {
		if place := notFinite(reflect.ValueOf(object), ""); place != "" {
			return nil, fmt.Errorf("%s is %s, which JSON cannot say: the numbers of this model are too large", place, unsupported.Str)
		}
	}
	return b.Bytes(), err
}

// notFinite returns the place of the first number in an object, by its keys in JSON, that is
// not finite, or "" if there is none.
func notFinite(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return strings.TrimPrefix(path, ".")
		}
	case reflect.Pointer, reflect.Interface:
		return notFinite(v.Elem(), path)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if at := notFinite(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			if at := notFinite(entry.Value(), fmt.Sprintf("%s.%v", path, entry.Key())); at != "" {
				return at
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case key == "-" || !field.IsExported() && !field.Anonymous:
				continue
			case key == "" && !field.Anonymous:
				key = field.Name
			}
			within := path
			if key != "" {
				within += "." + key
			}
			if at := notFinite(v.Field(i), within); at != "" {
				return at
			}
		}
	default:
	}
	return ""
}
