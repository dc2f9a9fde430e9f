// Package ubuntu reads Canonical's data about Ubuntu: OSV records and OpenVEX documents, which Update joins; the files of the Ubuntu CVE
// Tracker, https://git.launchpad.net/ubuntu-cve-tracker; and OVAL definitions of a release. Canonical makes all of them from the tracker's
// files.
//
// Only OSV records have the fixed versions of a vulnerability. Only OpenVEX documents have ended releases and packages that are not affected,
// and tell apart what will not be fixed, is deferred or under investigation. A statement "fixed" has the newest version of the package, not
// the first with the fix. Update reads both archives into pairs, one for each CVE: a fix of OSV stands, the status of an unfixed
// vulnerability is that of OpenVEX, and statements about other packages and releases are added. The range of a statement "fixed"
// without an OSV record may be too wide, and the reason says so. Load reads either form. Do not load the statements of both together.
// OVAL is about one release.
//
// A [feed.Record] is one vulnerability: a record, a file, a definition or a document. It has an advisory for every source package in every
// release:
//
//	tracker            OVAL                         Status              Reason
//	released (v)       has been fixed               Fixed, with a range ""
//	pending (v)        is pending publication       Affected            "pending (v)", with a range
//	needed, active     needs fixing                 Affected            "needed"
//	needs-triage       may need fixing              UnderInvestigation  "needs-triage"
//	deferred           defer addressing             Deferred            "deferred (note)"
//	ignored            a decision ... to ignore     WillNotFix          "ignored (note)"
//	ignored, at the end of support                  EndOfLife           "ignored (out of standard support)"
//	not-affected       is not affected              NotAffected         "not-affected (note)"
//	DNE: the package does not exist                 none
//
// # Ubuntu Pro
//
// Not every machine has the fixes of Ubuntu Pro (Expanded Security Maintenance, FIPS), so they have releases of their own: "16.04/pro",
// "20.04/pro/fips-updates". For a vulnerability with a fix only there, the release itself has an advisory, too: it will not be fixed or is at
// the end of its life, and the range ends with the version of Ubuntu Pro.
package ubuntu

import (
	"bufio"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/sniff"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const (
	feedName = "ubuntu"
	metadata = "https://security-metadata.canonical.com/"
)

// Feed returns the feed of Ubuntu. Update fetches OSV records and OpenVEX documents, and joins them.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: wants,
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{metadata + "osv/osv-all.tar.xz", metadata + "vex/vex-all.tar.xz"},
			Covers: []matcher.Key{{Type: "deb", Namespace: "ubuntu"}},
			Fetch:  fetch,
		}},
	}
}

var (
	trackerName = lazyregexp.New(`^CVE-[0-9]{4}-[0-9N]{4,}$`)
	cveID       = lazyregexp.New(`CVE-[0-9]{4}-[0-9N]{4,}`) // "CVE-2013-NNN1" stands for a CVE without a number
)

// parse recognizes the form of a document by content. It holds one record, definition, file or OpenVEX document in memory at a time.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReaderSize(r, 4096)
		first, err := sniff.First(br)
		if err != nil {
			return err
		}
		head, _ := br.Peek(4096)
		var rec feed.Record
		switch {
		case strings.HasPrefix(string(head), pairMark):
			return parsePairs(jsonstream.NewStream(br, jsonstream.MaxValue), yield)
		case first == '<':
			return oval.Comments(br, func(d *oval.Definition) error { return yield(definition(d)) })
		case first == '{' && strings.Contains(string(head), `"https://openvex.dev/`):
			rec, err = readVEX(br)
			rec.Advisories = withoutPro(rec.Advisories)
		case first == '{' || first == '[':
			return parseOSV(br, func(rec feed.Record) error {
				rec.Advisories = withoutPro(rec.Advisories)
				return yield(rec)
			})
		default:
			rec, err = readFile(br)
		}
		if err != nil {
			return err
		}
		return yield(rec)
	})
}

