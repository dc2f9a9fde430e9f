package ignore

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/report"
)

// trivy reads an entry of a .trivyignore.yaml file: each path with each package.
func (o *other) trivy(n *yaml.Node, secret bool) error {
	place := fmt.Sprint(n.Line)
	list, err := fields(n)
	if err != nil {
		return err
	}
	var g report.Ignore
	paths, purls := []string{""}, []string{""}
	for _, f := range list {
		if f.table != nil {
			return fmt.Errorf("line %d: %s is a mapping: %w", f.line, f.key, ErrSyntax)
		}
		switch f.key {
		case "id":
			g.ID = f.values[0]
		case "statement":
			g.Reason = strings.Join(strings.Fields(strings.Join(f.values, " ")), " ")
		case "paths":
			paths = f.values
		case "purls":
			purls = f.values
		case "expired_at":
			if g.Expires, err = instant(f.values[0]); err != nil {
				return fmt.Errorf("line %d: %w", f.line, err)
			}
		default:
			return fmt.Errorf("line %d: an entry has no %.100q: %w", f.line, f.key, ErrSyntax)
		}
	}
	if g.ID == "" {
		return fmt.Errorf("line %d: an entry has no id: %w", n.Line, ErrSyntax)
	}
	if secret {
		g.ID = "secrets:" + g.ID
		o.note(place, "%s: the rules for secrets have other names, which only partly agree", g.ID)
	}
	for _, purl := range purls {
		if g.Package = purl; purl != "" && !strings.HasPrefix(purl, "pkg:") {
			return fmt.Errorf("line %d: %.100q is no package URL: %w", n.Line, purl, ErrSyntax)
		}
		if name, _, ok := strings.Cut(purl, "?"); ok {
			o.note(place, "not carried over: the qualifiers of %s", name)
			continue
		}
		for _, path := range paths {
			if g.Path = path; path != "" {
				g.Path = "/" + strings.TrimPrefix(path, "/")
			}
			if err := o.add(g, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// instant reads the time at which an entry ends. Trivy and osv-scanner take a day as its beginning.
func instant(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.100q is no date like 2026-12-31: %w", s, ErrSyntax)
}
