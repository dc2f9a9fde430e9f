// Package prefilter tells quickly that a regular expression has no match in a text, or where the first one can end.
//
// A Matcher follows all ways through an expression at once and remembers the sets of places that it reached: a deterministic automaton whose
// states are made when they are needed. It reads a byte in a few nanoseconds, where package regexp takes up to a microsecond. It
// may report a match that does not exist: empty-width assertions other than the end of the text always hold for it, and characters
// outside ASCII count as any other that the expression accepts at that place.
package prefilter

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// maxProgram is the number of instructions of the largest program for which states are made.
const maxProgram = 1 << 15

// A Matcher is a compiled expression. It does not change, and any number of goroutines may use it, each with a Cache of its own.
type Matcher struct {
	prog    *syntax.Prog
	classes [256]uint8
	bytes   []byte      // one of each class
	high    uint8       // the class of bytes outside ASCII
	accepts []acceptors // for each instruction, the classes that it reads
	start   []uint16
	always  bool // every text may match
}

// acceptors is a set of classes.
type acceptors [3]uint64

func (a *acceptors) add(class uint8)      { a[class>>6] |= 1 << (class & 63) }
func (a *acceptors) has(class uint8) bool { return a[class>>6]>>(class&63)&1 != 0 }

// New compiles an expression.
func New(expression string) (*Matcher, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("prefilter: %w", err)
	}
	prog, err := syntax.Compile(trimmed(tree).Simplify())
	if err != nil {
		return nil, fmt.Errorf("prefilter: %w", err)
	}
	m := &Matcher{prog: prog}
	if len(prog.Inst) > maxProgram {
		m.always = true
		return m, nil
	}
	m.classify()
	set := newSet(len(prog.Inst))
	m.always = m.follow(set, uint32(prog.Start), false)
	m.start = set.sorted()
	return m, nil
}

// trimmed returns an expression without a beginning that may be empty. Every text with a match of one has a match of the other that ends at the same
// place. The number of states is much smaller: an expression such as \w{0,50}key would need one for each number of characters before the key.
func trimmed(t *syntax.Regexp) *syntax.Regexp {
	if t.Op != syntax.OpConcat {
		return t
	}
	for i, s := range t.Sub {
		if !nullable(s) {
			trimmed := *t
			trimmed.Sub = t.Sub[i:]
			return &trimmed
		}
	}
	return t
}

