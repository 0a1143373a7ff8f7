package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/internal/nearest"
)

// maxSource is the largest length of a source in bytes.
const maxSource = 1 << 20

// Parse reads a network from its source and validates it. The error is a
// Faults with everything that is wrong.
//
// The notation is
//
//	net    = "Input(h,w,c)" { op }
//	op     = name [ "(" [ value { "," value } ] ")" ] | group
//	group  = ( "Sum" | "Cat" ) "{" { op } "|" { op } { "|" { op } } "}"
//	value  = number | name "=" number
//
// with white space anywhere between the words, and comments from # to the end
// of the line.
func Parse(src string) (*Net, error) {
	if len(src) > maxSource {
		return nil, Faults{{Msg: fmt.Sprintf("the source has %d bytes, want at most %d", len(src), maxSource)}}
	}
	p := &parser{scan: newScanner(src)}
	p.next()
	n := new(Net)
	inputPos, ok := p.input(&n.Input)
	n.Ops = p.ops(0)
	w := walk{faults: p.faults}
	w.net(n, inputPos, ok)
	slices.SortStableFunc(w.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	if err := w.faults.err(); err != nil {
		return nil, err
	}
	return n, nil
}

// unread takes the place of an operation with a fault while the rest of the source is
// read.
type unread struct{ Pos }

func (unread) name() string                 { return "" }
func (unread) fields() []field              { return nil }
func (unread) out([]Shape, faultFunc) Shape { return Shape{} }
func (unread) degree(in []int) int          { return in[0] }
func (unread) params(string, Shape) []Param { return nil }
func (unread) macs(_, _ Shape) int          { return 0 }

// parser reads a source, one token ahead.
type parser struct {
	scan   scanner
	tok    token
	faults Faults
}

func (p *parser) next() { p.tok = p.scan.next() }

// accept takes the token and returns true if it is the given text.
func (p *parser) accept(text string) bool {
	if p.tok.text != text {
		return false
	}
	p.next()
	return true
}

// maxFaults is the number of faults after which a text is not read further, because
// it is hardly meant as a network.
const maxFaults = 1000

func (p *parser) fault(pos Pos, format string, args ...any) {
	if len(p.faults) == maxFaults {
		p.scan.rest = ""
		return
	}
	p.faults = append(p.faults, Fault{pos, fmt.Sprintf(format, args...)})
}

// input reads the Input line; ok is false if the shape is not known.
func (p *parser) input(s *Shape) (pos Pos, ok bool) {
	start := p.tok
	if start.text != inputName {
		p.fault(start.pos, "a net begins with Input(h,w,c), got %v", start)
	}
	if nearest.Word(start.text, names()) != inputName {
		return start.pos, false
	}
	p.next()
	return start.pos, p.values(start, inputFields(s))
}

// ops reads operations up to the end of their branch or of the source.
func (p *parser) ops(depth int) []Op {
	var ops []Op
	for {
		switch text := p.tok.text; {
		case text == "", depth > 0 && (text == "|" || text == "}"):
			return ops
		case p.tok.word && !isNumber(text):
			ops = append(ops, p.operation(depth))
		case text == "|" || text == "}":
			p.fault(p.tok.pos, "%v is outside a group, Sum{ a | b } or Cat{ a | b }", p.tok)
			p.next()
		default:
			p.fault(p.tok.pos, "want an operation, got %v", p.tok)
			p.skipJunk()
		}
	}
}

// skipJunk skips to where an operation, a branch or a group may begin or end.
func (p *parser) skipJunk() {
	for p.tok.text != "" && p.tok.text != "|" && p.tok.text != "}" && (!p.tok.word || isNumber(p.tok.text)) {
		p.next()
	}
}

// operation reads one operation. It returns unread for one with a fault.
func (p *parser) operation(depth int) Op {
	start := p.tok
	p.next()
	known := vocabulary(start.pos)
	i := slices.IndexFunc(known, func(op Op) bool { return op.name() == start.text })
	if i < 0 {
		return p.unknown(start, depth)
	}
	op := known[i]
	if g, ok := op.(group); ok {
		return p.group(g, start, depth)
	}
	if pool, ok := op.(*Pool); ok && !pool.Max {
		pool.Global = p.tok.text != "(" || p.emptyCall()
	}
	ok := p.values(start, op.fields())
	if p.tok.text == "{" {
		p.fault(p.tok.pos, "%s has no branches", start.text)
		p.branches(start, depth+1)
		ok = false
	}
	if !ok {
		return unread{start.pos}
	}
	return op
}

// emptyCall reports whether "()" comes next.
func (p *parser) emptyCall() bool {
	ahead := p.scan
	return p.tok.text == "(" && ahead.next().text == ")"
}

// unknown reports an operation that does not exist and skips it.
func (p *parser) unknown(start token, depth int) Op {
	switch like := nearest.Word(start.text, names()); {
	case start.text == inputName:
		p.fault(start.pos, "Input can only stand at the beginning of a net")
	case like != "":
		p.fault(start.pos, "no operation is called %v, did you mean %s?", start, like)
	default:
		p.fault(start.pos, "no operation is called %v, want one of %s", start, strings.Join(names(), ", "))
	}
	if p.accept("(") {
		p.skipValues()
	}
	if p.tok.text == "{" {
		p.branches(start, depth+1)
	}
	return unread{start.pos}
}

// group reads the branches of a Sum or Cat.
func (p *parser) group(g group, start token, depth int) Op {
	wrong := p.tok
	if p.accept("(") {
		p.fault(wrong.pos, "%s takes no values", start.text)
		p.skipValues()
	}
	if p.tok.text != "{" {
		p.fault(p.tok.pos, "%s needs branches, as in %s{ a | b }, got %v", start.text, start.text, p.tok)
		return unread{start.pos}
	}
	branches, ok := p.branches(start, depth+1)
	if !ok {
		return unread{start.pos}
	}
	return g.with(branches)
}

// branches reads "{ a | b }"; ok is false if they go too deep or do not end.
func (p *parser) branches(start token, depth int) (list [][]Op, ok bool) {
	if depth > maxDepth {
		p.fault(start.pos, tooDeep)
		p.skipBranches()
		return nil, false
	}
	p.next()
	for {
		list = append(list, p.ops(depth))
		if p.accept("|") {
			continue
		}
		if p.accept("}") {
			return list, true
		}
		p.fault(start.pos, "the { of %s is not closed", start)
		return nil, false
	}
}

// skipBranches skips "{ ... }" with everything in it.
func (p *parser) skipBranches() {
	for open := 0; p.tok.text != ""; p.next() {
		switch p.tok.text {
		case "{":
			open++
		case "}":
			open--
		}
		if open == 0 {
			p.next()
			return
		}
	}
}

// skipValues skips to behind the ) of a call with a fault, or to where it must have
// been forgotten.
func (p *parser) skipValues() {
	ends := append(names(), "{", "|", "}")
	for !p.accept(")") {
		if p.tok.text == "" || slices.Contains(ends, p.tok.text) {
			return
		}
		p.next()
	}
}

// argument is a value as it was written, with its name if it has one.
type argument struct {
	name, value token
}

// values reads "(v,v,name=v)" into the fields.
func (p *parser) values(start token, fs []field) bool {
	args, ok := p.arguments(start, fs)
	if !ok {
		return false
	}
	var positional []field
	for _, f := range fs {
		if !f.named {
			positional = append(positional, f)
		}
		if f.optional {
			*f.value = f.fallback
		}
	}
	least := len(slices.DeleteFunc(slices.Clone(positional), func(f field) bool { return f.optional }))
	count := slices.IndexFunc(args, func(a argument) bool { return a.name.text != "" })
	if count < 0 {
		count = len(args)
	}
	if count < least || count > len(positional) {
		s := "s"
		if count == 1 {
			s = ""
		}
		p.fault(start.pos, "%s, got %d value%s", signature(start.text, fs), count, s)
		return false
	}
	for i, f := range positional[:count] {
		ok = p.set(start, f, args[i].value) && ok
	}
	return p.options(start, fs, args[count:]) && ok
}

// options reads the arguments that have names.
func (p *parser) options(start token, fs []field, args []argument) bool {
	ok := true
	var given []string
	for _, a := range args {
		i := slices.IndexFunc(fs, func(f field) bool { return f.named && f.name == a.name.text })
		switch {
		case a.name.text == "":
			p.fault(a.value.pos, "%s: %v comes after an option", signature(start.text, fs), a.value)
			ok = false
		case i < 0:
			p.fault(a.name.pos, "%s: there is no option %v", signature(start.text, fs), a.name)
			ok = false
		case slices.Contains(given, a.name.text):
			p.fault(a.name.pos, "%s: %s is given twice", signature(start.text, fs), a.name.text)
			ok = false
		default:
			ok = p.set(start, fs[i], a.value) && ok
		}
		given = append(given, a.name.text)
	}
	return ok
}

// set reads the value of one field.
func (p *parser) set(start token, f field, value token) bool {
	n, err := strconv.Atoi(value.text)
	if err != nil || !f.admits(n) {
		p.fault(value.pos, "%s", f.wrong(start.text, value.short()))
		return false
	}
	*f.value = n
	return true
}

// arguments reads "(v,v,name=v)", which may be absent or empty.
func (p *parser) arguments(start token, fs []field) (args []argument, ok bool) {
	if !p.accept("(") || p.accept(")") {
		return nil, true
	}
	want := "a value"
	for p.tok.word {
		a := argument{value: p.tok}
		p.next()
		if p.accept("=") {
			if !p.tok.word {
				break
			}
			a = argument{name: a.value, value: p.tok}
			p.next()
		}
		args = append(args, a)
		if p.accept(")") {
			return args, true
		}
		if !p.accept(",") {
			want = ", or )"
			break
		}
	}
	p.fault(p.tok.pos, "%s: want %s, got %v", signature(start.text, fs), want, p.tok)
	p.skipValues()
	return nil, false
}

func isNumber(word string) bool { return strings.IndexByte("+-.0123456789", word[0]) >= 0 }

// names lists the names of Input and of all operations.
func names() []string {
	list := []string{inputName}
	for _, op := range vocabulary(Pos{}) {
		list = append(list, op.name())
	}
	return list
}
