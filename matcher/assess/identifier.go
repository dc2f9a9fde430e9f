package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A Library is a Source that finds advisories and enrichments by their names. Package db implements it.
type Library interface {
	matcher.Source
	matcher.Finder

	// FindEnrichments returns the enrichments of an identifier, and of those that have it among their exploits or aliases.
	FindEnrichments(ctx context.Context, id string) (map[string]matcher.Enrichment, error)

	// Package yields the advisories of a package in every release.
	Package(ctx context.Context, k matcher.Key) iter.Seq2[matcher.Advisory, error]

	// Covers reports whether there are advisories for the ecosystem of a key, in any release for a key without a release.
	Covers(k matcher.Key) bool
}

// ErrUncovered reports that a Library has no advisories for the ecosystem of a package.
var ErrUncovered = errors.New("no advisories")

// Lookup returns the advisories about the package that a PURL names, whatever its version, or the advisories and enrichments that have
// an identifier, in any letter case: a vulnerability, an update, an exploit ("EDB-16929"), or an entry of the former list BugTraq
// ("BID-8732"). It returns [ErrUncovered] for a package of an ecosystem without advisories.
func Lookup(ctx context.Context, from Library, text string) ([]matcher.Advisory, map[string]matcher.Enrichment, error) {
	if strings.HasPrefix(text, "pkg:") {
		list, err := packages(ctx, from, text)
		return list, nil, err
	}
	id := normalID(text)
	list, err := collect(from.Find(ctx, id), "")
	if err != nil {
		return nil, nil, err
	}
	enrichments, err := from.FindEnrichments(ctx, id)
	return list, enrichments, err
}

// packages returns the advisories about a package.
func packages(ctx context.Context, from Library, text string) ([]matcher.Advisory, error) {
	p, err := packageurl.FromString(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a package URL, as in pkg:npm/lodash: %w", text, err)
	}
	k := matcher.PackageKey(p.Type, p.Namespace, p.Name)
	if name := p.Qualifiers.Map()["distro"]; name != "" {
		id, version, _ := strings.Cut(name, "-")
		k.Release = distro.ReleaseOf(cmp.Or(p.Namespace, id), version, name)
	}
	if !from.Covers(k) {
		e := k.Ecosystem()
		return nil, fmt.Errorf("the database has %w for %s", ErrUncovered, strings.Join(strings.Fields(e.Type+" "+e.Namespace+" "+e.Release), " "))
	}
	return collect(from.Package(ctx, k), k.Release)
}

// collect returns the advisories of a release, or of all.
func collect(found iter.Seq2[matcher.Advisory, error], release string) ([]matcher.Advisory, error) {
	var list []matcher.Advisory
	for a, err := range found {
		if err != nil {
			return nil, err
		}
		if release == "" || a.Key.Release == release {
			list = append(list, a)
		}
	}
	return list, nil
}

// upper matches identifiers that have no lower-case letters, in any letter case.
var upper = lazyregexp.New(`(?i)^(?:CVE|D[LST]A|DTSA|USN|LSN|(?:RH|EL|AL|RL|RX|CE)[SBE]A|ALAS[A-Z0-9.]*|SUSE|PHSA|MGASA|BID|EDB|OSVDB|MAL|RUSTSEC|PYSEC|GO|TEMP)-`)

// normalID returns an identifier as its publisher writes it.
func normalID(id string) string {
	id = strings.TrimSpace(id)
	if upper.MatchString(id) {
		return strings.ToUpper(id)
	}
	for _, prefix := range []string{"GHSA-", "FEDORA-EPEL-", "FEDORA-", "openSUSE-", "openEuler-"} {
		rest, ok := cutFold(id, prefix)
		switch {
		case !ok:
		case strings.HasPrefix(prefix, "open"):
			return prefix + strings.ToUpper(rest)
		default:
			return prefix + strings.ToLower(rest)
		}
	}
	return id
}

// cutFold is strings.CutPrefix in any letter case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
