// Package ubuntu reads what Canonical publishes about Ubuntu: OSV records, the primary source; the files of the Ubuntu CVE
// Tracker, https://git.launchpad.net/ubuntu-cve-tracker; OVAL definitions of a release; and OpenVEX documents.
//
// OSV records are by source package and range, and tell what is not fixed as well. OpenVEX documents say the same, and what is
// not affected, but name every binary package of every architecture by one version, at six times the size. OVAL is of one
// release, and the tracker's files are what all of them are made of.
//
// A [feed.Record] is one vulnerability: a record, a file, a definition, a document. It has an advisory for every source package
// in every release:
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
// What Ubuntu Pro fixes (Expanded Security Maintenance, FIPS) is not on every machine, and has releases of its own:
// "16.04/pro", "20.04/pro/fips-updates". What is fixed there only is also said of the release itself: it will not be fixed
// there, or its life has ended, and the range says that versions of Ubuntu Pro have the fix.
package ubuntu

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "ubuntu"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			base := path.Base(name)
			switch path.Ext(base) {
			case ".json", ".xml":
				return !strings.HasPrefix(base, "USN-")
			}
			return trackerName.MatchString(base)
		},
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://security-metadata.canonical.com/osv/osv-all.tar.xz"},
			Covers: []matcher.Key{{Type: "deb", Namespace: "ubuntu"}},
		}},
	}
}

var (
	trackerName = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9N]{4,}$`)
	cveID       = regexp.MustCompile(`CVE-[0-9]{4}-[0-9N]{4,}`) // "CVE-2013-NNN1" has no number yet
)

// Parse yields the records of a document, of any of the forms by its content. It holds one record, definition, file or OpenVEX
// document in memory at a time; a file of the tracker may have 4 MiB, a document of OpenVEX 64 MiB.
//
// The error of a record is a [feed.RecordError] with the vulnerability; it comes with what was understood. Any other error, of r
// or of syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		br := bufio.NewReaderSize(r, 4096)
		head, err := br.Peek(4096)
		switch text := strings.TrimLeft(string(head), " \t\r\n\ufeff"); {
		case text == "":
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
		case text[0] == '<':
			err = definitions(br, yield)
		case text[0] == '{' && strings.Contains(text, `"https://openvex.dev/`):
			err = vex(br, yield)
		case text[0] == '{' || text[0] == '[':
			err = records(br, yield)
		default:
			err = file(br, yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("ubuntu: %w", err))
		}
	}
}

var errStopped = errors.New("stopped")

// records reads OSV.
func records(r io.Reader, yield func(feed.Record, error) bool) error {
	for rec, err := range osv.Parse(r) {
		if err != nil && !feed.IsRecord(err) {
			return err
		}
		if strings.HasPrefix(rec.ID, "USN-") {
			rec.Advisories = nil // the vulnerabilities that a notice is about have records of their own
		}
		for i := range rec.Advisories {
			a := &rec.Advisories[i]
			a.Feed = Name
			if len(a.Ranges) > 0 {
				a.Versions = nil // those in the ranges that were ever published
			}
			a.Severities = slices.Clone(a.Severities)
			for k := range a.Severities {
				a.Severities[k].Source = Name
			}
		}
		rec.Advisories = withoutPro(rec.Advisories)
		if !yield(rec, err) {
			return errStopped
		}
	}
	return nil
}

const pro = "/pro"

// withoutPro adds what Ubuntu Pro's advisories mean for machines without it.
func withoutPro(list []matcher.Advisory) []matcher.Advisory {
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
		k, said := at[a.Key]
		switch {
		case said && list[k].Status == matcher.Fixed || said && list[k].Status == matcher.NotAffected:
		case said && a.Status == matcher.Fixed && len(list[k].Ranges) == 0:
			list[k].Ranges = a.Ranges
			list[k].Reason = strings.TrimPrefix(list[k].Reason+"; fixed in Ubuntu Pro", "; ")
			if list[k].Status == matcher.Affected || list[k].Status == matcher.UnderInvestigation {
				list[k].Status = matcher.WillNotFix
			}
		case said || a.Status == matcher.NotAffected:
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

// key returns what advisories of a source package are filed under, by the tracker's name of a release: "bionic", "trusty/esm",
// "esm-infra/xenial", "fips-updates/focal".
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
