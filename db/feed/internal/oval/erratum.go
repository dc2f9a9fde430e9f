package oval

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/matcher"
)

// Rules tell the meaning of a distribution's leaves other than versions of packages.
type Rules struct {
	Default matcher.Key // ecosystem of packages without a product; may be zero
	// Product returns the ecosystem of the product that a leaf requires.
	Product func(*Criterion) (matcher.Key, bool)
	// Arch returns the architecture that a leaf requires. It may be nil.
	Arch func(comment string) (string, bool)
	// Ignore reports whether to assume that a leaf holds, as those about signatures do. It may be nil.
	Ignore func(*Criterion) bool
}

// A Package is the statement of a definition about one package.
type Package struct {
	errata.Package
	Name        string // package, without module and flavour
	Product     string // comment of the leaf that requires the product
	NotAffected bool
}

// Packages returns the statements of a definition about packages. The error joins the leaves with an unknown meaning.
func (d *Definition) Packages(r *Rules) ([]Package, error) {
	cases, err := d.Criteria.Cases(func(c *Criterion) bool {
		return c.IsSignature() || c.Test != nil && c.Test.Check == "none satisfy" || r.Ignore != nil && r.Ignore(c)
	})
	if err != nil {
		return nil, err
	}
	var out []Package
	var errs recordlimit.Errors
	for _, leaves := range cases {
		packages, err := r.one(leaves)
		errs.Add(err)
		out = append(out, packages...)
	}
	return out, errs.Err()
}

// one returns the statements of one case.
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
			return nil, fmt.Errorf("unknown criterion %.120q", l.Comment)
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
		return nil, fmt.Errorf("%.80s: unknown product", bounds[0].Name)
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

// Severities returns the severities of a CVE: its vectors, with its own word or else the word of the definition.
func (d *Definition) Severities(source string, c *CVE) ([]matcher.Severity, error) {
	word := c.Impact
	if word == "" {
		word = d.Severity
	}
	level, err := levels.Parse(word)
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

// Erratum returns the erratum of a definition of class patch, without packages. The error joins the parts that could not be parsed.
func (d *Definition) Erratum(name, id string) (*errata.Erratum, error) {
	e := &errata.Erratum{Feed: name, ID: id, Summary: d.Title}
	var errs recordlimit.Errors
	var err error
	e.Published, err = errata.Time(d.Issued)
	errs.Add(err)
	e.Modified, err = errata.Time(d.Updated)
	errs.Add(err)
	for i := range d.CVEs {
		c := &d.CVEs[i]
		s, err := d.Severities(name, c)
		errs.Add(err)
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
	level, err := levels.Parse(d.Severity)
	errs.Add(err)
	if err == nil && d.Severity != "" {
		e.Severity = matcher.Severity{Source: name, Level: level, Word: d.Severity}
	}
	return e, errs.Err()
}

// PatchErratum returns the erratum of a definition, without packages, and the packages by the rules. It adds the parts that could not be parsed to
// errs, and a definition without packages.
func (d *Definition) PatchErratum(name, id string, r *Rules, errs *recordlimit.Errors) (*errata.Erratum, []Package) {
	e, err := d.Erratum(name, id)
	errs.Add(err)
	packages, err := d.Packages(r)
	errs.Add(err)
	if len(packages) == 0 {
		errs.Add(errors.New("no packages"))
	}
	return e, packages
}
