package oval

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// Rules are what a distribution's leaves mean besides versions of packages.
type Rules struct {
	Default matcher.Key // of what is said without a product; the zero key if there is none
	// Product returns the ecosystem of a product that a leaf asks for.
	Product func(*Criterion) (matcher.Key, bool)
	// Arch returns the architecture that a leaf asks for; it may be nil.
	Arch func(comment string) (string, bool)
	// Ignore reports whether a leaf is taken to hold, besides those about signatures; it may be nil.
	Ignore func(*Criterion) bool
}

// A Package is what a definition says of one package.
type Package struct {
	errata.Package
	Name        string // of the package, without module and flavour
	Product     string // the leaf that asked for it
	NotAffected bool
}

// Packages returns what a definition says of packages. The error joins what was not understood.
func (d *Definition) Packages(r *Rules) ([]Package, error) {
	cases, err := d.Criteria.Cases(func(c *Criterion) bool {
		return c.IsSignature() || c.Test != nil && c.Test.Check == "none satisfy" || r.Ignore != nil && r.Ignore(c)
	})
	if err != nil {
		return nil, err
	}
	var out []Package
	seen := make(map[string]bool)
	var errs []error
	for _, leaves := range cases {
		packages, err := r.one(leaves)
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			errs = append(errs, err)
		}
		out = append(out, packages...)
	}
	return out, errors.Join(errs...)
}

// one returns what one case says.
func (r *Rules) one(leaves []*Criterion) ([]Package, error) {
	key, product, arch, module := r.Default, "", "", ""
	var bounds []Bound
leaf:
	for _, l := range leaves {
		if k, ok := r.Product(l); ok {
			key, product = k, l.Comment
			continue
		}
		if r.Arch != nil {
			if a, ok := r.Arch(l.Comment); ok {
				arch = a
				continue
			}
		}
		if m, ok := l.Module(); ok {
			module = m
			continue
		}
		b, ok := l.Package()
		if !ok {
			return nil, fmt.Errorf("%.120q: not understood", l.Comment)
		}
		for i := range bounds {
			if bounds[i].Name == b.Name {
				bounds[i].Range = Join(bounds[i].Range, b.Range)
				continue leaf
			}
		}
		bounds = append(bounds, b)
	}
	if len(bounds) > 0 && key == (matcher.Key{}) {
		return nil, fmt.Errorf("%.80s: for no product that is known", bounds[0].Name)
	}
	var out []Package
	for _, b := range bounds {
		p := Package{Name: b.Name, Product: product, NotAffected: b.NotAffected}
		p.Key, p.Arch, p.Range = key, arch, b.Range
		p.Key.Name = errata.Name(module, b.Range.Fixed, b.Name)
		out = append(out, p)
	}
	return out, nil
}

// Severities returns what is said of a CVE: the word of its own or, for want of one, of the whole definition, and its vectors.
func (d *Definition) Severities(source string, c *CVE) ([]matcher.Severity, error) {
	word := c.Impact
	if word == "" {
		word = d.Severity
	}
	level, ok := levels.Parse(word)
	var err error
	if !ok {
		err = fmt.Errorf("unknown severity %.40q", word)
	}
	var out []matcher.Severity
	for _, v := range []string{c.CVSS2, c.CVSS3, c.CVSS4} {
		_, vector, ok := strings.Cut(v, "/") // "5.5/CVSS:3.1/AV:L/...": a score before the vector
		if ok && strings.Contains(vector, "AV:") {
			out = append(out, matcher.Severity{Source: source, Level: level, Word: word, Vector: vector})
		}
	}
	if len(out) == 0 && word != "" {
		out = append(out, matcher.Severity{Source: source, Level: level, Word: word})
	}
	return out, err
}

// Erratum returns what a definition of class patch says, without its packages. The error joins what was not understood.
func (d *Definition) Erratum(name, id string) (*errata.Erratum, error) {
	e := &errata.Erratum{Feed: name, ID: id, Summary: d.Title}
	var errs []error
	var err error
	if e.Published, err = errata.Time(d.Issued); err != nil {
		errs = append(errs, err)
	}
	if e.Modified, err = errata.Time(d.Updated); err != nil {
		errs = append(errs, err)
	}
	for i := range d.CVEs {
		c := &d.CVEs[i]
		s, err := d.Severities(name, c)
		if err != nil {
			errs = append(errs, err)
		}
		e.Flaws = append(e.Flaws, errata.Flaw{ID: c.ID, Severities: s})
	}
	for _, r := range d.References {
		switch {
		case r.Source != "CVE" && r.URL != "":
			e.URLs = append(e.URLs, r.URL)
		case len(d.CVEs) == 0 && strings.HasPrefix(r.ID, "CVE-"):
			e.Flaws = append(e.Flaws, errata.Flaw{ID: r.ID})
		}
	}
	if level, ok := levels.Parse(d.Severity); d.Severity != "" && ok {
		e.Severity = matcher.Severity{Source: name, Level: level, Word: d.Severity}
	} else if !ok {
		errs = append(errs, fmt.Errorf("unknown severity %.40q", d.Severity))
	}
	return e, errors.Join(errs...)
}
