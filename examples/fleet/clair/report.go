package clair

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// The types below are the schemas of Clair's document.

type indexReport struct {
	Manifest      string                   `json:"manifest_hash"`
	State         string                   `json:"state"`
	Error         string                   `json:"err,omitempty"`
	Success       bool                     `json:"success"`
	Packages      map[string]*pack         `json:"packages,omitempty"`
	Distributions map[string]*distribution `json:"distributions,omitempty"`
	Repositories  map[string]*repository   `json:"repository,omitempty"`
	Environments  map[string][]environment `json:"environments,omitempty"`
}

type vulnerabilityReport struct {
	Manifest        string                    `json:"manifest_hash"`
	Packages        map[string]*pack          `json:"packages"`
	Distributions   map[string]*distribution  `json:"distributions"`
	Repositories    map[string]*repository    `json:"repository"`
	Environments    map[string][]environment  `json:"environments"`
	Vulnerabilities map[string]*vulnerability `json:"vulnerabilities"`
	Of              map[string][]string       `json:"package_vulnerabilities"`
	Enrichments     map[string][]any          `json:"enrichments"`
}

type pack struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Kind    string `json:"kind,omitempty"`
	Source  *pack  `json:"source,omitempty"`
	Arch    string `json:"arch,omitempty"`
}

type distribution struct {
	ID       string `json:"id"`
	DID      string `json:"did,omitempty"`
	Name     string `json:"name,omitempty"`
	Version  string `json:"version,omitempty"`
	Codename string `json:"version_code_name,omitempty"`
	Release  string `json:"version_id,omitempty"`
	Pretty   string `json:"pretty_name,omitempty"`
}

type repository struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type environment struct {
	Database     string   `json:"package_db,omitempty"`
	Distribution string   `json:"distribution_id,omitempty"`
	Introduced   string   `json:"introduced_in,omitempty"`
	Repositories []string `json:"repository_ids,omitempty"`
}

// A summary is a vulnerability in a notification; severity, description and links are those that Clair 4.9 sends and its clients read, though
// its schema has no description and links.
type summary struct {
	Name         string        `json:"name"`
	Fixed        string        `json:"fixed_in_version"`
	Severity     string        `json:"severity"`
	Normalized   string        `json:"normalized_severity"`
	Operation    string        `json:"arch_op,omitempty"` // required with a package
	Package      *pack         `json:"package,omitempty"`
	Distribution *distribution `json:"distribution,omitempty"`
	Repository   *repository   `json:"repository,omitempty"`
	Description  string        `json:"description"`
	Links        string        `json:"links"`
}

type vulnerability struct {
	ID      string `json:"id"`
	Updater string `json:"updater"`
	Issued  string `json:"issued,omitempty"`
	summary
}

const (
	distributionID = "1"
	anyArch        = "pattern match"
)

// newIndexReport lists the packages of an image.
func newIndexReport(digest string, a *report.Assessment) *indexReport {
	packages, distributions, repositories, environments, _ := contents(a.Report)
	return &indexReport{Manifest: digest, State: "IndexFinished", Success: true, Packages: packages, Distributions: distributions, Repositories: repositories,
		Environments: environments}
}

// contents returns the packages of a report with their surroundings, and their identifiers by those of the components.
func contents(r *analyzer.Report) (packages map[string]*pack, distributions map[string]*distribution, repositories map[string]*repository,
	environments map[string][]environment, ids map[string]string) {
	packages, distributions, repositories = make(map[string]*pack), make(map[string]*distribution), make(map[string]*repository)
	environments, ids = make(map[string][]environment), make(map[string]string)
	distro := distributionOf(r.Distro)
	if distro != nil {
		distributions[distro.ID] = distro
	}
	for i := range r.Components {
		c := &r.Components[i]
		id := strconv.Itoa(i + 1)
		ids[c.ID] = id
		p := &pack{ID: id, Name: nameOf(c), Version: c.Version, Kind: "BINARY", Arch: c.Arch}
		if s := c.SourcePackage; s != nil {
			p.Source = &pack{ID: "s" + id, Name: s.Name, Version: cmp.Or(s.Version, c.Version), Kind: "SOURCE"}
		}
		packages[id] = p
		e := environment{Database: c.Location()}
		if c.System && distro != nil {
			e.Distribution = distro.ID
		} else if !c.System {
			repositories[c.Type] = &repository{ID: c.Type, Name: c.Type}
			e.Repositories = []string{c.Type}
		}
		if c.Layer >= 0 && c.Layer < len(r.Layers) {
			e.Introduced = r.Layers[c.Layer].DiffID
		}
		environments[id] = []environment{e}
	}
	return packages, distributions, repositories, environments, ids
}

