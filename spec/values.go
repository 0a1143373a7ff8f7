package spec

// Name is what the layer's operation is called in the notation.
func (l Layer) Name() string { return name(l.Op) }

// Values are the values of the layer's operation by their names in the
// notation, with those that may be left out: for CG(2,2,64,2,2) l1, l2, c, s1,
// s2, d, order and tie.
func (l Layer) Values() map[string]int {
	values := make(map[string]int)
	for _, f := range fields(l.Op) {
		values[f.name] = *f.value
	}
	return values
}
