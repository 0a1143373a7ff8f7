package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const src = "\uFEFFInput ( 8 , 8,1 )\r\n" +
		"Conv(3,3,4,1,1,1)Norm() # a comment | } (\r\n" +
		"\tSum{ | Norm ReLU Cat{AvgPool(1,1,1,1)|} Conv(1,1,4,1,1)}\n" +
		"CG(2,2,4,2,2,order=3) CG(2,2,4,1,1,2,order=1) MaxPool(2,2,2,2,1) AvgPool Flatten Linear(+10)#"
	n, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Input(8,8,1)\n" +
		"Conv(3,3,4,1,1,1) Norm Sum{ | Norm ReLU Cat{ AvgPool(1,1,1,1) | } Conv(1,1,4,1,1) }\n" +
		"CG(2,2,4,2,2,order=3)\n" +
		"CG(2,2,4,1,1,2,order=1)\n" +
		"MaxPool(2,2,2,2)\n" +
		"AvgPool\n" +
		"Flatten Linear(10)\n"
	if got := n.String(); got != want {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}
	if got, want := n.Ops[1].Position(), (Pos{2, 18}); got != want {
		t.Errorf("Norm stands at %v, want %v", got, want)
	}
	sum := branchesOf(n.Ops[2])
	if got, want := sum[1][2].Position(), (Pos{3, 19}); got != want {
		t.Errorf("Cat stands at %v, want %v", got, want)
	}
	if cg, ok := n.Ops[3].(*CG); !ok || *cg != (CG{Pos{4, 1}, 2, 2, 4, 2, 2, 1, 3, 0}) {
		t.Errorf("got %+v", n.Ops[3])
	}
}

const in = "Input(4,4,2)\n"

