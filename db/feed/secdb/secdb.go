// Package secdb reads the security databases of Alpine Linux, Wolfi, Chainguard, MinimOS, SecureOS and Echo.
//
// All but Echo publish Alpine's format, https://secdb.alpinelinux.org, as JSON. Alpine's archive of it is YAML. A document lists the versions
// of source packages that fix vulnerabilities in one branch of the distribution:
//
//	{"distroversion": "v3.10", "reponame": "main", "packages": [
//	  {"pkg": {"name": "xen", "secfixes": {
//	    "4.10.0-r2": ["CVE-2018-7540 XSA-252", "XSA-207"],
//	    "0": ["CVE-2016-2781"]}}}]}
//
// Version "0" means that the package was never affected. Unfixed vulnerabilities are not in the document. An item may have several identifiers.
// Then the CVE is the advisory's ID, and the others are aliases, unless items with other CVEs of the package have them, too, as is common for
// identifiers of the Xen project. The rolling distributions have no distroversion.
//
// A package that has a vulnerability under several versions was not completely fixed before the last one. Versions before any of them are
// affected. This is too wide rather than too narrow.
//
// Echo, a rolling distribution of Debian packages, has objects instead. A vulnerability without a fixed_version affects all versions:
//
//	{"nginx": {"CVE-2021-3618": {"fixed_version": "1.21.0"}, "CVE-2009-2940": {}}}
//
// A [feed.Record] is about one vulnerability in one package.
package secdb

import (
	"fmt"
	"io"
	"iter"
	"path"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// A publisher is a distribution, with its ID in os-release(5).
type publisher struct {
	id       string
	branches bool // has releases, with names in distroversion
}

// Feeds returns the feeds alpine, chainguard, echo, minimos, secureos and wolfi.
func Feeds() []feed.Feed {
	return []feed.Feed{
		alpine(),
		newFeed(publisher{"chainguard", false}),
		echo(),
		newFeed(publisher{"minimos", false}),
		newFeed(publisher{"secureos", false}),
		newFeed(publisher{"wolfi", false}),
	}
}

// Branches of Alpine Linux. Alpine keeps the documents of unsupported branches.
const (
	firstBranch = 3
	lastBranch  = 23
)

func alpine() feed.Feed {
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

func echo() feed.Feed {
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

// parse recognizes JSON and YAML by content. Of JSON, it holds one package at a time in memory, unless distroversion follows the packages.
func (p publisher) parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		d := &document{publisher: p, yield: yield}
		return d.read(r)
	})
}

// key returns the key of a package.
func (p publisher) key(release, name string) matcher.Key {
	return matcher.Key{Type: "apk", Namespace: p.id, Release: release, Name: name}
}
