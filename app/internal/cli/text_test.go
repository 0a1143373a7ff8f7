package cli

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/train"
)

func TestNumbersInText(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{count(0), "0"},
		{count(999), "999"},
		{count(1000), "1,000"},
		{count(-123456), "-123,456"},
		{count(1234567), "1,234,567"},
		{percent(0.98765), "98.77 %"},
		{plural(1, "image"), "1 image"},
		{plural(60000, "image"), "60,000 images"},
		{seconds(1.23456).String(), "1.23s"},
		{seconds(83.7).String(), "1m24s"},
		{seconds(1e300).String(), "2500000h0m0s"},
		{seconds(math.NaN()).String(), "2500000h0m0s"},
		{seconds(-1e300).String(), "0s"},
		{wholePart(12345.6), "12,345"},
		{wholePart(1e300), "1e+300"},
		{quoted("runs/digits"), "runs/digits"},
		{quoted("my runs/it's"), `'my runs/it'\''s'`},
		{oneLine(errors.Join(errors.New("a: b"), fmt.Errorf("c\n\n  d"))), "a: b; c; d"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	table := newTable("name", ">images", "note")
	table.add("é", "1,000")
	table.add("long name", "2", "x")
	var text strings.Builder
	table.write(&text)
	want := `name       images  note
é           1,000
long name       2  x
`
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
}

// Where there is no terminal, an epoch is a line and steps are nothing.
func TestTrainProgressInAFile(t *testing.T) {
	var text strings.Builder
	p := (&app{stderr: &text}).trainProgress(2)
	show := p.run(1, []string{"digits"}, "run 2: ")
	show(train.Progress{Epoch: 1, Epochs: 10, Step: 1, Steps: 2})
	show(train.Progress{Epoch: 1, Epochs: 10, Step: 2, Steps: 2, Finished: &train.Metrics{
		Epoch: 1, TrainLoss: 0.5, TrainAccuracy: 0.75, ValidationAccuracy: 1, Partial: []float64{0.5, 0.987}, ImagesPerSecond: 12345.6,
	}})
	p.done(0, "")
	p.done(1, "done")
	p.clear()
	want := "digits\nrun 2: epoch  1/10  loss 0.5000  accuracy 75.00 %  validation 100.00 %  to order 1: 50.00 %, 2: 98.70 %  12,345 images/s\ndone\n"
	if text.String() != want {
		t.Errorf("got %q, want %q", text.String(), want)
	}
}
