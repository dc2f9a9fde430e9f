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
// A package may have a vulnerability under several versions. If they are revisions of one upstream version, the package was not completely
// fixed before the last one: 9.26-r1 and 9.26-r2. Otherwise an upgrade lost the fix: of 1.29.3-r10 and 1.30.1-r2, versions before the first are
// affected, and those after the revisions of 1.29.3 and before the second.
//
// Alpine rejects other vulnerabilities in files of their own, main.yaml and community.yaml of
// https://gitlab.alpinelinux.org/alpine/security/security-rejections, for all branches. Update adds them to every branch as not affected:
//
//	dnsmasq:
//	  - CVE-2021-45951
//
// Echo, a rolling distribution of Debian packages, has objects instead. A vulnerability without a fixed_version affects all versions:
//
//	{"nginx": {"CVE-2021-3618": {"fixed_version": "1.21.0"}, "CVE-2009-2940": {}}}
//
// A [feed.Record] is about one vulnerability in one package.
package secdb

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/listing"
	"github.com/hullmark/hullmark/internal/lazyregexp"
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
		rolling("chainguard", "https://packages.cgr.dev/chainguard/security.json", nil),
		echo(),
		rolling("minimos", "https://packages.mini.dev/advisories/secdb/security.json", nil),
		rolling("secureos", "https://security.secureos.io/v1/latest.json", fetchLatest),
		rolling("wolfi", "https://packages.wolfi.dev/os/security.json", nil),
	}
}

// Branches of Alpine Linux that alpine knows without the publisher's index. Alpine keeps the documents of unsupported branches.
const (
	firstBranch = 3
	lastBranch  = 24
)

const alpineIndex = "https://secdb.alpinelinux.org/"

func alpine() feed.Feed {
	f := newFeed(publisher{"alpine", true})
	for minor := firstBranch; minor <= lastBranch; minor++ {
		f.Datasets = append(f.Datasets, branch(fmt.Sprintf("v3.%d", minor), nil))
	}
	f.Datasets = append(f.Datasets, branch("edge", nil))
	f.Discover = discover
	return f
}

// branch returns the dataset of a branch of Alpine Linux with a directory of its own, "v3.20" or "edge".
func branch(name string, known *rejections) feed.Dataset {
	release, base := strings.TrimPrefix(name, "v"), alpineIndex+name
	return feed.Dataset{
		Name: release, URLs: []string{base + "/main.json", base + "/community.json"},
		Covers: []matcher.Key{{Type: "apk", Namespace: "alpine", Release: release}},
		Fetch: func(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
			return known.fetch(ctx, f, name)
		},
	}
}

var branchName = lazyregexp.New(`^v[0-9]+\.([0-9]+)/$`)

// discover returns a dataset for each directory of Alpine's server. The directories v3.0 to v3.2 have no community repository, and are left out
// as they always were.
func discover(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	page, err := f.Read(ctx, alpineIndex)
	if err != nil {
		return nil, err
	}
	known := readRejections(ctx, f)
	var list []feed.Dataset
	for _, name := range listing.Names(page) {
		m := branchName.FindStringSubmatch(name)
		if m == nil && name != "edge/" {
			continue
		}
		if strings.HasPrefix(name, "v3.") {
			if minor, err := strconv.Atoi(m[1]); err != nil || minor < firstBranch {
				continue
			}
		}
		list = append(list, branch(strings.TrimSuffix(name, "/"), known))
		known = &rejections{known.text, known.sum, known.err, true} // one report is enough
	}
	return list, nil
}

// rolling returns the feed of a distribution without releases.
func rolling(id, url string, fetch func(context.Context, *feed.Fetcher) (feed.Fetched, error)) feed.Feed {
	f := newFeed(publisher{id, false})
	f.Datasets = []feed.Dataset{{URLs: []string{url}, Covers: []matcher.Key{{Type: "apk", Namespace: id}}, Fetch: fetch}}
	return f
}

// fetchLatest downloads the document that the dataset's URL names with its checksum, as SecureOS does:
//
//	{"latest_url": "https://security.secureos.io/v1/secdb.json.gz", "sha256": "97bb492a...", "published_at": 1764196980}
func fetchLatest(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	b, err := f.Read(ctx, f.Dataset.URLs[0])
	if err != nil {
		return feed.Fetched{}, err
	}
	var latest struct {
		URL       string `json:"latest_url"`
		Sum       string `json:"sha256"`
		Published int64  `json:"published_at"`
	}
	if err := json.Unmarshal(b, &latest); err != nil {
		return feed.Fetched{}, fmt.Errorf("%s: %w", f.Dataset.URLs[0], err)
	}
	if latest.URL == "" || len(latest.Sum) != 64 {
		return feed.Fetched{}, fmt.Errorf("%s: no latest_url or sha256", f.Dataset.URLs[0])
	}
	if latest.Sum == f.Fingerprint {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	path, err := f.Get(ctx, feed.Item{URL: latest.URL, Sum: "sha256:" + latest.Sum})
	got := feed.Fetched{Locations: []string{path}, Fingerprint: latest.Sum}
	if latest.Published > 0 {
		got.Date = time.Unix(latest.Published, 0)
	}
	return got, err
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
