package matcher

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher/version"
)

// A register holds the keys to look up and the components that need them.
type register struct {
	keys     []Key       // distinct, in the order of the report
	newest   map[Key]int // last name added for each key
	names    []name
	subjects []subject
	held     int // verdicts of all subjects
	lookups  []lookup
	groups   groups      // of unplaced components
	products []productOf // possible lookups by CPE name, in the order of subjects
	full     bool        // there are more than maxProducts products
	exact    int         // number of names that are not of products; those of products follow, each part in the order of subjects

	redHat  *products              // nil for other distributions
	several map[int]*productChoice // of subjects that may be of several products of Red Hat

	system string // the operating system of the image; "" if unknown

	last     Key // key of the advisory that was judged last
	lastName int // what newest has for it, or -1
}

// A subject is a component and its verdicts.
type subject struct {
	component *analyzer.Component
	held      []verdict
}

// A name is a key that advisories about a component may have, and the version to compare: that of a source package may
// differ from the component's own.
type name struct {
	key       int // index in register.keys
	subject   int
	next      int // the name of the same key added before, or -1
	version   string
	scheme    version.Scheme
	parsed    version.Version
	uncertain error  // the reason if version cannot be compared
	doubt     string // the reason why advisories may be about another package
	proof     string // the reason why advisories are about the component
	noEpoch   bool   // bounds are compared without their epochs
	partial   bool   // version may lack its epoch or release
	rebuild   string // the ID of a derivative, or ""
	tag       bool   // version is a tag of GitHub, which may move
	rpm       bool
	pack      string // see packOf
	composer  bool
	several   bool            // the subject may be of several products of Red Hat
	system    string          // the operating system of the image; "" if unknown
	whole     version.Version // the version of a PyPI package without its local part, or the zero Version
}

// A productOf is a subject that is looked up by its CPE name if no feed covers its ecosystem, or it has no ecosystem.
type productOf struct {
	subject   int
	ecosystem Key
	lookup
}

// maxProducts bounds the lookups by CPE name of a report: a short name with wildcards stands for many vendors.
const maxProducts = 1 << 20

func newRegister(components int, groups groups, report *analyzer.Report, products *products) *register {
	return &register{
		groups:   groups,
		redHat:   products,
		system:   systemOf(report),
		keys:     make([]Key, 0, components),
		newest:   make(map[Key]int, components),
		names:    make([]name, 0, components),
		subjects: make([]subject, 0, components),
		lastName: -1,
	}
}

// add enters a component.
func (r *register) add(c *analyzer.Component, d *analyzer.Distro) {
	if unplaced(c) && len(r.groups[keyOf(c, nil)]) > 0 {
		r.lookups = r.groups.lookups(r.lookups[:0], c)
	} else {
		r.lookups = lookups(r.lookups, c, d, r.redHat)
	}
	from := len(r.names)
	for _, l := range r.lookups {
		r.name(len(r.subjects), c.Type, l)
	}
	if r.redHat != nil {
		r.addProductChoice(c, d, from)
	}
	for _, l := range r.groups.products(c) {
		if len(r.products) == maxProducts {
			r.full = true
			break
		}
		r.products = append(r.products, productOf{len(r.subjects), r.lookups[0].key.Ecosystem(), l})
	}
	r.subjects = append(r.subjects, subject{component: c})
	r.exact = len(r.names)
}

// name enters a name of a subject, with a version of a PURL type.
func (r *register) name(subject int, purlType string, l lookup) {
	n := name{subject: subject, next: -1, version: l.version, doubt: l.doubt, proof: l.proof, noEpoch: l.noEpoch, partial: l.partial, system: r.system, rpm: purlType == "rpm", composer: purlType == "composer", tag: purlType == "github"}
	if n.rpm {
		n.pack = packOf(l.key.Namespace, l.version)
	}
	if scheme, ok := version.For(purlType); ok {
		n.scheme = scheme
		n.parsed, n.uncertain = scheme.Parse(l.version)
		if whole, ok := wholeOf(purlType, l.version); ok && n.uncertain == nil {
			n.whole, n.uncertain = scheme.Parse(whole)
		}
		n.rebuild = l.rebuild
	} else {
		n.uncertain = fmt.Errorf("versions of type %s cannot be compared", purlType)
	}
	if i, ok := r.newest[l.key]; ok {
		n.next, n.key = i, r.names[i].key
	} else {
		n.key = len(r.keys)
		r.keys = append(r.keys, l.key)
	}
	r.newest[l.key] = len(r.names)
	r.names = append(r.names, n)
}

