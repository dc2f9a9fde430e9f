// Package secdb reads the security databases of Alpine Linux, Wolfi, Chainguard, MinimOS, SecureOS and Echo.
//
// All but Echo publish the format that Alpine made for its own, https://secdb.alpinelinux.org, as JSON; Alpine's archive of
// it is YAML. It says in which version of an origin package, of one branch of the distribution, vulnerabilities were fixed:
//
//	{"distroversion": "v3.10", "reponame": "main", "packages": [
//	  {"pkg": {"name": "xen", "secfixes": {
//	    "4.10.0-r2": ["CVE-2018-7540 XSA-252", "XSA-207"],
//	    "0": ["CVE-2016-2781"]}}}]}
//
// Version "0" means that the package was never affected. What is not fixed is not there. An item may name a vulnerability by
// several identifiers. Then its CVE is the advisory's ID, and the others are aliases, unless they stand beside other CVEs of
// the package as well, as those of the Xen project often do. The rolling distributions have no distroversion.
//
// If a package has a vulnerability under several versions, the fix was not complete before the last: versions before any of
// them are affected. This is rather too wide than too narrow.
//
// Echo, a rolling distribution of Debian packages, has objects instead; what has no fixed_version is affected:
//
//	{"nginx": {"CVE-2021-3618": {"fixed_version": "1.21.0"}, "CVE-2009-2940": {}}}
//
// A [feed.Record] is what is said of one vulnerability in one package.
package secdb

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// A publisher is a distribution, by its ID in os-release(5).
type publisher struct {
	id       string
	branches bool // has releases, which distroversion names
}

// Alpine returns the feed of Alpine Linux.
func Alpine() feed.Feed {
	f := newFeed(publisher{"alpine", true})
	for minor := firstBranch; minor <= lastBranch; minor++ {
		release := fmt.Sprintf("3.%d", minor)
		base := "https://secdb.alpinelinux.org/v" + release
		f.Datasets = append(f.Datasets, feed.Dataset{
			Name: release, URLs: []string{base + "/main.json", base + "/community.json"},
			Covers: []matcher.Key{{Type: "apk", Namespace: "alpine", Release: release}},
		})
	}
	f.Datasets = append(f.Datasets, feed.Dataset{
		Name: "edge", URLs: []string{"https://secdb.alpinelinux.org/edge/main.json", "https://secdb.alpinelinux.org/edge/community.json"},
		Covers: []matcher.Key{{Type: "apk", Namespace: "alpine", Release: "edge"}},
	})
	return f
}

// Branches of Alpine Linux that are published. Those whose life has ended stay as they are.
const (
	firstBranch = 3
	lastBranch  = 23
)

// Wolfi returns the feed of Wolfi.
func Wolfi() feed.Feed { return newFeed(publisher{"wolfi", false}) }

// Chainguard returns the feed of Chainguard OS.
func Chainguard() feed.Feed { return newFeed(publisher{"chainguard", false}) }

// MinimOS returns the feed of MinimOS.
func MinimOS() feed.Feed { return newFeed(publisher{"minimos", false}) }

// SecureOS returns the feed of SecureOS.
func SecureOS() feed.Feed { return newFeed(publisher{"secureos", false}) }

// Echo returns the feed of Echo.
func Echo() feed.Feed {
	return feed.Feed{
		Name: "echo", Wants: wants(".json"), Parse: parseEcho,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://advisory.echohq.com/data.json"},
			Covers: []matcher.Key{{Type: "deb", Namespace: "echo"}},
		}},
	}
}

func newFeed(p publisher) feed.Feed {
	return feed.Feed{Name: p.id, Wants: wants(".json", ".yaml", ".yml"), Parse: p.parse}
}

func wants(suffixes ...string) func(name string) bool {
	return func(name string) bool {
		for _, s := range suffixes {
			if path.Ext(name) == s {
				return true
			}
		}
		return false
	}
}

// parse yields the records of one document, JSON or YAML by its content. Of JSON it holds one package at a time in memory,
// unless distroversion comes after the packages; a document of YAML is at most maxYAML bytes.
//
// The error of a record is a [feed.RecordError] named "package: item"; it comes with what was understood.
func (p publisher) parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		d := &document{publisher: p, yield: yield}
		if err := d.read(r); err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("%s: %w", p.id, err))
		}
	}
}

// key returns what advisories of a package are filed under.
func (p publisher) key(release, name string) matcher.Key {
	return matcher.Key{Type: "apk", Namespace: p.id, Release: release, Name: name}
}
