package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// The file is the one that digits/NOTICE says.
func TestDigitsFile(t *testing.T) {
	const want = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
	if got := fmt.Sprintf("%x", sha256.Sum256(digitsFile)); got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
}

func TestDigits(t *testing.T) {
	data, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	checkSet(t, data.Train)
	checkSet(t, data.Test)
	counts, test := data.Train.All().Counts(), data.Test.All().Counts()
	for class, n := range []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180} {
		if counts[class]+test[class] != n || test[class]*5 < n-5 || test[class]*5 > n+5 {
			t.Errorf("class %d: %d training and %d test images of %d", class, counts[class], test[class], n)
		}
	}
	// The split never changes: results are compared by it.
	if got := fmt.Sprintf("%x", sha256.Sum256(data.Test.Pixels))[:16]; got != "67efa5f79b38cd86" {
		t.Errorf("test images have the checksum %s", got)
	}
}

// Bytes turn back into the grey values of the file.
func TestDigitsAreExact(t *testing.T) {
	set, err := readDigits(bytes.NewReader(digitsFile))
	if err != nil {
		t.Fatal(err)
	}
	text, err := fsx.Gunzip(bytes.NewReader(digitsFile))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for i := range set.Len() {
		for _, p := range set.Image(i) {
			fmt.Fprintf(&b, "%d,", (int(p)*16+127)/255)
		}
		fmt.Fprintln(&b, set.Labels[i])
	}
	var want bytes.Buffer
	if _, err := want.ReadFrom(text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want.Bytes()) {
		t.Error("digits do not turn back into their file")
	}
	if top := slices.Max(set.Pixels); top != 255 {
		t.Errorf("brightest pixel is %d", top)
	}
}

func TestReadDigitsRefuses(t *testing.T) {
	good := strings.Repeat("16,", 64) + "9\n"
	for _, text := range []string{"1,2\n", good + "\n", strings.Replace(good, "16", "17", 1), strings.Replace(good, "16", "x", 1),
		strings.Replace(good, "9", "10", 1)} {
		if _, err := readDigits(strings.NewReader(text)); err == nil {
			t.Errorf("accepted %.20q...", text)
		}
	}
}

// In JSON, what was left out and noted are lists, also if they are empty.
func TestReadAsJSON(t *testing.T) {
	data, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(data.Read)
	if want := `{"images":1797,"classes":10,"left_out":[],"notes":[]}`; err != nil || string(text) != want {
		t.Errorf("%s, error %v, want %s", text, err, want)
	}
}