func parseOSV(r io.Reader, yield func(feed.Record) error) error {
	for rec, err := range osv.Feed().Parse(r) {
		if err != nil {
			return err
		}
		if strings.HasPrefix(rec.ID, "USN-") {
			rec.Advisories = nil // the vulnerabilities of a notice have records of their own
		}
		for i := range rec.Advisories {
			a := &rec.Advisories[i]
			a.Feed = feedName
			if cve, ok := strings.CutPrefix(a.ID, "UBUNTU-"); ok { // a record that does not name its CVE otherwise
				a.ID, a.Aliases = cve, append(slices.Clip(a.Aliases), a.ID)
			}
			a.Updates = updateid.Among(slices.Concat(a.Updates, updateid.InURLs(a.URLs)))
			if len(a.Ranges) > 0 {
				a.Versions = nil // the published versions in the ranges
			}
			a.Severities = slices.Clone(a.Severities)
			for k := range a.Severities {
				a.Severities[k].Source = feedName
			}
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
	return nil
}

// atEnd reports whether nothing but space follows.
func atEnd(j *jsonstream.Reader) (bool, error) {
	_, err := j.Peek()
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

const pro = "/pro"

// withoutPro adds the advisories for machines without Ubuntu Pro that follow from those of Ubuntu Pro. It removes the updates of releases
// without a fix.
func withoutPro(list []matcher.Advisory) []matcher.Advisory {
	for i := range list {
		if len(list[i].Ranges) == 0 {
			list[i].Updates = nil // they fix it in other releases
		}
	}
	at := make(map[matcher.Key]int)
	for i := range list {
		at[list[i].Key] = i
	}
	for i := range list {
		release, ok := strings.CutSuffix(list[i].Key.Release, pro)
		if !ok {
			continue
		}
		a := list[i]
		a.Key.Release = release
		k, exists := at[a.Key]
		switch {
		case exists && (list[k].Status == matcher.Fixed || list[k].Status == matcher.NotAffected):
		case exists && a.Status == matcher.Fixed && endless(list[k].Ranges):
			list[k].Ranges = a.Ranges
			list[k].Reason = strings.TrimPrefix(list[k].Reason+"; fixed in Ubuntu Pro", "; ")
			if list[k].Status == matcher.Affected || list[k].Status == matcher.UnderInvestigation {
				list[k].Status = matcher.WillNotFix
			}
		case exists && a.Status == matcher.NotAffected && list[k].Status == matcher.EndOfLife && endless(list[k].Ranges):
			// Ubuntu Pro goes on from the release's packages, so that code it does not have was not in them.
			list[k].Status, list[k].Reason = matcher.NotAffected, "not affected in Ubuntu Pro"
		case exists || a.Status == matcher.NotAffected:
		default:
			if a.Status == matcher.Fixed {
				a.Status, a.Reason = matcher.WillNotFix, "fixed in Ubuntu Pro"
			}
			at[a.Key] = len(list)
			list = append(list, a)
		}
	}
	return list
}

// endless reports whether ranges contain all versions.
func endless(ranges []matcher.Range) bool {
	return len(ranges) == 0 || len(ranges) == 1 && ranges[0] == matcher.Range{}
}

// key returns the key of a source package in a release with the tracker's name: "bionic", "trusty/esm", "esm-infra/xenial",
// "fips-updates/focal".
func key(release, source string) (matcher.Key, bool) {
	a, b, two := strings.Cut(release, "/")
	codename, pocket := a, b
	if _, ok := releases()[codename]; !ok && two {
		codename, pocket = b, a
	}
	number, ok := releases()[codename]
	if !ok {
		return matcher.Key{}, false
	}
	switch {
	case strings.HasPrefix(pocket, "esm"):
		number += pro
	case strings.HasPrefix(pocket, "fips"), strings.HasPrefix(pocket, "ros"), pocket == "realtime":
		number += pro + "/" + pocket
	case pocket != "":
		number += "/" + pocket
	}
	return matcher.Key{Type: "deb", Namespace: "ubuntu", Release: number, Name: source}, true
}

// releases maps codenames to numbers.
var releases = sync.OnceValue(func() map[string]string {
	d, _ := distro.Lookup("ubuntu")
	m := make(map[string]string, len(d.Releases))
	for _, r := range d.Releases {
		if r.Codename != "" {
			m[r.Codename] = r.Version
		}
	}
	return m
})
