// Package updateinfo reads the update notices of Amazon Linux, Rocky Linux and Bottlerocket. RPM distributions publish them beside their
// packages, as updateinfo.xml.
//
// The format is that of libsolv and createrepo_c, https://github.com/openSUSE/libsolv/blob/master/ext/repo_updateinfoxml.c:
//
//	<updates>
//	  <update type="security">
//	    <id>RLSA-2021:2575</id>
//	    <severity>Moderate</severity>
//	    <references><reference type="cve" id="CVE-2021-3520" href="..."/></references>
//	    <pkglist><collection short="RL8"><name>Rocky Linux 8</name>
//	      <module name="nginx" stream="1.16" version="..." context="..." arch="x86_64"/>
//	      <package name="lz4" epoch="0" version="1.8.3" release="3.el8_4" arch="x86_64" src="lz4-1.8.3-3.el8_4.src.rpm"/>
//
// A [feed.Record] is one update. It has an advisory for every CVE in every package, with the update's ID among its Updates. A security update
// without a CVE has an advisory with its own ID. The key of a package in a module has the module's stream, see internal/rpmname.
//
// An extra of Amazon Linux is a line of versions of its own, "kernel 5.10", so that a range begins with the number in the extra's name.
//
// Amazon's IDs name the release (ALAS2023-2023-001). Other updates have the release in the names of releases and collections.
package updateinfo

import (
	"encoding/xml"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A publisher is a distribution, with the name of its feed and its ID in os-release(5).
type publisher struct {
	name, id string
	release  func(u *update, collection string) string // as in keys, or "" if unknown
}

// Feeds returns the feeds amazon, bottlerocket and rocky. The data of Rocky Linux is in its package repositories, so this feed needs an
// Input, with the URL of a repository's repomd.xml, of a mirror.list, which has the URLs of mirrors of a repository, or of an
// updateinfo.xml. An Input of amazon may be the same.
func Feeds() []feed.Feed {
	f := newFeed(amazon())
	f.Datasets = amazonDatasets(extras)
	f.Discover = discoverExtras
	return []feed.Feed{
		f,
		newFeed(bottlerocket(), "https://advisories.bottlerocket.aws/updateinfo.xml.gz"),
		newFeed(rocky()),
	}
}

func newFeed(p publisher, urls ...string) feed.Feed {
	return feed.Feed{
		Name:  p.name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" && path.Base(name) != "repomd.xml" },
		Parse: p.parse,
		Datasets: []feed.Dataset{{
			URLs: urls, Fetch: fetch, Covers: []matcher.Key{{Type: "rpm", Namespace: p.id}},
		}},
	}
}

func amazon() publisher {
	return publisher{"amazon", "amzn", func(u *update, collection string) string {
		rest, ok := strings.CutPrefix(u.id, "ALAS")
		if !ok {
			return ""
		}
		// Extras have ids such as ALAS2DOCKER-2021-001 and ALAS2NITRO-ENCLAVES-2022-020; ALAS-2021-001 is of 2018.03.
		switch digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]; digits {
		case "":
			return "2018"
		default:
			return digits
		}
	}}
}

func rocky() publisher {
	return publisher{"rocky", "rocky", func(u *update, collection string) string {
		for _, name := range []string{u.release, collection} {
			if number, ok := strings.CutPrefix(name, "Rocky Linux "); ok {
				number, _, _ = strings.Cut(number, " ") // "Rocky Linux 9 - AppStream"
				return distro.ReleaseOf("rocky", number, "")
			}
		}
		return ""
	}}
}

func bottlerocket() publisher {
	return publisher{"bottlerocket", "bottlerocket", func(u *update, collection string) string { return "1" }} // the only release
}

// parse holds one update in memory at a time.
func (p publisher) parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		x := xmlstream.New(r)
		return x.Document("updates", func(*xml.StartElement) error {
			return x.Each(func(e *xml.StartElement) error {
				if e.Name.Local != "update" {
					return nil
				}
				u, err := read(x, e)
				if err != nil {
					return err
				}
				return yield(p.record(u))
			})
		})
	})
}
