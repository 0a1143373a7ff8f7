package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/coarsegrain/taylornet/app/internal/plain"
)

// setting is an entry of a training record.
type setting struct {
	Name, Value string
	Block       bool // of several lines
}

// settings returns the entries of a record in JSON, in its order. Those of an object
// within it are named by their path.
func settings(record json.RawMessage) ([]setting, error) {
	if len(record) == 0 {
		return nil, nil
	}
	list, err := flatten(nil, "", record)
	if err != nil {
		return nil, fmt.Errorf("training record: %w", err)
	}
	return list, nil
}

// The most settings that are shown, and the most columns of a name and of a value: the record
// of a model may be anybody's.
const mostSettings, mostSettingName, mostSettingValue = 500, 200, 5000

func flatten(list []setting, path string, value json.RawMessage) ([]setting, error) {
	if len(list) == mostSettings {
		return list, nil
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') {
		text, ok := token.(string)
		if !ok {
			text = string(value)
		}
		return append(list, setting{path, plain.Cut(text, mostSettingValue), strings.Contains(text, "\n")}), nil
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var member json.RawMessage
		if err := dec.Decode(&member); err != nil {
			return nil, err
		}
		name := fmt.Sprint(key)
		if path != "" {
			name = path + "." + name
		}
		name = plain.Cut(name, mostSettingName)
		if list, err = flatten(list, name, member); err != nil {
			return nil, err
		}
	}
	_, err = dec.Token()
	return list, err
}
