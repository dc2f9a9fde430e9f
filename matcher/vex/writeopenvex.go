package vex

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/matcher"
)

const openContext = "https://openvex.dev/ns/v0.2.0"

func (d *Document) writeOpenVEX() (text []byte, omitted []string, err error) {
	if d.Time.IsZero() {
		return nil, nil, fmt.Errorf("vex: %s: the document has no time", cmp.Or(d.Name, "document"))
	}
	out := openDocument{
		Context: openContext, Author: cmp.Or(d.Author, "unknown"), Role: d.role, Timestamp: stamp(d.issued), Version: openVersion(max(d.number, 1)),
	}
	switch {
	case d.issued.IsZero():
		out.Timestamp = stamp(d.Time)
	case !d.issued.Equal(d.Time):
		out.LastUpdated = stamp(d.Time)
	}
	seen := make(written)
	for i := range d.statements {
		s := &d.statements[i]
		o, why := s.openVEX()
		if why != "" {
			omitted = append(omitted, s.Place+": "+why)
			continue
		}
		if seen.first(o) {
			out.Statements = append(out.Statements, o)
		}
	}
	if len(out.Statements) == 0 {
		return nil, omitted, ErrEmpty
	}
	if out.ID = d.ID; d.Format != formatOpenVEX || out.ID == "" {
		if out.ID, err = uuid(&out); err != nil {
			return nil, omitted, err
		}
	}
	text, err = indent(&out)
	return text, omitted, err
}

// openVEX returns the statement as OpenVEX writes it, or the reason why it cannot.
func (s *statement) openVEX() (o openStatement, why string) {
	if s.Time.IsZero() {
		return o, "has no time"
	}
	kept := s.open != nil && len(s.open.Subcomponents) == 0
	if kept {
		o = *s.open
	}
	o.Vulnerability.Name, o.Vulnerability.Aliases = s.Vulnerabilities[0], distinct(s.Vulnerabilities)[1:]
	if !isTime(o.Timestamp) || !kept {
		o.Timestamp = stamp(s.Time)
	}
	for _, t := range []*string{&o.LastUpdated, &o.ActionTime} {
		if !isTime(*t) {
			*t = ""
		}
	}
	notes := "" // beside Detail
	if kept {
		if notes, _ = cutMarks(o.StatusNotes); notes == s.Detail {
			notes = ""
		}
	}
	if notes, why = o.setStatus(s, notes); why != "" {
		return o, why
	}
	o.StatusNotes = withMarks(notes, s.Author, s.Expires)
	o.Subcomponents = nil
	o.Products, why = openProducts(s.Products)
	return o, why
}

// setStatus sets the status, and the members in which it takes a reason or an action. It returns the notes, which may have the detail.
func (o *openStatement) setStatus(s *statement, notes string) (_, why string) {
	o.Justification, o.Impact = "", ""
	switch s.Status {
	case matcher.NotAffected:
		o.Status = "not_affected"
		word, known := openWord(s.Justification)
		switch {
		case known: // and no impact_statement: the format's schema takes one of the two
			o.Justification, notes = word, join(notes, s.Detail)
		case s.Justification != "" && s.Detail != "":
			o.Impact = s.Justification + ": " + s.Detail
		default:
			o.Impact = cmp.Or(s.Detail, s.Justification)
		}
		if o.Justification == "" && o.Impact == "" {
			return notes, "not affected, without a reason"
		}
	case matcher.Affected:
		o.Status, o.Action = "affected", cmp.Or(s.Detail, "no action is given")
	case matcher.Fixed:
		o.Status, notes = "fixed", s.Detail
	case matcher.UnderInvestigation:
		o.Status, notes = "under_investigation", s.Detail
	default:
		return notes, fmt.Sprintf("OpenVEX has no status %s", s.Status)
	}
	return notes, ""
}

// openProducts returns the products of a statement, or the reason why OpenVEX cannot name them.
func openProducts(list []product) (products []openProduct, why string) {
	seen := make(written)
	for i := range list {
		p := &list[i]
		names, why := p.identity.open()
		if why != "" {
			return nil, why
		}
		parts, why := openParts(p)
		if why != "" {
			return nil, why
		}
		for _, c := range names {
			if product := (openProduct{c, parts}); seen.first(product) {
				products = append(products, product)
			}
		}
	}
	if len(products) == 0 {
		return nil, "its products have no names"
	}
	return products, ""
}

// openParts returns the subcomponents of a product, each once.
func openParts(p *product) (parts []openComponent, why string) {
	seen := make(written)
	for j := range p.Subcomponents {
		more, why := p.Subcomponents[j].open()
		if why != "" {
			return nil, why
		}
		for _, c := range more {
			if seen.first(c) {
				parts = append(parts, c)
			}
		}
	}
	if len(p.Subcomponents) > 0 && len(parts) == 0 {
		return nil, "a part of its product has no name"
	}
	return parts, ""
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

// join returns two texts, or one if they are equal or one is empty.
func join(a, b string) string {
	if a == b || b == "" {
		return a
	}
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// distinct returns the list without repetitions.
func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// openWord returns OpenVEX's word for a justification of any format.
func openWord(word string) (string, bool) {
	switch word {
	case "code_not_present":
		return "vulnerable_code_not_present", true
	case "code_not_reachable":
		return "vulnerable_code_not_in_execute_path", true
	case "protected_by_compiler", "protected_at_runtime", "protected_by_mitigating_control":
		return "inline_mitigations_already_exist", true
	}
	return word, openJustification(word)
}

// openHashes are the spellings of algorithms that are not those of identity.
var openHashes = map[string]string{
	"sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512", "md5": "md5", "sha1": "sha1", "sha3256": "sha3-256", "sha3384": "sha3-384",
	"blake2b256": "blake2b-256", "blake2b512": "blake2b-512",
}

// open returns a component for each name: any of them matches.
func (id *identity) open() (list []openComponent, why string) {
	for _, p := range id.PURLs {
		for _, version := range id.Ranges {
			u, err := packageurl.FromString(p)
			if err != nil || u.Version != "" || version == "" || strings.ContainsAny(version, "|*<>=!:,") {
				return nil, "is about a range of versions"
			}
			u.Version = version
			exact := u.ToString()
			if again, err := packageurl.FromString(exact); err != nil || again.Version != version {
				return nil, "is about a version that a package URL cannot have"
			}
			list = append(list, openComponent{ID: exact})
		}
	}
	if len(id.Ranges) > 0 {
		if len(id.PURLs) == 0 {
			return nil, "is about a range of versions"
		}
		return list, ""
	}
	if len(id.Refs) > 0 && len(id.PURLs) > 0 && strings.HasPrefix(id.Refs[0], "urn:cdx:") { // one thing: the link is the more exact name
		for _, ref := range id.Refs {
			for _, p := range id.PURLs {
				list = append(list, openComponent{ID: ref, Identifiers: map[string]string{"purl": p}})
			}
		}
		return list, ""
	}
	for _, p := range id.PURLs {
		list = append(list, openComponent{ID: p})
	}
	for _, name := range slices.Concat(id.Refs, id.CPEs) {
		list = append(list, openComponent{ID: name})
	}
	for _, h := range id.Hashes {
		algorithm, digits, _ := strings.Cut(h, ":")
		if name := openHashes[algorithm]; name != "" {
			list = append(list, openComponent{Hashes: map[string]string{name: digits}})
		}
	}
	return list, ""
}
