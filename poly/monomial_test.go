package poly_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/poly"
)

func TestMonomials(t *testing.T) {
	want := [][]int{
		{}, {0}, {1},
		{0, 0}, {0, 1}, {1, 1},
		{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1},
	}
	for order, count := range []int{1, 3, 6, 10} {
		if got := poly.Monomials(2, order); !reflect.DeepEqual(got, want[:count]) {
			t.Errorf("order %d: got %v, want %v", order, got, want[:count])
		}
	}
}

// TestMonomialsInOrder: as many as a CG has terms, each once, by degree and
// then lexicographically.
func TestMonomialsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, order := rapid.IntRange(1, 9).Draw(t, "n"), rapid.IntRange(0, 3).Draw(t, "order")
		list := poly.Monomials(n, order)
		if len(list) != poly.NumMonomials(n, order) {
			t.Fatalf("%d monomials, %d terms", len(list), poly.NumMonomials(n, order))
		}
		for k, p := range poly.Products(n, order) {
			product := append(slices.Clone(list[1+p.Lower]), int(p.Factor))
			if !slices.Equal(product, list[1+n+k]) {
				t.Fatalf("product %d is %v, want %v", k, product, list[1+n+k])
			}
		}
		for i, m := range list {
			if !slices.IsSorted(m) || len(m) > order || (len(m) > 0 && (m[0] < 0 || m[len(m)-1] >= n)) {
				t.Fatalf("%v is not a monomial", m)
			}
			if i == 0 {
				continue
			}
			before := list[i-1]
			if len(before) > len(m) || (len(before) == len(m) && slices.Compare(before, m) >= 0) {
				t.Fatalf("%v before %v", before, m)
			}
		}
	})
}

func ExampleMonomials() {
	fmt.Println(poly.Monomials(2, 2))
	// Output: [[] [0] [1] [0 0] [0 1] [1 1]]
}
