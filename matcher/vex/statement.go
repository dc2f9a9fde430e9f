package vex

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/purl"
)

const (
	maxText     = 64 << 10 // bytes of each text of a Statement
	maxProducts = 10_000   // products of a Statement, and parts of a product
)

// A Statement gives the status of one vulnerability in some products.
type Statement struct {
	Vulnerability string   // "CVE-2024-1234"
	Aliases       []string // other identifiers of the same vulnerability
	Products      []Product

	// Status is Affected, NotAffected, Fixed or UnderInvestigation. NotAffected needs a Justification or a Detail, and Affected a Detail:
	// the action to take.
	Status        matcher.Status
	Justification string // as OpenVEX spells it: "vulnerable_code_not_present"; only with NotAffected
	Detail        string // explanation or advice, in the author's words

	Author  string    // default: the document's author
	Time    time.Time // when the statement was made; must not be zero
	Expires time.Time // last moment at which it holds; zero for no end
}

// A Product names an image or a package. With Parts, a statement is about these packages within the product only.
type Product struct {
	Name  string // package URL, digest, or reference of an image; the package's documentation lists the forms
	Parts []string
}

// NewDocument returns a document without statements, of an author.
func NewDocument(author string, now time.Time) *Document {
	return &Document{Format: formatOpenVEX, Author: author, Time: now.UTC(), issued: now.UTC()}
}

// Add appends a statement. It returns an error if the statement breaks a rule of OpenVEX. Later statements about the same
// vulnerability and product decide, by their times.
func (d *Document) Add(s Statement) error {
	out, err := s.statement()
	if err != nil {
		return fmt.Errorf("vex: statement about %s: %w", shortened(s.Vulnerability), err)
	}
	if len(d.statements) >= maxStatements {
		return fmt.Errorf("vex: more than %d statements", maxStatements)
	}
	out.Place = fmt.Sprintf("statements[%d]", len(d.statements))
	if out.Author == d.Author {
		out.Author = ""
	}
	if out.Time.After(d.Time) {
		d.Time = out.Time
	}
	if d.ID != "" && !d.added { // another release of it
		d.number, d.added = max(d.number, 1)+1, true
	}
	d.statements = append(d.statements, *out)
	return nil
}

func (s *Statement) statement() (*statement, error) {
	ids := append([]string{s.Vulnerability}, s.Aliases...)
	for i, id := range ids {
		if strings.TrimSpace(id) == "" && i > 0 {
			return nil, errors.New("an alias is empty")
		}
		if id == "" || strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return nil, fmt.Errorf("%q is not an identifier of a vulnerability", shortened(id))
		}
	}
	for _, text := range append([]string{s.Detail, s.Author}, ids...) {
		if len(text) > maxText {
			return nil, fmt.Errorf("a text is longer than %d bytes", maxText)
		}
	}
	if strings.ContainsFunc(s.Author, unicode.IsControl) {
		return nil, errors.New("the author has a control character")
	}
	switch {
	case len(s.Products) == 0:
		return nil, errors.New("no product")
	case len(s.Products) > maxProducts:
		return nil, fmt.Errorf("more than %d products", maxProducts)
	case s.Time.IsZero():
		return nil, errors.New("no time")
	case !s.Expires.IsZero() && !s.Expires.After(s.Time):
		return nil, fmt.Errorf("it expires on %s, before it is made", s.Expires.UTC().Format(time.RFC3339))
	case s.Justification != "" && s.Status != matcher.NotAffected:
		return nil, errors.New("a justification is for not_affected only")
	case s.Justification != "" && !openJustification(s.Justification):
		return nil, fmt.Errorf("unknown justification %q; use %s", shortened(s.Justification), strings.Join(justifications[:], ", "))
	}
	detail := strings.TrimSpace(s.Detail)
	switch s.Status {
	case matcher.NotAffected:
		if s.Justification == "" && detail == "" {
			return nil, errors.New("not_affected needs a justification or a detail")
		}
	case matcher.Affected:
		if detail == "" {
			return nil, errors.New("affected needs a detail: the action to take")
		}
	case matcher.Fixed, matcher.UnderInvestigation:
	default:
		return nil, fmt.Errorf("VEX has no status %s", s.Status)
	}
	out := &statement{
		Vulnerabilities: ids, Status: s.Status, Justification: s.Justification, Detail: detail,
		Author: strings.TrimSpace(s.Author), Time: s.Time.UTC().Truncate(time.Second), Expires: s.Expires.UTC().Truncate(time.Second),
	}
	for i := range s.Products {
		p, err := s.Products[i].product()
		if err != nil {
			return nil, err
		}
		out.Products = append(out.Products, p)
	}
	return out, nil
}

