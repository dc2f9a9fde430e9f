package matcher

import (
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/version"
)

// A register holds what is looked up, and for whom.
type register struct {
	keys     []Key       // distinct, in the order of the report
	newest   map[Key]int // of each key, the name that was added last
	names    []name
	subjects []subject
	held     int // verdicts of all subjects
	lookups  []lookup

	last     Key // of the advisory that was judged last
	lastName int // what newest has for it, or -1
}

// A subject is a component and what was found for it.
type subject struct {
	component *analyzer.Component
	held      []verdict
}

// A name is a key under which advisories may speak of a component, and the version that is installed under it: that of a
// source package may differ from the component's own.
type name struct {
	key       int // index in register.keys
	subject   int
	next      int // name of the same key that was added before, or -1
	version   string
	scheme    version.Scheme
	parsed    version.Version
	uncertain error  // why version cannot be compared
	doubt     string // why advisories may be about something else
	rpm       bool
}

func newRegister(components int) *register {
	return &register{
		keys:     make([]Key, 0, components),
		newest:   make(map[Key]int, components),
		names:    make([]name, 0, components),
		subjects: make([]subject, 0, components),
		lastName: -1,
	}
}

// add enters a component.
func (r *register) add(c *analyzer.Component, distro *analyzer.Distro, base func(analyzer.Distro) (analyzer.Distro, bool)) {
	original := c
	if c.System && distro != nil && base != nil && c.Namespace == distro.ID {
		if of, ok := base(*distro); ok {
			copied := *c
			copied.Namespace = of.ID
			c, distro = &copied, &of
		}
	}
	scheme, known := version.For(c.Type)
	r.lookups = lookups(r.lookups, c, distro)
	for _, l := range r.lookups {
		key := l.key
		n := name{subject: len(r.subjects), next: -1, version: l.version, scheme: scheme, doubt: l.doubt, rpm: c.Type == "rpm"}
		if known {
			n.parsed, n.uncertain = scheme.Parse(l.version)
		} else {
			n.uncertain = fmt.Errorf("versions of type %s cannot be compared", c.Type)
		}
		if i, ok := r.newest[key]; ok {
			n.next, n.key = i, r.names[i].key
		} else {
			n.key = len(r.keys)
			r.keys = append(r.keys, key)
		}
		r.newest[key] = len(r.names)
		r.names = append(r.names, n)
	}
	r.subjects = append(r.subjects, subject{component: original})
}

// namesOf returns the names of a subject.
func (r *register) namesOf(subject int) []named {
	var list []named
	from, _ := slices.BinarySearchFunc(r.names, subject, func(n name, s int) int { return n.subject - s })
	for i := from; i < len(r.names) && r.names[i].subject == subject; i++ {
		list = append(list, named{r.keys[r.names[i].key], &r.names[i]})
	}
	return list
}

// ecosystems returns one key for each ecosystem of the report.
func (r *register) ecosystems() []Key {
	var list []Key
	seen := make(map[Key]bool)
	for _, k := range r.keys {
		if e := k.Ecosystem(); !seen[e] {
			seen[e] = true
			list = append(list, e)
		}
	}
	return list
}

// judge notes an advisory with all components that it holds for, or may hold.
func (r *register) judge(a *Advisory) {
	if a.Key != r.last { // sources mostly yield one key's advisories after the other
		r.last, r.lastName = a.Key, -1
		if i, ok := r.newest[a.Key]; ok {
			r.lastName = i
		}
	}
	i := r.lastName
	var kept *Advisory // most hold for nobody
	for ; i >= 0; i = r.names[i].next {
		v, holds := r.names[i].judge(a)
		if !holds {
			continue
		}
		if kept == nil {
			kept = new(*a)
		}
		v.Advisory = kept
		s := &r.subjects[r.names[i].subject]
		s.held = append(s.held, v)
		r.held++
	}
}
