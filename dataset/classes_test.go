package dataset

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestMatchClasses(t *testing.T) {
	numbers := numbered(12)
	asText := slices.Sorted(slices.Values(numbers))
	for _, tt := range []struct {
		name           string
		names, classes []string
		want           []int
		unknown        string
	}{
		{"the same", []string{"a", "b"}, []string{"a", "b"}, []int{0, 1}, ""},
		{"another order", []string{"b", "a"}, []string{"a", "b"}, []int{1, 0}, ""},
		{"some", []string{"c"}, []string{"a", "b", "c"}, []int{2}, ""},
		{"numbers as folders sort", asText, numbers, []int{0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9}, ""},
		{"zeros before numbers", []string{"00", "10", "02"}, numbers, []int{0, 10, 2}, ""},
		{"Unicode forms", []string{norm.NFD.String("thé"), norm.NFD.String("café")}, []string{"café", "thé"}, []int{1, 0}, ""},
		{"what folders cannot have", []string{"Ankle_boot", "T-shirt_top"}, []string{"T-shirt/top", "ankle boot"}, []int{1, 0}, ""},
		{"exactly, before alike", []string{"Cat", "cat"}, []string{"cat", "Cat"}, []int{1, 0}, ""},
		{"twice the same", []string{"a", "a"}, []string{"a", "a"}, []int{0, 1}, ""},
		{"unknown", []string{"ox", "a", "cow"}, []string{"a", "b"}, nil, `"ox", "cow" are not among a, b`},
		{"two for one", []string{"cat", "CAT"}, []string{"cat"}, nil, `"CAT" is not among cat`},
		{"two alike", []string{"cAt", "CAT"}, []string{"cat"}, nil, `"cAt", "CAT" are not among cat`},
		{"one for two", []string{"CAT"}, []string{"cat", "Cat"}, nil, `"CAT" is not among cat, Cat`},
		{"signs", []string{"-1", "C++"}, []string{"1", "C"}, nil, `"-1", "C++" are not among 1, C`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := MatchClasses(tt.names, tt.classes, ByName)
			if tt.unknown != "" {
				if !errors.Is(err, ErrClasses) || !strings.Contains(err.Error(), tt.unknown) {
					t.Errorf("error %v, want %q", err, tt.unknown)
				}
				return
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got %v (%v), want %v", got, err, tt.want)
			}
		})
	}
	if got, err := MatchClasses([]string{"x", "y"}, []string{"a", "b"}, ByPosition); err != nil || !slices.Equal(got, []int{0, 1}) {
		t.Errorf("by position: %v, %v", got, err)
	}
	if _, err := MatchClasses([]string{"x"}, []string{"a", "b"}, ByPosition); !errors.Is(err, ErrClasses) {
		t.Errorf("by position, one for two: %v", err)
	}
}

// Classes in any order and any Unicode form find themselves, and labels follow them.
func TestAlign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zé0-9 _/-]{1,6}`), 2, 9, rapid.ID[string]).Draw(t, "classes")
		names := rapid.Permutation(classes).Draw(t, "names")
		names = names[:rapid.IntRange(1, len(names)).Draw(t, "some")]
		set := &Set{Name: "set"}
		for i, name := range names {
			set.Classes = append(set.Classes, norm.NFD.String(name))
			set.Labels = append(set.Labels, uint16(i))
		}
		aligned, err := set.Align(classes, ByName)
		if err != nil {
			t.Fatal(err)
		}
		for i, label := range aligned.Labels {
			if got := aligned.Classes[label]; got != names[i] {
				t.Errorf("%q became %q", names[i], got)
			}
		}
		if int(set.Labels[len(names)-1]) != len(names)-1 {
			t.Error("the set itself changed")
		}
	})
}

// No two names come to one class, and no name to a class that is not there.
func FuzzMatchClasses(f *testing.F) {
	f.Add("a,b", "b,a")
	f.Add("01,1", "1,01,001")
	f.Fuzz(func(t *testing.T, names, classes string) {
		list, known := strings.Split(names, ","), strings.Split(classes, ",")
		at, err := MatchClasses(list, known, ByName)
		if err != nil {
			return
		}
		taken := map[int]bool{}
		for _, k := range at {
			if k < 0 || k >= len(known) || taken[k] {
				t.Fatalf("%q among %q: %v", list, known, at)
			}
			taken[k] = true
		}
	})
}