func (p *Product) product() (out product, err error) {
	if out.identity, err = named(p.Name); err != nil {
		return out, err
	}
	if len(p.Parts) > maxProducts {
		return out, fmt.Errorf("product %q: more than %d parts", shortened(p.Name), maxProducts)
	}
	for _, part := range p.Parts {
		if !strings.HasPrefix(part, "pkg:") {
			return out, fmt.Errorf("product %q: part %q is not a package URL", shortened(p.Name), shortened(part))
		}
		id, err := named(part)
		if err != nil {
			return out, err
		}
		out.Subcomponents = append(out.Subcomponents, id)
	}
	return out, nil
}

// named returns the identity of a name that a person gives.
func named(name string) (id identity, err error) {
	switch {
	case name == "" || len(name) > maxText || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return id, fmt.Errorf("%q is not the name of a product", shortened(name))
	case strings.HasPrefix(name, "pkg:"):
		u, err := packageurl.FromString(name)
		if err == nil && u.Type != "oci" && u.Type != "docker" {
			_, err = purl.Parse(name)
		}
		if err != nil {
			return id, fmt.Errorf("%q is not a package URL: %w", shortened(name), err)
		}
		if n := strings.Count(u.Version, "sha256:"); n > 1 || n == 1 && !isDigest(u.Version) {
			return id, fmt.Errorf("%q has no digest of 64 hexadecimal digits", shortened(name))
		}
		id.name(name)
	case isDigest(name):
		algorithm, hex, _ := strings.Cut(name, ":")
		id.hash(algorithm, hex)
	case strings.HasPrefix(name, "sha256:"):
		return id, fmt.Errorf("%q is not a digest of 64 hexadecimal digits", shortened(name))
	case strings.HasPrefix(name, "urn:"), strings.HasPrefix(name, "cpe:"), strings.Contains(name, "://"):
		id.name(name)
	default:
		r := imageref.Parse(name)
		if r.Repository == "" {
			return id, fmt.Errorf("%q is neither a package URL nor a digest nor the reference of an image", shortened(name))
		}
		id.name(imagePURL(r))
	}
	return id, nil
}

// isDigest reports whether a text is a digest by SHA-256.
func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(strings.ToLower(hex), "0123456789abcdef") == ""
}

// imagePURL returns the package URL of an image, by the rules of the type oci.
func imagePURL(r imageref.Reference) string {
	name := r.Repository[strings.LastIndexByte(r.Repository, '/')+1:]
	var qualifiers packageurl.Qualifiers
	if r.Registry != "" {
		qualifiers = append(qualifiers, packageurl.Qualifier{Key: "repository_url", Value: r.Registry + "/" + r.Repository})
	}
	if r.Tag != "" && r.Digest == "" {
		qualifiers = append(qualifiers, packageurl.Qualifier{Key: "tag", Value: r.Tag})
	}
	u := packageurl.PackageURL{Type: "oci", Name: strings.ToLower(name), Version: r.Digest, Qualifiers: qualifiers}
	return u.ToString()
}

// shortened bounds a text of an error.
func shortened(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// justifications are OpenVEX's reasons for NotAffected.
var justifications = [...]string{"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"}

func openJustification(word string) bool { return slices.Contains(justifications[:], word) }
