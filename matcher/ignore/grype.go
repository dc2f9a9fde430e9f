package ignore

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/report"
)

// grypeTypes are the PURL types of grype's types of packages.
var grypeTypes = map[string]string{
	"apk": "apk", "alpm": "alpm", "conan": "conan", "dart-pub": "pub", "deb": "deb", "dotnet": "nuget", "gem": "gem", "github-action": "github", "go-module": "golang", "hex": "hex",
	"java-archive": "maven", "jenkins-plugin": "maven", "npm": "npm", "php-composer": "composer", "pod": "cocoapods", "portage": "ebuild", "python": "pypi", "rpm": "rpm", "rust-crate": "cargo", "swift": "swift",
}

// grype reads a rule below "ignore" of a configuration of grype. All its conditions must hold.
func (o *other) grype(n *yaml.Node) error {
	place := fmt.Sprint(n.Line)
	list, err := fields(n)
	if err != nil {
		return err
	}
	var g report.Ignore
	var lost []string
	upstream := ""
	one := func(f field) string {
		if len(f.values) != 1 {
			lost = append(lost, f.key+" is no text")
			return ""
		}
		return f.values[0]
	}
	for _, f := range list {
		switch f.key {
		case "vulnerability":
			g.ID = one(f)
		case "reason":
			g.Reason = one(f)
		case "include-aliases": // identifiers are compared with all names of a vulnerability
		case "package":
			if f.table == nil {
				return fmt.Errorf("line %d: package is no mapping: %w", f.line, ErrSyntax)
			}
			parts, err := fields(f.table)
			if err != nil {
				return err
			}
			for _, p := range parts {
				switch p.key {
				case "name":
					g.Package = one(p)
				case "version":
					g.Version = one(p)
				case "type":
					if g.Type = grypeTypes[one(p)]; g.Type == "" {
						lost = append(lost, "package.type "+strings.Join(p.values, ","))
					}
				case "location":
					g.Path = one(p)
				case "upstream-name":
					upstream = one(p)
				default:
					lost = append(lost, "package."+p.key)
				}
			}
		case "fix-state":
			lost = append(lost, "fix-state "+one(f)+", see --only-fixed and --ignore-status")
		default:
			lost = append(lost, f.key)
		}
	}
	switch {
	case upstream != "" && g.Package != "":
		lost = append(lost, "package.upstream-name beside package.name")
	case upstream != "":
		g.Package = upstream
	}
	if strings.ContainsAny(g.Package, `*^$|()[]\+?`) || strings.ContainsAny(g.ID, "*^$|()[]+?") {
		lost = append(lost, "an expression in place of a name")
	}
	switch {
	case len(lost) > 0:
		o.note(place, "not carried over: %s", strings.Join(lost, "; "))
		return nil
	case g.ID == "" && g.Package == "":
		o.note(place, "not carried over: the rule names neither a vulnerability nor a package")
		return nil
	}
	return o.add(g, place)
}