// faultTests has each message once, as line:column message.
var faultTests = []struct {
	src  string
	want []string
}{
	// syntax
	{"", []string{`1:1 a net begins with Input(h,w,c), got the end of the source`}},
	{"Norm", []string{`1:1 a net begins with Input(h,w,c), got "Norm"`}},
	{"input(1,1,1) ReLU", []string{`1:1 a net begins with Input(h,w,c), got "input"`}},
	{in + "Linear(2) Input(4,4,2)", []string{`2:11 Input can only stand at the beginning of a net`}},
	{in + "Cnov(1,(2) Linear(1)", []string{`2:1 no operation is called "Cnov", did you mean Conv?`}},
	{in + "linear(1)", []string{`2:1 no operation is called "linear", did you mean Linear?`}},
	{in + "X{ Norm | Y } Linear(1)", []string{
		`2:1 no operation is called "X", want one of Input, Conv, CG, Taylor, Norm, Gain, Linear, Flatten, AvgPool, MaxPool, ReLU, Sum, Cat`,
		`2:11 no operation is called "Y", want one of Input, Conv, CG, Taylor, Norm, Gain, Linear, Flatten, AvgPool, MaxPool, ReLU, Sum, Cat`,
	}},
	{in + "Norm, Linear(1)", []string{`2:5 want an operation, got ","`}},
	{in + "3 ( Linear(1)", []string{`2:1 want an operation, got "3"`}},
	{in + "Linear(1) \xff", []string{`2:11 want an operation, got "\xff"`}},
	{in + "} Linear(1)", []string{`2:1 "}" is outside a group, Sum{ a | b } or Cat{ a | b }`}},
	{in + "Norm{ Linear(0) }", []string{
		`2:5 Norm has no branches`, `2:14 n of Linear is 0, want a whole number from 1 to 65536`,
	}},
	{in + "Sum(3){ | } Linear(1)", []string{`2:4 Sum takes no values`}},
	{in + "Sum Linear(1)", []string{`2:5 Sum needs branches, as in Sum{ a | b }, got "Linear"`}},
	{in + "Cat{ Norm | Linear(1)", []string{`2:1 the { of "Cat" is not closed`}},
	{in + "Cat{ Norm } Linear(1)", []string{`2:1 Cat needs at least two branches, as in Cat{ a | b }, got 1`}},
	{in + "Conv(3,3 Linear(1)", []string{
		`2:10 Conv takes (l1,l2,c,s1,s2[,p]): want , or ), got "Linear"`,
	}},
	{in + "Norm(", []string{`2:6 Norm takes no values: want a value, got the end of the source`}},
	{in + "Linear(1,) Linear(1)", []string{`2:10 Linear takes (n): want a value, got ")"`}},
	{in + "CG(order=) Linear(1)", []string{
		`2:10 CG takes (l1,l2,c,s1,s2[,d][,order=k][,tie=k]): want a value, got ")"`,
	}},
	// values
	{in + "Conv(3,3,4,1) Linear(1)", []string{`2:1 Conv takes (l1,l2,c,s1,s2[,p]), got 4 values`}},
	{in + "AvgPool(1) Linear(1)", []string{`2:1 AvgPool takes no values or (l1,l2,s1,s2[,d]), got 1 value`}},
	{in + "MaxPool Linear(1)", []string{`2:1 MaxPool takes (l1,l2,s1,s2[,d]), got 0 values`}},
	{in + "Norm(1) Linear(1)", []string{`2:1 Norm takes no values, got 1 value`}},
	{in + "CG(2,2,2,1,1,ordr=1) Linear(1)", []string{
		`2:14 CG takes (l1,l2,c,s1,s2[,d][,order=k][,tie=k]): there is no option "ordr"`,
	}},
	{in + "CG(2,2,2,1,1,order=1,order=1) Linear(1)", []string{
		`2:22 CG takes (l1,l2,c,s1,s2[,d][,order=k][,tie=k]): order is given twice`,
	}},
	{in + "CG(2,2,2,1,1,order=1,3) Linear(1)", []string{
		`2:22 CG takes (l1,l2,c,s1,s2[,d][,order=k][,tie=k]): "3" comes after an option`,
	}},
	{in + "Conv(0,1.5,x,65537,1,-1) Linear(99999999999999999999)", []string{
		`2:6 l1 of Conv is 0, want a whole number from 1 to 65536`,
		`2:8 l2 of Conv is 1.5, want a whole number from 1 to 65536`,
		`2:12 c of Conv is x, want a whole number from 1 to 65536`,
		`2:14 s1 of Conv is 65537, want a whole number from 1 to 65536`,
		`2:22 p of Conv is -1, want a whole number from 0 to 65536`,
		`2:33 n of Linear is 99999999999999999999, want a whole number from 1 to 65536`,
	}},
	{in + "CG(2,2,2,1,1,0,order=4) Linear(1)", []string{
		`2:14 d of CG is 0, want a whole number from 1 to 65536`,
		`2:22 order of CG is 4, want a whole number from 1 to 3`,
	}},
	{"Input(0,1,1) Linear(1)", []string{`1:7 h of Input is 0, want a whole number from 1 to 65536`}},
	// shapes
	{in, []string{`1:1 the net has no operations`}},
	{in + "Norm", []string{`2:1 the net ends in [4,4,2], want [1,1,K]: end it with Linear(n), or AvgPool`}},
	{in + "CG(2,2,3,2,2) CG(2,2,2,1,1,7) Linear(1)", []string{
		`2:1 c of CG is 3, want 2, the channels of its input [4,4,2]`,
		`2:15 a window of 2x2 with dilation 7 does not fit on the lattice 2x2`,
	}},
	{in + "Conv(7,7,1,1,1,1) Linear(1)", []string{
		`2:1 a window of 7x7 does not fit on the lattice 4x4 with padding 1`,
	}},
	{in + "MaxPool(1,5,1,1) Linear(1)", []string{`2:1 a window of 1x5 does not fit on the lattice 4x4`}},
	{in + "Sum{ Conv(1,1,3,1,1) | } Linear(1)", []string{
		`2:1 branches of Sum give [4,4,3] and [4,4,2], want one shape`,
	}},
	{in + "Cat{ | CG(2,2,2,2,2) } Linear(1)", []string{
		`2:1 branches of Cat give [4,4,2] and [2,2,2], want one lattice`,
	}},
	{"Input(65536,65536,1) Linear(1)", []string{
		`1:1 the feature map [65536,65536,1] has more than 268435456 values`,
	}},
	{in + "Conv(1,1,1,1,1,65536) Linear(1)", []string{
		`2:1 the feature map [131076,131076,1] has more than 268435456 values`,
	}},
	{in + "Conv(1,1,65536,1,1) Linear(65536)", []string{
		`2:21 the net has more than 2147483647 parameters`,
	}},
	{"Input(300,300,1) CG(300,300,1,1,1)", []string{`1:18 the net has more than 2147483647 parameters`}},
	// what is unknown after a fault leads to no others
	{in + "Conv(3) CG(9,9,9,9,9) Sum{ Norm | Cnov } Norm", []string{
		`2:1 Conv takes (l1,l2,c,s1,s2[,p]), got 1 value`,
		`2:35 no operation is called "Cnov", did you mean Conv?`,
	}},
}

