package nearest

import (
	"fmt"
	"testing"
)

func TestWord(t *testing.T) {
	operations := []string{"Conv", "CG", "Taylor", "Norm", "Gain", "Linear", "Flatten", "AvgPool", "MaxPool", "ReLU", "Sum", "Cat"}
	for word, want := range map[string]string{
		"Conv": "Conv", "conv": "Conv", "Covn": "Conv", "Conv2": "Conv", "cg": "CG", "GC": "", "C": "",
		"BatchNorm": "", "Norn": "Norm", "AvgPol": "AvgPool", "AveragePool": "", "Maxpool": "MaxPool", "Dense": "",
		"Flaten": "Flatten", "Lineer": "Linear", "Relu": "ReLU", "ReLU6": "ReLU", "Som": "Sum", "Xyz": "", "": "",
	} {
		if got := Word(word, operations); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1}, {"abc", "abxc", 1},
		{"mnits", "mnist", 1}, {"cifar10", "cifar-10", 1}, {"abc", "xbcd", 2},
		{"acb", "abc", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"aaaaaaa", "abc", 7},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); len(tt.a) <= 2*len(tt.b) && len(tt.b) <= 2*len(tt.a) && got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func ExampleWord() {
	fmt.Println(Word("mnits", []string{"digits", "mnist"}))
	// Output: mnist
}
