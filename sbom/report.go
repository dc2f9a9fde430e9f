package sbom

import (
	"bufio"
	"bytes"
	"slices"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// isReport reports whether a document in JSON is one of package matcher/report/json, which begins with its version.
func isReport(in *bufio.Reader) bool {
	head, _ := in.Peek(64)
	head = bytes.TrimLeft(head, " \t\r\n")
	rest, ok := bytes.CutPrefix(head, []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"schema":`))
}

// readReport reads the contents of an image from a report, with the components that its lists leave out.
func readReport(in *bufio.Reader, limits Limits) (*analyzer.Report, error) {
	a, err := json.Read(in)
	if err != nil {
		return nil, err
	}
	r := *a.Report
	r.Components = slices.Concat(a.Report.Components, a.LeftOut, a.Nested)
	if len(r.Components) > limits.Components {
		return nil, ErrLimit
	}
	for i := range r.Components {
		k := &r.Components[i]
		u, err := packageurl.FromString(k.PURL)
		if err != nil {
			continue
		}
		q := u.Qualifiers.Map()
		if d := r.Distro; k.System && d != nil {
			plain := analyzer.Package{Type: "deb", Name: "a", System: true}
			if p, err := packageurl.FromString(plain.PURL(d)); err == nil && p.Qualifiers.Map()["distro"] == q["distro"] {
				delete(q, "distro")
			}
		}
		k.Qualifiers = qualifiersOf(k, q)
	}
	sbomreport.Sort(&r)
	return &r, nil
}
