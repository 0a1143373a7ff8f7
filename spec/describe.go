package spec

// Description says what a network is and costs, in a form for JSON.
type Description struct {
	Network string             `json:"network"` // in the notation
	Input   [3]int             `json:"input"`   // [H,W,C]
	Params  int                `json:"params"`
	MACs    int                `json:"macs"`
	Degree  int                `json:"degree"` // 0 if the network is not a polynomial
	Layers  []LayerDescription `json:"layers"`
}

// LayerDescription says what an operation is and costs within a network: a Layer, in a
// form for JSON.
type LayerDescription struct {
	Path   string         `json:"path"`
	Op     string         `json:"op"` // in the notation
	Type   string         `json:"type"`
	Values map[string]int `json:"values"` // by their names in the notation
	In     [3]int         `json:"in"`     // [H,W,C]
	Out    [3]int         `json:"out"`
	Params int            `json:"params"`
	MACs   int            `json:"macs"`
	Degree int            `json:"degree"`
}

// Describe returns the description of the network, layer by layer.
func (n *Net) Describe() Description {
	d := Description{Network: n.String(), Input: array(n.Input), Params: n.NumParams(), MACs: n.MACs(), Degree: n.Degree()}
	for _, l := range n.Layers() {
		d.Layers = append(d.Layers, LayerDescription{
			Path: l.Path, Op: l.String(), Type: l.Name(), Values: l.values(), In: array(l.In), Out: array(l.Out),
			Params: l.NumParams, MACs: l.MACs, Degree: l.Degree,
		})
	}
	return d
}

func array(s Shape) [3]int { return [3]int{s.H, s.W, s.C} }
