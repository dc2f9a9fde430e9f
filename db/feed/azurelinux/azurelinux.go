// Package azurelinux reads the OVAL definitions of Azure Linux and of CBL-Mariner, as it was called before version 3,
// https://github.com/microsoft/AzureLinuxVulnerabilityData.
//
// A [feed.Record] is one definition, which is about one vulnerability in one source package. Its criteria bound the versions
// that are affected, from above and sometimes from below:
//
//	patchable                 Status       Reason
//	true                      Fixed        ""
//	false                     Affected     "No patch is available currently."
//	Not Applicable            NotAffected  ""
//
// The reason is the description's last sentence. Versions that are "earlier than" a bound are those before it, and with
// "or earlier" those up to it.
//
// A definition does not say which release it is about. It is that of the document's name, "azurelinux-3.0-oval.xml", or of
// its versions' ends, ".cm2".
package azurelinux

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "azurelinux"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: Parse,
		Datasets: []feed.Dataset{{
			Name: "3.0", URLs: []string{repository + "azurelinux-3.0-oval.xml"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "azurelinux", Release: "3"}},
		}, {
			Name: "2.0", URLs: []string{repository + "cbl-mariner-2.0-oval.xml"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "mariner", Release: "2"}},
		}},
	}
}

const repository = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"

// Parse yields the definitions of a document, in its order. What it holds in memory until the document's end is about a third
// of the document's size. See feed.NameOf for the document's name.
//
// The error of a definition is a [feed.RecordError] named "id: CVE"; it comes with what was understood. Any other error, of r
// or of XML syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		p := parser{release: releaseIn(path.Base(feed.NameOf(r)))}
		for d, err := range oval.Parse(r) {
			if err != nil {
				yield(feed.Record{}, fmt.Errorf("azurelinux: %w", err))
				return
			}
			rec, err := p.record(d)
			if err != nil {
				err = &feed.RecordError{ID: d.ID + ": " + rec.ID, Err: err}
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

type parser struct{ release string }

var (
	documentName = regexp.MustCompile(`(?i)(?:mariner|azure-?linux)(?:-\w+)?-([0-9]+\.[0-9]+)-oval`)
	distTag      = regexp.MustCompile(`\.(?:cm|azl)([0-9]+)$`)
)

func releaseIn(name string) string {
	if m := documentName.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	if strings.Contains(name, "azure-linux") || strings.Contains(name, "azurelinux") {
		return "3.0"
	}
	return ""
}

func (p *parser) record(d *oval.Definition) (feed.Record, error) {
	rec := feed.Record{}
	a := matcher.Advisory{Feed: Name, Summary: d.Title}
	for _, r := range d.References {
		if r.Source == "CVE" || a.ID == "" {
			a.ID, a.URLs = r.ID, []string{r.URL}
		}
	}
	rec.ID = a.ID
	if a.ID == "" {
		return rec, errors.New("no reference")
	}
	var errs []error
	var err error
	if a.Modified, err = errata.Time(d.Fields["advisory_date"]); err != nil {
		errs = append(errs, err)
	}
	rec.Modified, a.Published = a.Modified, a.Modified
	level, ok := levels.Parse(d.Severity)
	if !ok {
		errs = append(errs, fmt.Errorf("unknown severity %.40q", d.Severity))
	}
	if d.Severity != "" {
		a.Severities = []matcher.Severity{{Source: Name, Level: level, Word: d.Severity}}
	}
	packages, err := d.Packages(&oval.Rules{
		Default: matcher.Key{Type: "rpm"},
		Product: func(*oval.Criterion) (matcher.Key, bool) { return matcher.Key{}, false },
	})
	if err != nil || len(packages) == 0 {
		errs = append(errs, err, errors.New("no package that is understood"))
	}
	for _, pkg := range packages {
		a.Key, err = p.key(d, &pkg)
		if err != nil {
			errs = append(errs, err)
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
	return rec, errors.Join(errs...)
}

// key returns what a package of a definition is filed under.
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
		release = "3.0" // the only one so far that is called so
	}
	if release == "" {
		return matcher.Key{}, errors.New("neither the document's name nor a version says which release this is about")
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
