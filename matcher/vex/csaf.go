package vex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// The shapes of CSAF 2.0, https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html, and the additions of 2.1, as far as this
// package needs them.
type csafDocument struct {
	Document struct {
		Publisher struct {
			Name string `json:"name"`
		} `json:"publisher"`
		Tracking struct {
			ID      string `json:"id"`
			Current string `json:"current_release_date"`
		} `json:"tracking"`
		Version  string `json:"csaf_version"`
		Category string `json:"category"`
	} `json:"document"`
	Tree struct {
		Branches      []csafBranch   `json:"branches"`
		Products      []csafProduct  `json:"full_product_names"`
		Groups        []csafGroup    `json:"product_groups"`
		Relationships []csafRelation `json:"relationships"`
	} `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Product  *csafProduct `json:"product"`
	Branches []csafBranch `json:"branches"`
}

type csafProduct struct {
	ID     string `json:"product_id"`
	Helper struct {
		PURL   string   `json:"purl"`
		PURLs  []string `json:"purls"`
		CPE    string   `json:"cpe"`
		Hashes []struct {
			File []struct {
				Algorithm string `json:"algorithm"`
				Value     string `json:"value"`
			} `json:"file_hashes"`
		} `json:"hashes"`
		SBOMs []string `json:"sbom_urls"`
		URIs  []struct {
			URI string `json:"uri"`
		} `json:"x_generic_uris"`
	} `json:"product_identification_helper"`
}

type csafGroup struct {
	ID       string   `json:"group_id"`
	Products []string `json:"product_ids"`
}

type csafRelation struct {
	Category string      `json:"category"`
	Product  csafProduct `json:"full_product_name"`
	Of       string      `json:"product_reference"`
	In       string      `json:"relates_to_product_reference"`
}

type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status       map[string][]string `json:"product_status"`
	Flags        []csafRemark        `json:"flags"`
	Threats      []csafRemark        `json:"threats"`
	Remediations []csafRemark        `json:"remediations"`
}

// A csafRemark is a flag, a threat or a remediation.
type csafRemark struct {
	Label    string   `json:"label"`
	Category string   `json:"category"`
	Details  string   `json:"details"`
	Date     string   `json:"date"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// csafStatus returns the status of products on a list of product_status. "recommended" is not about a vulnerability.
func csafStatus(list string) (matcher.Status, bool) {
	switch list {
	case "known_not_affected":
		return matcher.NotAffected, true
	case "fixed", "first_fixed":
		return matcher.Fixed, true
	case "known_affected", "first_affected", "last_affected":
		return matcher.Affected, true
	case "under_investigation":
		return matcher.UnderInvestigation, true
	}
	return 0, false
}

func (d *Document) csaf(text []byte) error {
	var in csafDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return jsonError(text, err)
	}
	if in.Document.Version == "" {
		return errNotVEX
	}
	d.Format, d.ID, d.Author = "CSAF", in.Document.Tracking.ID, in.Document.Publisher.Name
	d.Time = d.instant("document.tracking.current_release_date", in.Document.Tracking.Current)
	tree := csafTree{products: make(map[string]product), groups: make(map[string][]string)}
	tree.branches(in.Tree.Branches, nil)
	for i := range in.Tree.Products {
		tree.add(&in.Tree.Products[i], nil)
	}
	for _, g := range in.Tree.Groups {
		tree.groups[g.ID] = g.Products
	}
	tree.relate(in.Tree.Relationships)
	budget := maxStatements // for products that remarks name
	for i := range in.Vulnerabilities {
		d.csafVulnerability(&tree, i, &in.Vulnerabilities[i], in.Document.Category == "csaf_vex", &budget)
	}
	return nil
}

// A csafTree holds the products of a document by their identifiers.
type csafTree struct {
	products map[string]product
	groups   map[string][]string
}

func (t *csafTree) branches(list []csafBranch, ranges []string) {
	for i := range list {
		b := &list[i]
		within := ranges
		if b.Category == "product_version_range" {
			within = []string{b.Name}
		}
		if b.Product != nil {
			t.add(b.Product, within)
		}
		t.branches(b.Branches, within)
	}
}

func (t *csafTree) add(p *csafProduct, ranges []string) {
	id := p.identity()
	id.Ranges = ranges
	t.products[p.ID] = product{identity: id}
}

