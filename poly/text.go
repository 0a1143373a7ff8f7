package poly

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// String returns the polynomial as mathematics, as in
//
//	0.5 + 2*x0 - x1 + 3*x0^2*x3
//
// with as many digits as Parse needs to read the same coefficients.
func (p Poly) String() string { return p.Text(-1) }

// Text returns what String does with that many significant digits per coefficient, or
// all of them if digits is negative.
func (p Poly) Text(digits int) string {
	var b strings.Builder
	for _, t := range p.Terms() {
		c := t.Coefficient
		switch {
		case b.Len() == 0 && c < 0:
			b.WriteByte('-')
		case b.Len() > 0 && c < 0:
			b.WriteString(" - ")
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		var factors []string
		if c = max(c, -c); c != 1 || len(t.Variables) == 0 {
			factors = append(factors, strconv.FormatFloat(c, 'g', digits, 64))
		}
		b.WriteString(strings.Join(append(factors, powers(t.Variables)...), "*"))
	}
	if b.Len() == 0 {
		return "0"
	}
	return b.String()
}

// powers writes ascending factors, equal ones together.
func powers(variables []int) []string {
	var out []string
	for i := 0; i < len(variables); {
		n := 1
		for i+n < len(variables) && variables[i+n] == variables[i] {
			n++
		}
		text := "x" + strconv.Itoa(variables[i])
		if n > 1 {
			text += "^" + strconv.Itoa(n)
		}
		out = append(out, text)
		i += n
	}
	return out
}

// maxFactors bounds the degree of a term that Parse reads.
const maxFactors = 1 << 12

// Parse reads what String writes.
func Parse(text string) (Poly, error) {
	var terms []Term
	sign := 1.0
	for i, word := range strings.Fields(text) {
		if i%2 == 1 {
			switch word {
			case "+":
				sign = 1
			case "-":
				sign = -1
			default:
				return Poly{}, fmt.Errorf("%q: want + or - between terms", word)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(word, "-"); ok && i == 0 {
			sign, word = -1, rest
		}
		t, err := parseTerm(word)
		if err != nil {
			return Poly{}, err
		}
		t.Coefficient *= sign
		terms = append(terms, t)
	}
	if words := len(strings.Fields(text)); words%2 == 0 {
		return Poly{}, fmt.Errorf("%q: want terms with + or - between them", text)
	}
	return New(terms...)
}

func parseTerm(word string) (Term, error) {
	t := Term{Coefficient: 1}
	for i, factor := range strings.Split(word, "*") {
		name, ok := strings.CutPrefix(factor, "x")
		if !ok {
			c, err := strconv.ParseFloat(factor, 64)
			if err != nil || i > 0 {
				return t, fmt.Errorf("%q in %q: want a number first, then variables as in x3^2", factor, word)
			}
			t.Coefficient = c
			continue
		}
		index, exponent, raised := strings.Cut(name, "^")
		variable, err := strconv.ParseUint(index, 10, 16)
		power := uint64(1)
		if err == nil && raised {
			power, err = strconv.ParseUint(exponent, 10, 16)
		}
		if err != nil || power > uint64(maxFactors-len(t.Variables)) {
			return t, fmt.Errorf("%q in %q: want a variable x0 to x%d, and no more than %d factors", factor, word, MaxVariables-1, maxFactors)
		}
		for range power {
			t.Variables = append(t.Variables, int(variable))
		}
	}
	return t, nil
}

// MarshalJSON returns the list of terms. The error says which coefficient is not finite.
func (p Poly) MarshalJSON() ([]byte, error) {
	// Term by term, because all terms as values are several times as large as the text.
	text := []byte{'['}
	for i, m := range p.sorted() {
		if i > 0 {
			text = append(text, ',')
		}
		term, err := json.Marshal(p.term(m))
		if err != nil {
			return nil, err
		}
		text = append(text, term...)
	}
	return append(text, ']'), nil
}

// UnmarshalJSON reads a list of terms.
func (p *Poly) UnmarshalJSON(text []byte) error {
	var terms []Term
	if err := json.Unmarshal(text, &terms); err != nil {
		return err
	}
	read, err := New(terms...)
	if err != nil {
		return err
	}
	*p = read
	return nil
}
