package anchore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/version"
)

func evidence(name, value string) report.Evidence { return report.Evidence{Name: name, Value: value} }

// onPackage is a firing about a package.
func onPackage(c *analyzer.Component) firing {
	return firing{Decision: report.Decision{Target: report.TargetPackage, Match: -1, Finding: -1, Component: c.ID, Place: c.Location()}}
}

// installed returns the packages with a name, in the order of the report, without those that only lock files and manifests name. Stated
// packages are those that only a hints file of the image names.
func (e *evaluation) installed(name string, stated bool) []*analyzer.Component {
	var list []*analyzer.Component
	for i := range e.in.Report.Components {
		c := &e.in.Report.Components[i]
		if !c.Declared && (stated || !c.Stated) && (c.Name == name || fullName(c) == name) {
			list = append(list, c)
		}
	}
	return list
}

// fullName returns the name of a package with its namespace, if its type has one: "@scope/name", "group:artifact".
func fullName(c *analyzer.Component) string {
	switch {
	case c.System || c.Namespace == "":
		return c.Name
	case c.Type == "maven":
		return c.Namespace + ":" + c.Name
	}
	return c.Namespace + "/" + c.Name
}

// versions returns the spellings of a package's version: whole, without the epoch, and without the release of the distribution.
func versions(c *analyzer.Component) []string {
	list := []string{c.Version}
	plain := c.Version
	if epoch, rest, ok := strings.Cut(plain, ":"); ok && c.System && strings.Trim(epoch, "0123456789") == "" {
		plain = rest
		list = append(list, plain)
	}
	if i := strings.LastIndexByte(plain, '-'); i > 0 && c.System {
		list = append(list, plain[:i])
	}
	return list
}

// packagesMissed returns why packages may be missing in the report, or "".
func (e *evaluation) packagesMissed() string {
	if len(e.in.Report.Examined) == 0 && len(e.in.Report.Components) > 0 {
		return "" // a document of another tool
	}
	for _, s := range (&report.Assessment{Report: e.in.Report}).Searches() {
		if s.Kind == "packages" {
			if missing := s.Missing(); missing != "" {
				return "packages: " + missing
			}
			return ""
		}
	}
	return "the report has neither packages nor analyzers that looked for them"
}

// packageListed is packages.blacklist.
func (e *evaluation) packageListed(r *rule) error {
	fired := false
	name, wanted := r.values["name"].text, r.values["version"].text
	for _, c := range e.installed(name, true) {
		if wanted != "" && !slices.Contains(versions(c), wanted) {
			continue
		}
		f := onPackage(c)
		f.Message = "Package is blacklisted: " + name
		if wanted != "" {
			f.Message += "-" + wanted
		}
		f.also = []string{r.trigger.Name + "+" + name}
		e.fire(r, f)
		fired = true
	}
	if why := e.packagesMissed(); !fired && why != "" {
		return e.factsMissing(r, "%s", why)
	}
	return nil
}

// requiredPackage is packages.required_package.
func (e *evaluation) requiredPackage(r *rule) error {
	name, wanted, match := r.values["name"].text, r.values["version"].text, r.values["version_match_type"].text
	also := []string{r.trigger.Name + "+" + name}
	found := e.installed(name, false)
	if len(found) == 0 {
		f := onImage()
		f.Message = fmt.Sprintf("Required input package (%s) is not present in container image", name)
		if wanted != "" {
			f.Message = fmt.Sprintf("Required input package (%s,%s) is not present in container image", name, wanted)
		}
		f.also = also
		e.fire(r, f)
		return nil
	}
	if wanted == "" {
		return nil
	}
	for _, c := range found {
		f := onPackage(c)
		f.also = also
		if match == "exact" {
			if spellings := versions(c); slices.Contains(spellings[:min(2, len(spellings))], wanted) {
				continue
			}
			f.Message = fmt.Sprintf("Required input package (%s) is present (%s), but not at the version specified in policy (%s)", name, c.Version, name)
		} else {
			n, err := version.Compare(c.Type, c.Version, wanted)
			if err != nil {
				if err := e.factsMissing(r, "version %q of %s cannot be compared with %q", c.Version, name, wanted); err != nil {
					return err
				}
				continue
			}
			if n >= 0 {
				continue
			}
			f.Message = fmt.Sprintf("Required min-version input package (%s) is present (%s), but is lower version than what is specified in policy (%s)", name, c.Version, wanted)
		}
		e.fire(r, f)
	}
	return nil
}

// verifyPackages is packages.verify. The findings are those of package verification.
func (e *evaluation) verifyPackages(r *rule) error {
	if why := e.missedKind("package-verification"); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	names, dirs, check := r.values["only_packages"].list, r.values["only_directories"].list, r.values["check"].text
	for i := range e.in.Report.Findings {
		found := &e.in.Report.Findings[i]
		kind, ok := strings.CutPrefix(found.Rule, "verify:")
		owner := e.components[found.Owner]
		if !ok || found.Analyzer != "verify" || owner == nil || len(names) > 0 && !slices.Contains(names, owner.Name) {
			continue
		}
		status := "changed"
		if kind == "missing" {
			status = "missing"
		}
		path := "/" + found.Path
		more := found.Path == owner.Path // further files of the package, which may be any
		if check != "" && check != status || len(dirs) > 0 && !more && !slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(path, d) }) {
			continue
		}
		f := e.onFinding(i)
		f.Message = fmt.Sprintf("VERIFY check against package db for package '%s' failed on entry '%s' with status: '%s'", owner.Name, path, status)
		if more {
			f.Message = fmt.Sprintf("VERIFY check against package db for package '%s' failed with status: '%s': %s", owner.Name, status, found.Title)
		}
		f.also = []string{r.trigger.Name + "+" + owner.Name + "+" + path}
		e.fire(r, f)
	}
	if check == "missing" {
		return nil
	}
	return e.unverifiable(r, names)
}

// unverifiable records the packages whose files could not be compared.
func (e *evaluation) unverifiable(r *rule, names []string) error {
	var missing []string
	for i := range e.in.Report.Records {
		rec := &e.in.Report.Records[i]
		name, _, _ := strings.Cut(rec.Key, " ")
		if rec.Kind == "package-verification" && rec.Fields["state"] == "not-verifiable" && rec.Fields["files"] != "" && (len(names) == 0 || slices.Contains(names, name)) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	const most = 3
	text := strings.Join(missing[:min(most, len(missing))], ", ")
	if n := len(missing) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return e.factsMissing(r, "the database has no digests of the files of %s", text)
}