func (p *csafProduct) identity() identity {
	h := &p.Helper
	var id identity
	if h.PURL != "" {
		id.PURLs = append(id.PURLs, h.PURL)
	}
	id.PURLs = append(id.PURLs, h.PURLs...)
	if h.CPE != "" {
		id.CPEs = append(id.CPEs, h.CPE)
	}
	for _, x := range h.Hashes {
		for _, f := range x.File {
			id.hash(f.Algorithm, f.Value)
		}
	}
	id.Refs = append(id.Refs, h.SBOMs...)
	for _, x := range h.URIs {
		id.Refs = append(id.Refs, x.URI)
	}
	return id
}

// relate adds the products that are one product in another. Either may be such a product itself, to a small depth.
func (t *csafTree) relate(list []csafRelation) {
	const depth = 4
	for range depth {
		var left []csafRelation
		for i := range list {
			r := &list[i]
			of, haveOf := t.products[r.Of]
			in, haveIn := t.products[r.In]
			if !haveOf || !haveIn {
				left = append(left, *r)
				continue
			}
			if len(of.Subcomponents) > 0 { // a product in a product in another
				of = product{identity: of.Subcomponents[0]}
			}
			p := product{identity: in.identity, Subcomponents: []identity{of.identity}}
			if own := r.Product.identity(); len(own.PURLs) > 0 { // the whole has its own, more exact name
				p.Subcomponents[0].PURLs = own.PURLs
			}
			t.products[r.Product.ID] = p
		}
		if list = left; len(list) == 0 {
			return
		}
	}
}

func (p *product) isNameless() bool {
	return p.identity.empty() && (len(p.Subcomponents) == 0 || p.Subcomponents[0].empty())
}

// csafVulnerability adds the statements about one vulnerability. The profile csaf_vex is strict: it requires a reason.
func (d *Document) csafVulnerability(t *csafTree, i int, v *csafVulnerability, strict bool, budget *int) {
	place := fmt.Sprintf("vulnerabilities[%d]", i)
	ids := []string{v.CVE}
	for _, id := range v.IDs {
		ids = append(ids, id.Text)
	}
	flags := d.remarks(t, place+".flags", v.Flags, "", budget)
	impacts := d.remarks(t, place+".threats", v.Threats, "impact", budget)
	fixes := d.remarks(t, place+".remediations", v.Remediations, "", budget)
	for _, list := range slices.Sorted(maps.Keys(v.Status)) {
		status, known := csafStatus(list)
		if !known {
			continue
		}
		for j, id := range v.Status[list] {
			at := fmt.Sprintf("%s.product_status.%s[%d]", place, list, j)
			p, ok := t.products[id]
			switch {
			case !ok:
				d.problem(at, "product %q is not in the product tree", id)
				continue
			case p.isNameless():
				d.problem(at, "product %q has no identifier to find in an image", id)
				continue
			}
			s := statement{Place: at, Vulnerabilities: ids, Products: []product{p}, Status: status}
			switch status {
			case matcher.NotAffected:
				if f := flags[id]; f != nil {
					s.Justification, s.Time = f.Label, d.instant(at, f.Date)
				}
				if f := impacts[id]; f != nil {
					s.Detail = f.Details
				}
				if strict && s.Justification == "" && s.Detail == "" {
					d.problem(at, "product %q: known_not_affected needs a flag or a threat of category impact; ignored", id)
					continue
				}
			case matcher.Affected:
				if f := fixes[id]; f != nil {
					s.Detail = cmp.Or(f.Details, f.Category)
				}
			}
			d.add(s)
		}
	}
}

// remarks returns each product's first remark of a category; "" is any category.
func (d *Document) remarks(t *csafTree, place string, list []csafRemark, category string, budget *int) map[string]*csafRemark {
	byProduct := make(map[string]*csafRemark)
	add := func(r *csafRemark, ids []string) {
		if *budget -= len(ids); *budget < 0 {
			return
		}
		for _, id := range ids {
			if byProduct[id] == nil {
				byProduct[id] = r
			}
		}
	}
	for i := range list {
		r := &list[i]
		if category != "" && !strings.EqualFold(r.Category, category) {
			continue
		}
		add(r, r.Products)
		for _, g := range r.Groups {
			add(r, t.groups[g])
		}
		if *budget < 0 {
			d.problem(place, "remarks name more than %d products; the rest is ignored", maxStatements)
			break
		}
	}
	return byProduct
}
