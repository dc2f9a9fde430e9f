package redhat

import (
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/rhel"
)

// A document has the used parts of a CSAF document, https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html.
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

	held int64              // bytes of memory of the three, approximately
	errs recordlimit.Errors // parts of an unexpected type
}

type reference struct {
	Category string `json:"category"`
	URL      string `json:"url"`
}

// A product is a leaf of the product tree: a platform, a package or a module.
type product struct{ cpe, purl string }

// A relation states that a component is part of a product or of another relation: a package of a module of a platform.
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

// A note is a statement about some products.
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

// A branch is an inner node or a leaf of the product tree.
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

// Bounds on the memory for the parts of a document that are held until its end. The largest documents of Red Hat take a few MiB.
const (
	maxHeld  = 256 << 20
	heldSize = 512 // of a product, a relation or a vulnerability, beside its text
)

// read reads a member of the document. If a part has an unexpected type, the document has the rest.
func (d *document) read(r *jsonstream.Reader, key string) error {
	decode := func(v any) error {
		bad, err := r.Decode(v)
		if bad != nil {
			d.errs.Add(fmt.Errorf("%s: %w", key, bad))
		}
		if err != nil {
			return err
		}
		if d.held += heldSize + r.Cost(); d.held > maxHeld {
			return fmt.Errorf("byte %d: products, relationships and vulnerabilities of more than %d bytes: %w", r.Offset(), maxHeld, limit.ErrExceeded)
		}
		return nil
	}
	switch key {
	case "document":
		return decode(d)
	case "product_tree":
		return r.Object(func(name string) error {
			switch name {
			case "branches":
				return r.Array(func() error {
					var b branch
					err := decode(&b)
					d.addBranch(&b)
					return err
				})
			case "relationships":
				return r.Array(func() error {
					var v struct {
						Component string `json:"product_reference"`
						Of        string `json:"relates_to_product_reference"`
						Product   struct {
							ID string `json:"product_id"`
						} `json:"full_product_name"`
					}
					err := decode(&v)
					d.relations[v.Product.ID] = relation{v.Component, v.Of}
					return err
				})
			}
			return r.Skip()
		})
	case "vulnerabilities":
		return r.Array(func() error {
			var v vulnerability
			err := decode(&v)
			d.vulnerabilities = append(d.vulnerabilities, v)
			return err
		})
	}
	return r.Skip()
}

// addBranch adds the leaves of a branch.
func (d *document) addBranch(b *branch) {
	if p := b.Product; p != nil {
		d.products[p.ID] = product{p.Helper.CPE, p.Helper.PURL}
	}
	for i := range b.Branches {
		d.addBranch(&b.Branches[i])
	}
}

// maxRelations bounds the number of relations between a package and its platform: the package may be part of a module.
const maxRelations = 4

// resolve returns the package with its module's stream, and the platform of a product. It returns false for other products.
func (d *document) resolve(id string) (c component, p rhel.Product, ok bool, err error) {
	rel, ok := d.relations[id]
	if !ok {
		return c, p, false, nil
	}
	if _, is := moduleOf(d.products[rel.component].purl); is {
		return c, p, false, nil // a module's stream itself; the document lists its packages, too
	}
	c, ok, err = componentOf(d.products[rel.component].purl, rel.component)
	if err != nil || !ok {
		return c, p, false, err
	}
	for range maxRelations {
		of, nested := d.relations[rel.of]
		if !nested {
			p, ok = rhel.ProductOf(d.products[rel.of].cpe)
			if !ok && d.products[rel.of].cpe == "" {
				return c, p, false, fmt.Errorf("%.80q is not a platform", rel.of)
			}
			return c, p, ok, nil
		}
		if m, ok := moduleOf(d.products[of.component].purl); ok && c.module == "" {
			c.module = m
		}
		rel = of
	}
	return c, p, false, fmt.Errorf("%.80q: more than %d relations: %w", id, maxRelations, limit.ErrExceeded)
}

// notesByProduct returns the first note about each product among the notes that filter accepts.
func notesByProduct(notes []note, filter func(*note) bool) map[string]*note {
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

// urls returns the URLs of references, without duplicates.
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

// maxURLs bounds the number of references of a vulnerability.
const maxURLs = 20
