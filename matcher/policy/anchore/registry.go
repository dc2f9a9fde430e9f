package anchore

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Registry knows the published versions of packages.
type Registry interface {
	// Versions returns all versions of a package of a PURL type, "npm" or "gem", and the latest one. It returns no versions of a package
	// that the registry does not have.
	Versions(ctx context.Context, purlType, name string) (all []string, latest string, err error)
}

// A listing is an answer of a registry.
type listing struct {
	all    []string
	latest string
}

func (e *evaluation) listing(of, name string) (listing, error) {
	key := [2]string{of, name}
	if l, ok := e.facts.registry[key]; ok {
		return l, nil
	}
	all, latest, err := e.options.Registry.Versions(e.ctx, of, name)
	if err != nil {
		return listing{}, fmt.Errorf("registry: %s %s: %w", of, name, err)
	}
	if e.facts.registry == nil {
		e.facts.registry = make(map[[2]string]listing)
	}
	e.facts.registry[key] = listing{all, latest}
	return listing{all, latest}, nil
}

// Questions to a registry.
const (
	feedNewer    = iota // is there a newer version?
	feedUnknown         // does the registry not have the package?
	feedUnlisted        // does it not have the version?
)

// feed evaluates the rules that need a registry.
func (e *evaluation) feed(r *rule, of string, question int) error {
	upper := strings.ToUpper(of)
	if why := e.packagesOf(of); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	seen := make(map[[2]string]bool)
	for i := range e.in.Report.Components {
		c := &e.in.Report.Components[i]
		name := fullName(c)
		id := [2]string{name, c.Version}
		if question == feedUnknown {
			id[1] = ""
		}
		if c.Type != of || c.Declared || seen[id] {
			continue
		}
		seen[id] = true
		if e.options.Registry == nil {
			return e.factsMissing(r, "no data: no %s registry was given to ask for published versions", of)
		}
		known, err := e.listing(of, name)
		if err != nil {
			return err
		}
		f := onPackage(c)
		switch {
		case question == feedUnknown && len(known.all) == 0:
			f.Message = fmt.Sprintf("%sNOTOFFICIAL Package (%s) in container but not in official %s feed.", upper, name, upper)
		case question == feedNewer && len(known.all) > 0 && c.Version != "" && c.Version != known.latest:
			f.Message = fmt.Sprintf("Package (%s) version (%s) installed but is not the latest version (%s)", name, c.Version, known.latest)
			if of == "npm" {
				f.Message = "NPMNOTLATEST " + f.Message
			}
		case question == feedUnlisted && len(known.all) > 0 && !slices.Contains(known.all, c.Version):
			f.Message = fmt.Sprintf("%sBADVERSION Package (%s) version (%s) installed but version is not in the official feed for this package (['%s'])", upper, name, c.Version, strings.Join(known.all, "', '"))
		default:
			continue
		}
		f.also = []string{r.trigger.Name + "+" + name}
		e.fire(r, f)
	}
	return nil
}

// packagesOf returns why packages of a type may be missing in the report, or "".
func (e *evaluation) packagesOf(of string) string {
	if len(e.in.Report.Examined) == 0 {
		return "" // a document of another tool
	}
	return e.examined(of)
}

// feedListed is npms.blacklisted_name_version and ruby_gems.blacklist. They fire once, whatever the number of copies.
func (e *evaluation) feedListed(r *rule, of string) error {
	if why := e.packagesOf(of); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	name, wanted := r.values["name"].text, r.values["version"].text
	for _, c := range e.installed(name, true) {
		if c.Type != of || wanted != "" && c.Version != wanted {
			continue
		}
		f := onPackage(c)
		f.Message = "NPM Package is blacklisted: " + name
		if of == "gem" {
			f.Message = "Gem Package is blacklisted: " + name
		}
		if wanted != "" {
			f.Message += "-" + wanted
		}
		f.also = []string{r.trigger.Name + "+" + name}
		e.fire(r, f)
		return nil
	}
	return nil
}

// feedUnavailable is feed_data_unavailable of both gates.
func (e *evaluation) feedUnavailable(r *rule, of string) error {
	if e.options.Registry == nil {
		f := onImage()
		f.Message = "NPM packages are present but the anchore npm feed is not available - will be unable to perform checks that require feed data"
		if of == "gem" {
			f.Message = "Gem packages are present but the anchore gem feed is not available - will be unable to perform checks that require feed data"
		}
		e.fire(r, f)
	}
	return nil
}