// wholeOf returns the version that a version is a build of, as in advisories that name no builds: "2.0.0" of PyPI's local version
// "2.0.0+cu117", "1.25.3" of Bitnami's revision "1.25.3-4".
func wholeOf(purlType, version string) (whole string, ok bool) {
	switch purlType {
	case "pypi":
		whole, _, ok = strings.Cut(version, "+")
	case "bitnami":
		whole, _, ok = strings.Cut(version, "-")
	}
	return whole, ok
}

// addProducts enters the CPE names of subjects without an ecosystem, or with one that the rows don't cover. It reports whether it found any.
func (r *register) addProducts(rows []Coverage) bool {
	covered := make(map[Key]bool)
	for _, c := range rows {
		if c.Feed != "" && !c.Missing && !c.Sampled {
			covered[Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}] = true
		}
	}
	for _, p := range r.products {
		if !covered[p.ecosystem] || p.ecosystem.Type == "generic" || p.ecosystem.Type == "github" { // the type is no ecosystem: a feed covers some products of it
			r.name(p.subject, typeCPE, p.lookup)
		}
	}
	return len(r.names) > r.exact
}

// namesOf returns the names of a subject.
func (r *register) namesOf(subject int) []named {
	var list []named
	for _, part := range [][]name{r.names[:r.exact], r.names[r.exact:]} {
		from, _ := slices.BinarySearchFunc(part, subject, func(n name, s int) int { return n.subject - s })
		for i := from; i < len(part) && part[i].subject == subject; i++ {
			list = append(list, named{r.keys[part[i].key], &part[i]})
		}
	}
	return list
}

// ecosystems returns one key for each ecosystem of the report.
func (r *register) ecosystems() []Key {
	var list []Key
	seen := make(map[Key]bool)
	for _, k := range r.keys {
		if e := k.Ecosystem(); !seen[e] && !(k.Namespace == "rhel" && rhel.Layered(k.Release)) { // a product may have no advisories
			seen[e] = true
			list = append(list, e)
		}
	}
	return list
}

// judge records an advisory for every component that it affects, or may affect. An advisory of a key that the register did
// not ask for is an error of the Source.
func (r *register) judge(a *Advisory) error {
	if a.Key != r.last { // sources mostly yield one key's advisories after the other
		r.last, r.lastName = a.Key, -1
		if i, ok := r.newest[a.Key]; ok {
			r.lastName = i
		}
	}
	if r.lastName < 0 {
		return unrequested(a)
	}
	var kept *Advisory // most advisories affect no component
	for i := r.lastName; i >= 0; i = r.names[i].next {
		v, holds := r.names[i].judge(a)
		if !holds && !r.names[i].several {
			continue
		}
		if kept == nil {
			kept = new(*a)
		}
		if !holds {
			products := r.several[r.names[i].subject]
			products.cleared = append(products.cleared, kept)
			continue
		}
		v.Advisory = kept
		s := &r.subjects[r.names[i].subject]
		s.held = append(s.held, v)
		r.held++
	}
	return nil
}

// unrequested reports that a Source breaks its contract: a caller would take its silence on other keys for an answer.
func unrequested(a *Advisory) error {
	k := a.Key
	return fmt.Errorf("the source yields advisory %q of feed %q for %q, which was not requested",
		a.ID, a.Feed, strings.Join([]string{k.Type, k.Namespace, k.Release, k.Name}, "/"))
}
