package redhat

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
)

// A document is what is read of a CSAF document, https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html.
type document struct {
	Category string `json:"category"` // "csaf_vex", "csaf_security_advisory"
	Title    string `json:"title"`
	Severity struct {
		Text string `json:"text"`
	} `json:"aggregate_severity"`
	References []reference `json:"references"`
	Tracking   struct {
		ID      string `json:"id"`
		Status  string `json:"status"`
		Initial string `json:"initial_release_date"`
		Current string `json:"current_release_date"`
	} `json:"tracking"`

	products        map[string]product
	relations       map[string]relation
	vulnerabilities []vulnerability
}

type reference struct {
	Category string `json:"category"`
	URL      string `json:"url"`
}

// A product is a leaf of the tree of products: a platform, a package or a module.
type product struct{ cpe, purl string }

// A relation says that a component is part of something, which may be a relation itself: a package of a module of a platform.
type relation struct{ component, of string }

type vulnerability struct {
	CVE        string              `json:"cve"`
	Title      string              `json:"title"`
	Released   string              `json:"release_date"`
	Statuses   map[string][]string `json:"product_status"`
	Flags      []note              `json:"flags"`
	Threats    []note              `json:"threats"`
	Remedies   []note              `json:"remediations"`
	Scores     []score             `json:"scores"`
	References []reference         `json:"references"`
}

// A note is what is said of some products.
type note struct {
	Category string   `json:"category"`
	Label    string   `json:"label"`
	Details  string   `json:"details"`
	URL      string   `json:"url"`
	Products []string `json:"product_ids"`
}

type score struct {
	Products []string `json:"products"`
	V2       *cvss    `json:"cvss_v2"`
	V3       *cvss    `json:"cvss_v3"`
	V4       *cvss    `json:"cvss_v4"`
}

type cvss struct {
	Vector string  `json:"vectorString"`
	Base   float64 `json:"baseScore"`
}

// A branch is an inner node of the tree of products, or a leaf.
type branch struct {
	Product *struct {
		ID     string `json:"product_id"`
		Helper struct {
			CPE  string `json:"cpe"`
			PURL string `json:"purl"`
		} `json:"product_identification_helper"`
	} `json:"product"`
	Branches []branch `json:"branches"`
}

// readDocument reads the parts of a document, of which each is decoded by itself. What is of another type than it should be
// is in bad, and the rest of its part in the document.
func readDocument(r *jsonstream.Reader, d *document, key string) (bad []error, err error) {
	part := func(v any) error {
		raw, err := r.Raw()
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, v); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", key, err))
		}
		return nil
	}
	switch key {
	case "document":
		return bad, part(d)
	case "product_tree":
		err := r.Object(func(name string) error {
			switch name {
			case "branches":
				return r.List(func() error {
					var b branch
					err := part(&b)
					d.addBranch(&b, 0)
					return err
				})
			case "relationships":
				return r.List(func() error {
					var v struct {
						Component string `json:"product_reference"`
						Of        string `json:"relates_to_product_reference"`
						Product   struct {
							ID string `json:"product_id"`
						} `json:"full_product_name"`
					}
					err := part(&v)
					d.relations[v.Product.ID] = relation{v.Component, v.Of}
					return err
				})
			}
			return r.Skip()
		})
		return bad, err
	case "vulnerabilities":
		err := r.List(func() error {
			var v vulnerability
			err := part(&v)
			d.vulnerabilities = append(d.vulnerabilities, v)
			return err
		})
		return bad, err
	}
	return bad, r.Skip()
}

// addBranch adds the leaves of a branch. JSON is nested ten thousand deep at most.
func (d *document) addBranch(b *branch, depth int) {
	if p := b.Product; p != nil {
		d.products[p.ID] = product{p.Helper.CPE, p.Helper.PURL}
	}
	for i := range b.Branches {
		d.addBranch(&b.Branches[i], depth+1)
	}
}

// maxRelations bounds how many relations lead from a package to its platform: it may be of a module.
const maxRelations = 4

// resolve finds the package, the module's stream and the platform of a product.
func (d *document) resolve(id string) (c component, p platform, ok bool, err error) {
	rel, ok := d.relations[id]
	if !ok {
		return c, p, false, nil
	}
	if _, is := moduleOf(d.products[rel.component].purl); is {
		return c, p, false, nil // a module's stream itself, of which the packages are listed as well
	}
	c, ok, err = componentOf(d.products[rel.component].purl, rel.component)
	if err != nil || !ok {
		return c, p, false, err
	}
	for range maxRelations {
		of, nested := d.relations[rel.of]
		if !nested {
			p, ok = platformOf(d.products[rel.of].cpe)
			if !ok && d.products[rel.of].cpe == "" {
				return c, p, false, fmt.Errorf("%.80q: no platform", rel.of)
			}
			return c, p, ok, nil
		}
		if m, ok := moduleOf(d.products[of.component].purl); ok && c.module == "" {
			c.module = m
		}
		rel = of
	}
	return c, p, false, fmt.Errorf("%.80q: a component of a component and so on", id)
}

// about returns the note on a product, of those that a filter accepts.
func about(notes []note, filter func(*note) bool) map[string]*note {
	byProduct := make(map[string]*note)
	for i := range notes {
		n := &notes[i]
		if !filter(n) {
			continue
		}
		for _, id := range n.Products {
			if byProduct[id] == nil {
				byProduct[id] = n
			}
		}
	}
	return byProduct
}

// urls returns different URLs of references, without those to the document itself.
func urls(lists ...[]reference) []string {
	var out []string
	for _, list := range lists {
		for _, r := range list {
			if r.URL != "" && !slices.Contains(out, r.URL) && len(out) < maxURLs {
				out = append(out, r.URL)
			}
		}
	}
	return out
}

// maxURLs bounds how many references are kept of a vulnerability.
const maxURLs = 20