func TestParseFaults(t *testing.T) {
	for _, test := range faultTests {
		n, err := Parse(test.src)
		var faults Faults
		if !errors.As(err, &faults) {
			t.Errorf("%q: error %v, want Faults", test.src, err)
			continue
		}
		if n != nil {
			t.Errorf("%q: a net comes with faults", test.src)
		}
		var got []string
		for _, f := range faults {
			got = append(got, fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Col, f.Msg))
		}
		if a, b := strings.Join(got, "\n"), strings.Join(test.want, "\n"); a != b {
			t.Errorf("%q:\ngot\n%s\nwant\n%s", test.src, a, b)
		}
	}
}

func TestParseLimits(t *testing.T) {
	nested := func(depth int) string {
		return "Input(1,1,1)" + strings.Repeat("Sum{|", depth) + strings.Repeat("}", depth)
	}
	tests := []struct {
		name, src, want string
	}{
		{"deepest", nested(32), ""},
		{"too deep", nested(33), "line 1, column 173: groups are nested more than 32 deep"},
		{"much too deep", nested(100_000), "line 1, column 173: groups are nested more than 32 deep"},
		{"most operations", "Input(1,1,1)" + strings.Repeat(" Norm", maxOps), ""},
		{
			"too many operations", "Input(1,1,1)" + strings.Repeat(" Norm", maxOps+1),
			"line 1, column 50014: the net has more than 10000 operations and branches",
		},
		{
			"too many branches", "Input(1,1,1) Cat{" + strings.Repeat("|", maxOps) + "}",
			"line 1, column 14: the net has more than 10000 operations and branches",
		},
		{"longest source", "Input(1,1,1) Norm#" + strings.Repeat("x", maxSource-18), ""},
		{
			"too long", strings.Repeat("x", maxSource+1),
			"the source has 1048577 bytes, want at most 1048576",
		},
		{
			"long word", "Input(1,1,1) " + strings.Repeat("ä", 1000) + " Norm",
			`line 1, column 14: no operation is called "` + strings.Repeat("ä", 24) + `...", ` +
				"want one of Input, Conv, CG, Taylor, Norm, Gain, Linear, Flatten, AvgPool, MaxPool, ReLU, Sum, Cat",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.src)
			if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
				t.Errorf("error %.300s\nwant %s", got, test.want)
			}
		})
	}
}

// TestParseJunk: however a source is wrong, reading it ends and so does the
// message.
func TestParseJunk(t *testing.T) {
	for _, part := range []string{
		"a ", "Norx ", "(", ")", "Sum{", "{", "}", "Cat{|", "Conv(a ", "Conv( ", "Conv(3,", "x=", "1 ", "|", ",", "\x00", "#", "Sum{}",
	} {
		src := "Input(1,1,1) " + strings.Repeat(part, (maxSource-20)/len(part))
		_, err := Parse(src)
		if part == "#" {
			continue // the net lacks operations, and that is all
		}
		if err == nil {
			t.Errorf("%q repeated: no fault", part)
		} else if line := err.Error(); len(line) > 10_000 || strings.Contains(line, "\n") {
			t.Errorf("%q repeated: the message has %d bytes", part, len(line))
		}
	}
}

func TestFaultsError(t *testing.T) {
	var faults Faults
	if err := faults.err(); err != nil {
		t.Errorf("no faults give the error %v", err)
	}
	for range 23 {
		faults = append(faults, Fault{Pos{1, 2}, "x"})
	}
	want := strings.Repeat("line 1, column 2: x; ", 20) + "and 3 more"
	if got := faults.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