// nullable reports whether an expression matches the empty text.
func nullable(t *syntax.Regexp) bool {
	switch t.Op {
	case syntax.OpLiteral:
		return len(t.Rune) == 0
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpEndText:
		return false
	case syntax.OpRepeat:
		return t.Min == 0 || nullable(t.Sub[0])
	case syntax.OpCapture, syntax.OpPlus:
		return nullable(t.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(t.Sub, func(s *syntax.Regexp) bool { return !nullable(s) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(t.Sub, nullable)
	}
	return true
}

// classify divides the bytes into classes that no instruction tells apart.
func (m *Matcher) classify() {
	bound := m.bounds()
	class := uint8(0)
	m.bytes = []byte{0}
	for b := range utf8.RuneSelf {
		if b > 0 && bound[b] {
			class++
			m.bytes = append(m.bytes, byte(b))
		}
		m.classes[b] = class
	}
	m.high = class + 1
	m.bytes = append(m.bytes, utf8.RuneSelf)
	for b := utf8.RuneSelf; b < 256; b++ {
		m.classes[b] = m.high
	}
	m.accepts = make([]acceptors, len(m.prog.Inst))
	for i := range m.prog.Inst {
		switch inst := &m.prog.Inst[i]; inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			m.accepts[i] = m.acceptedBy(inst)
		}
	}
}

// bounds returns the bytes of ASCII at which a class begins.
func (m *Matcher) bounds() (bound [utf8.RuneSelf + 1]bool) {
	mark := func(low, high rune) {
		if low < utf8.RuneSelf {
			bound[low], bound[min(high+1, utf8.RuneSelf)] = true, true
		}
	}
	for i := range m.prog.Inst {
		inst := &m.prog.Inst[i]
		switch {
		case inst.Op == syntax.InstRuneAnyNotNL:
			mark('\n', '\n')
		case inst.Op != syntax.InstRune && inst.Op != syntax.InstRune1:
		case len(inst.Rune) == 1:
			first := inst.Rune[0]
			mark(first, first)
			if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
				for r := unicode.SimpleFold(first); r != first; r = unicode.SimpleFold(r) {
					mark(r, r)
				}
			}
		default:
			for k := 0; k+1 < len(inst.Rune); k += 2 {
				mark(inst.Rune[k], inst.Rune[k+1])
			}
		}
	}
	return bound
}

// acceptedBy returns the classes that an instruction reads.
func (m *Matcher) acceptedBy(inst *syntax.Inst) (a acceptors) {
	for class, b := range m.bytes[:m.high] {
		if inst.MatchRune(rune(b)) {
			a.add(uint8(class))
		}
	}
	if matchesHigh(inst) {
		a.add(m.high)
	}
	return a
}

// follow adds the instructions that read a character, or the end of the text, and can be reached from pc without one. It reports whether the
// end of the expression can be reached, too, at the end of the text or elsewhere.
func (m *Matcher) follow(s *set, pc uint32, atEnd bool) bool {
	match := false
	s.stack = append(s.stack[:0], pc)
	for len(s.stack) > 0 {
		pc := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if !s.add(uint16(pc)) {
			continue
		}
		switch inst := &m.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			s.stack = append(s.stack, inst.Out, inst.Arg)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&syntax.EmptyEndText != 0 && !atEnd {
				s.reads = append(s.reads, uint16(pc))
				continue
			}
			s.stack = append(s.stack, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			s.stack = append(s.stack, inst.Out)
		case syntax.InstMatch:
			match = true
		case syntax.InstFail:
		default:
			s.reads = append(s.reads, uint16(pc))
		}
	}
	return match
}

// ends reports whether the expression may end with the text.
func (m *Matcher) ends(work *set, from []uint16) bool {
	work.clear()
	for _, pc := range from {
		if inst := &m.prog.Inst[pc]; inst.Op == syntax.InstEmptyWidth && m.follow(work, inst.Out, true) {
			return true
		}
	}
	return false
}

// matchesHigh reports whether an instruction accepts a character outside ASCII.
func matchesHigh(inst *syntax.Inst) bool {
	switch inst.Op {
	case syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	if len(inst.Rune) == 1 {
		r := inst.Rune[0]
		if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				if f >= utf8.RuneSelf {
					return true
				}
			}
		}
		return r >= utf8.RuneSelf
	}
	return len(inst.Rune) > 0 && inst.Rune[len(inst.Rune)-1] >= utf8.RuneSelf
}

// step sets to to the instructions that follow those in from after a byte of a class. It reports whether the expression may end there.
func (m *Matcher) step(to *set, from []uint16, class uint8) bool {
	to.clear()
	match := false
	for _, pc := range from {
		if !m.accepts[pc].has(class) {
			continue
		}
		if class == m.high && to.add(pc) { // more bytes of the character may follow
			to.reads = append(to.reads, pc)
		}
		if m.follow(to, m.prog.Inst[pc].Out, false) {
			match = true
		}
	}
	for _, pc := range m.start { // a match may begin here
		if to.add(pc) {
			to.reads = append(to.reads, pc)
		}
	}
	return match
}

// A set has instructions of a program.
type set struct {
	seen  []bool
	all   []uint16 // those seen
	reads []uint16 // those that read a character
	stack []uint32
}

func newSet(n int) *set { return &set{seen: make([]bool, n)} }

func (s *set) add(pc uint16) bool {
	if s.seen[pc] {
		return false
	}
	s.seen[pc] = true
	s.all = append(s.all, pc)
	return true
}

func (s *set) clear() {
	for _, pc := range s.all {
		s.seen[pc] = false
	}
	s.all, s.reads = s.all[:0], s.reads[:0]
}

func (s *set) sorted() []uint16 {
	slices.Sort(s.reads)
	return slices.Clone(s.reads)
}
