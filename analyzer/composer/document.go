package composer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// A described package is a package in installed.json or composer.lock, which share a form.
type described struct {
	Name, Version string
	Require       names
	Replace       names
	Provide       names
	License       texts
	Source        struct{ Type, URL, Reference string }
	Dist          struct{ SHASum string }
	Extra         extra
}

// names holds the sorted keys of an object. PHP writes an empty object as an array.
type names []string

func (n *names) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	for name := range object {
		// A name without a vendor is PHP, an extension, a library, or an interface of Composer.
		if _, _, ok := splitName(name); ok {
			*n = append(*n, name)
		}
	}
	slices.Sort(*n)
	return nil
}

// texts holds one string or an array of strings.
type texts []string

func (t *texts) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*t = make(texts, 1)
		return json.Unmarshal(raw, &(*t)[0])
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// extra holds the versions that branches stand for. Other members may have any form.
type extra struct{ aliases map[string]string }

func (e *extra) UnmarshalJSON(raw []byte) error {
	var object struct {
		Aliases json.RawMessage `json:"branch-alias"`
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	if err := json.Unmarshal(raw, &object); err != nil || len(object.Aliases) == 0 || object.Aliases[0] != '{' {
		return err
	}
	var mixed map[string]any
	if err := json.Unmarshal(object.Aliases, &mixed); err != nil {
		return err
	}
	e.aliases = make(map[string]string, len(mixed))
	for branch, version := range mixed {
		if s, ok := version.(string); ok {
			e.aliases[branch] = s
		}
	}
	return nil
}

// splitName splits "vendor/name".
func splitName(s string) (vendor, name string, ok bool) {
	vendor, name, ok = strings.Cut(s, "/")
	return vendor, name, ok && isWord(vendor) && isWord(name)
}

// isWord reports whether s can be a part of a name: letters, digits, ".", "-" and "_".
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

var errNoVersion = errors.New("no version")

func newPackage(name, version string) (analyzer.Package, error) {
	vendor, base, ok := splitName(name)
	if !ok {
		return analyzer.Package{}, fmt.Errorf("not a package name: %.100q", name)
	}
	p := analyzer.Package{Type: typeComposer, Namespace: vendor, Name: base, Version: version}
	if version == "" {
		return p, fmt.Errorf("%s: %w", name, errNoVersion)
	}
	return p, nil
}

// locate converts a described package. With an error the package has the fields that are valid.
func (d *described) locate() (analyzer.Package, error) {
	p, err := newPackage(d.Name, strings.TrimSpace(d.Version))
	if p.Name == "" {
		return p, err
	}
	seen := make(map[string]bool)
	for _, declared := range d.License {
		if e, _ := license.Normalize(declared); e != "" && !seen[e] {
			seen[e] = true
			p.Licenses = append(p.Licenses, e)
		}
	}
	p.Depends = d.Require
	p.Provides = append(slices.Clip([]string(d.Replace)), d.Provide...)
	slices.Sort(p.Provides)
	p.Provides = slices.Compact(p.Provides)
	if len(d.Dist.SHASum) == 40 {
		p.Hashes = map[string]string{"sha1": strings.ToLower(d.Dist.SHASum)}
	}
	if !isBranch(p.Version) {
		return p, err
	}
	setQualifier(&p, "alias", d.Extra.aliases[p.Version])
	setQualifier(&p, "vcs_url", repositoryURL(d.Source.Type, d.Source.URL, d.Source.Reference))
	return p, err
}

func setQualifier(p *analyzer.Package, key, value string) {
	if value == "" {
		return
	}
	if p.Qualifiers == nil {
		p.Qualifiers = make(map[string]string, 1)
	}
	p.Qualifiers[key] = value
}

// isBranch reports whether a version names a branch: "dev-main", "1.2.x-dev".
func isBranch(version string) bool {
	return strings.HasPrefix(version, "dev-") || strings.HasSuffix(version, "-dev")
}

// repositoryURL returns a repository in the form of SPDX, "git+https://host/path@commit", without credentials. It returns ""
// for a local directory.
func repositoryURL(kind, address, reference string) string {
	if host, path, ok := strings.Cut(strings.TrimPrefix(address, "git@"), ":"); ok && strings.HasPrefix(address, "git@") {
		address = "ssh://" + host + "/" + path // the form of scp
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || kind == "" || !isWord(kind) || !isWord(scheme) || scheme == "file" {
		return ""
	}
	host, path, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if scheme != kind {
		scheme = kind + "+" + scheme
	}
	u := scheme + "://" + host + "/" + path
	if reference != "" {
		u += "@" + reference
	}
	return u
}
