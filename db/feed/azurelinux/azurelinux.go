// Package azurelinux reads the OVAL definitions of Azure Linux, and of CBL-Mariner, its name before version 3,
// https://github.com/microsoft/AzureLinuxVulnerabilityData.
//
// A [feed.Record] is one definition, which is about one vulnerability in one source package. Its criteria bound the affected versions from
// above and sometimes from below:
//
//	patchable                 Status       Reason
//	true                      Fixed        ""
//	false                     Affected     "No patch is available currently."
//	Not Applicable            NotAffected  ""
//
// The reason is the last sentence of the description. Versions "earlier than" a bound exclude the bound, and "or earlier" includes it.
//
// A definition does not name its release. The release comes from the name of the document, "azurelinux-3.0-oval.xml", or from the end of
// the versions, ".cm2".
package azurelinux

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "azurelinux"

// Feed returns the feed of Azure Linux and CBL-Mariner.
func Feed() feed.Feed {
	const repository = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			Name: "3.0", URLs: []string{repository + "azurelinux-3.0-oval.xml"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "azurelinux", Release: "3"}},
		}, {
			Name: "2.0", URLs: []string{repository + "cbl-mariner-2.0-oval.xml"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "mariner", Release: "2"}},
		}},
	}
}

// parse holds about a third of the document's size in memory.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	p := parser{}
	if n, ok := r.(interface{ Name() string }); ok {
		p.release = releaseIn(path.Base(n.Name()))
	}
	return feed.Records(func(yield func(feed.Record) error) error {
		return oval.Parse(r, func(d *oval.Definition) error { return yield(p.record(d)) })
	})
}

type parser struct{ release string }

var (
	documentName = lazyregexp.New(`(?i)(?:mariner|azure-?linux)(?:-\w+)?-([0-9]+\.[0-9]+)-oval`)
	distTag      = lazyregexp.New(`\.(?:cm|azl)([0-9]+)$`)
)

// releaseIn returns the release in the name of a document, or "".
func releaseIn(name string) string {
	if m := documentName.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	if strings.Contains(name, "azure-linux") || strings.Contains(name, "azurelinux") {
		return "3.0"
	}
	return ""
}

func (p *parser) record(d *oval.Definition) feed.Record {
	a := matcher.Advisory{Feed: feedName, Summary: d.Title}
	for _, r := range d.References {
		if r.Source == "CVE" || a.ID == "" {
			a.ID, a.URLs = r.ID, []string{r.URL}
		}
	}
	if a.ID == "" {
		return feed.Record{Err: fmt.Errorf("%s: no reference", d.ID)}
	}
	var errs recordlimit.Errors
	var err error
	a.Modified, err = errata.Time(d.Fields["advisory_date"])
	errs.Add(err)
	a.Published = a.Modified
	level, err := levels.Parse(d.Severity)
	errs.Add(err)
	if d.Severity != "" {
		a.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: d.Severity}}
	}
	packages, err := d.Packages(&oval.Rules{
		Default: matcher.Key{Type: "rpm"},
		Product: func(*oval.Criterion) (matcher.Key, bool) { return matcher.Key{}, false },
	})
	if err != nil || len(packages) == 0 {
		errs.Add(err, errors.New("no packages"))
	}
	rec := feed.Record{ID: a.ID, Modified: a.Modified}
	for _, pkg := range packages {
		a.Key, err = p.key(d, &pkg)
		if err != nil {
			errs.Add(err)
			continue
		}
		a.Ranges, a.Reason = []matcher.Range{pkg.Range}, ""
		switch patchable := d.Fields["patchable"]; {
		case strings.EqualFold(patchable, "Not Applicable"):
			a.Status, a.Ranges = matcher.NotAffected, nil
		case pkg.Range.Fixed != "":
			a.Status = matcher.Fixed
		default:
			a.Status, a.Reason = matcher.Affected, lastSentence(d.Description)
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	if err := errs.Err(); err != nil {
		rec.Err = fmt.Errorf("%s: %w", d.ID, err)
	}
	return rec
}

// key returns the key of a package of a definition.
func (p *parser) key(d *oval.Definition, pkg *oval.Package) (matcher.Key, error) {
	id := "mariner"
	if strings.Contains(d.ID, "azurelinux") {
		id = "azurelinux"
	}
	release := p.release
	for _, v := range []string{pkg.Range.Fixed, pkg.Range.LastAffected} {
		if m := distTag.FindStringSubmatch(v); m != nil && release == "" {
			release = m[1]
		}
	}
	if release == "" && id == "azurelinux" {
		release = "3.0" // the only release with this name so far
	}
	if release == "" {
		return matcher.Key{}, errors.New("no release in the name of the document or in a version")
	}
	return matcher.Key{Type: "rpm", Namespace: id, Release: distro.ReleaseOf(id, release, ""), Name: pkg.Name}, nil
}

func lastSentence(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndex(strings.TrimSuffix(s, "."), ". "); i >= 0 {
		return s[i+2:]
	}
	return s
}
