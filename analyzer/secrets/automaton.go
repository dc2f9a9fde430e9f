package secrets

import "slices"

// An automaton finds many keywords in one pass over bytes: that of Aho and Corasick, as a table of transitions. ASCII letters match in any
// case. A zero byte changes nothing, so that keywords match in UTF-16, too.
type automaton struct {
	classes [256]uint8 // the columns of bytes; 0 for those in no keyword
	shift   uint       // log2 of the number of columns
	next    []uint16   // states, with hit set for those that end keywords
	ends    [][]uint16 // numbers of the keywords that end in a state
}

const (
	zeroClass = 1       // of zero bytes
	hit       = 1 << 15 // marks states that end keywords
)

// maxStates is the number of states that an automaton can have. Rules with more keywords than fit are an error when they are read.
const maxStates = hit - 1

// newAutomaton returns an automaton for keywords, which are not empty and have no zero bytes. It returns nil if there are too many.
func newAutomaton(keywords []string) *automaton {
	a := &automaton{}
	a.classes[0] = zeroClass
	classes := 2
	states := 1
	for _, k := range keywords {
		for i := range len(k) {
			if c := fold(k[i]); a.classes[c] == 0 {
				a.classes[c] = uint8(classes)
				classes++
			}
		}
		states += len(k)
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.classes[c] = a.classes[c+'a'-'A']
	}
	if states > maxStates || classes > 255 {
		return nil
	}
	for 1<<a.shift < classes {
		a.shift++
	}
	a.next = make([]uint16, 1<<a.shift, states<<a.shift)
	a.ends = make([][]uint16, 1, states)
	for n, k := range keywords {
		s := 0
		for i := range len(k) {
			at := s<<a.shift + int(a.classes[fold(k[i])])
			if a.next[at] == 0 {
				a.next[at] = uint16(len(a.ends))
				a.ends = append(a.ends, nil)
				a.next = append(a.next, make([]uint16, 1<<a.shift)...)
			}
			s = int(a.next[at])
		}
		a.ends[s] = append(a.ends[s], uint16(n))
	}
	a.link()
	return a
}

// link completes the transitions of the tree of keywords, breadth first. A state without a transition has that of the state of its longest
// suffix.
func (a *automaton) link() {
	suffix := make([]int, len(a.ends))
	queue := []int{0}
	for at := 0; at < len(queue); at++ {
		s := queue[at]
		for c := 2; c < 1<<a.shift; c++ {
			i := s<<a.shift + c
			fallback := 0
			if s != 0 {
				fallback = int(a.next[suffix[s]<<a.shift+c])
			}
			if t := int(a.next[i]); t != 0 {
				suffix[t] = fallback
				a.ends[t] = append(a.ends[t], a.ends[fallback]...)
				queue = append(queue, t)
			} else {
				a.next[i] = uint16(fallback)
			}
		}
	}
	for i, s := range a.next {
		if len(a.ends[s]) > 0 {
			a.next[i] |= hit
		}
	}
	for s := range a.ends {
		a.next[s<<a.shift+zeroClass] = uint16(s)
		slices.Sort(a.ends[s])
	}
}

// scan reads data in a state, and calls found for each index at which keywords end, with their numbers. It returns the state behind.
func (a *automaton) scan(state uint16, data []byte, found func(end int, keywords []uint16)) uint16 {
	next, shift, classes := a.next, a.shift&15, &a.classes
	s := uint(state)
	for i, c := range data {
		s = uint(next[s<<shift|uint(classes[c])])
		if s >= hit {
			s &^= hit
			found(i, a.ends[s])
		}
	}
	return uint16(s)
}

// A place is an index at which keywords end, and their numbers.
type place struct {
	end      int
	keywords []uint16
}

// scanHalves is scan for two halves of data at a time, so that a processor does not wait for memory between two bytes. It begins with the second
// half at warm bytes before it: no keyword is longer, also in UTF-16. later is a buffer for places in the second half.
func (a *automaton) scanHalves(state uint16, data []byte, warm int, later []place, found func(end int, keywords []uint16)) (uint16, []place) {
	half, later := len(data)/2, later[:0]
	if half < 4*warm {
		return a.scan(state, data, found), later
	}
	next, shift, classes := a.next, a.shift&15, &a.classes
	one, two := data[:half], data[half-warm:][:half]
	s, t := uint(state), uint(0)
	for i, c := range one {
		s = uint(next[s<<shift|uint(classes[c])])
		t = uint(next[t<<shift|uint(classes[two[i]])])
		if (s | t) < hit {
			continue
		}
		if s >= hit {
			s &^= hit
			found(i, a.ends[s])
		}
		if t >= hit {
			if t &^= hit; i >= warm {
				later = append(later, place{half - warm + i, a.ends[t]})
			}
		}
	}
	start := 2*half - warm
	state = a.scan(uint16(t), data[start:], func(end int, keywords []uint16) { later = append(later, place{start + end, keywords}) })
	for _, p := range later {
		found(p.end, p.keywords)
	}
	return state, later
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