// nameOf returns the name of a package with its namespace, for languages.
func nameOf(c *analyzer.Component) string {
	switch {
	case c.System || c.Namespace == "":
		return c.Name
	case c.Type == "maven":
		return c.Namespace + ":" + c.Name
	}
	return c.Namespace + "/" + c.Name
}

func distributionOf(d *analyzer.Distro) *distribution {
	if d == nil {
		return nil
	}
	return &distribution{ID: distributionID, DID: d.ID, Name: cmp.Or(strings.TrimSpace(strings.Split(d.Name, " (")[0]), d.ID), Version: d.VersionID, Codename: d.Codename,
		Release: d.VersionID, Pretty: d.Name}
}

// severities are Clair's words for [matcher.Level].
var severities = map[matcher.Level]string{matcher.Unknown: "Unknown", matcher.Negligible: "Negligible", matcher.Low: "Low",
	matcher.Medium: "Medium", matcher.High: "High", matcher.Critical: "Critical"}

// newVulnerabilityReport lists the packages of an image and the findings that the assessment shows.
func newVulnerabilityReport(digest string, a *report.Assessment) *vulnerabilityReport {
	out := &vulnerabilityReport{Manifest: digest, Vulnerabilities: make(map[string]*vulnerability), Of: make(map[string][]string), Enrichments: make(map[string][]any)}
	var ids map[string]string
	out.Packages, out.Distributions, out.Repositories, out.Environments, ids = contents(a.Report)
	scores := make(map[string][]any)
	for i := range a.Findings {
		f := &a.Findings[i]
		id := strconv.Itoa(i + 1)
		v := &vulnerability{ID: id, Updater: "hullmark", summary: summary{Name: f.ID, Fixed: f.Fixed, Severity: cmp.Or(f.Severity.Word, f.Severity.Vector),
			Normalized: severities[f.Severity.Level], Operation: anyArch, Package: &pack{Name: f.Subject.Name, Version: f.Subject.Version},
			Description: f.Summary(), Links: strings.Join(f.URLs(), " ")}}
		if len(f.Advisories) > 0 {
			v.Updater = cmp.Or(f.Advisories[0].Feed, v.Updater)
			if at := f.Advisories[0].Published; !at.IsZero() {
				v.Issued = at.UTC().Format(time.RFC3339)
			}
		}
		system := false
		for _, c := range f.Components {
			if p := ids[c.ID]; p != "" {
				out.Of[p] = append(out.Of[p], id)
			}
			system = system || c.System
			if !c.System {
				v.Repository = &repository{ID: c.Type, Name: c.Type}
			}
		}
		if system {
			v.Distribution = distributionOf(a.Report.Distro)
		}
		out.Vulnerabilities[id] = v
		if s := f.Severity.Rate(); strings.HasPrefix(s.Vector, "CVSS:3") && s.Score > 0 {
			scores[id] = append(scores[id], map[string]any{"version": s.Vector[5:8], "vectorString": s.Vector, "baseScore": s.Score,
				"baseSeverity": strings.ToUpper(s.Level.String())})
		}
	}
	if len(scores) > 0 {
		out.Enrichments["message/vnd.clair.map.vulnerability; enricher=clair.cvss schema=https://csrc.nist.gov/schema/nvd/feed/1.1/cvss-v3.x.json"] = []any{scores}
	}
	return out
}
