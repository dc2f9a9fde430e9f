// Package updateinfo reads the update notices that RPM distributions publish beside their packages, updateinfo.xml: those of
// Amazon Linux, Rocky Linux and Bottlerocket.
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
// A [feed.Record] is one update. It has an advisory for every CVE in every package, whose Reason is the update's id; see
// there for updates that name no CVE. Packages of a module's stream are filed under the stream, internal/rpmname.
//
// Which release an update is about is said by the ids of Amazon (ALAS2023-2023-001), and elsewhere by the names of
// releases and collections.
package updateinfo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A publisher is a distribution, by the name of its feed and its ID in os-release(5).
type publisher struct {
	name, id string
	release  func(u *update, collection string) string // as distro.ReleaseOf spells it, "" if it is not said
}

// Amazon returns the feed of Amazon Linux. Its data is in the repositories of packages: an Input says where, by the URL of a
// mirror.list or repomd.xml, see Fetch.
func Amazon() feed.Feed { return newFeed(amazon()) }

// Rocky returns the feed of Rocky Linux, for data in repositories of packages as Amazon's is.
func Rocky() feed.Feed { return newFeed(rocky()) }

// Bottlerocket returns the feed of Bottlerocket.
func Bottlerocket() feed.Feed {
	return newFeed(bottlerocket(), "https://advisories.bottlerocket.aws/updateinfo.xml.gz")
}

func newFeed(p publisher, urls ...string) feed.Feed {
	return feed.Feed{
		Name:  p.name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" && path.Base(name) != "repomd.xml" },
		Parse: p.parse,
		Datasets: []feed.Dataset{{
			URLs: urls, Fetch: Fetch, Covers: []matcher.Key{{Type: "rpm", Namespace: p.id}},
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
	return publisher{"bottlerocket", "bottlerocket", func(u *update, collection string) string { return "1" }} // there is no other
}

var errStopped = errors.New("stopped")

// parse yields the updates of a document, in order. It holds one update in memory at a time.
//
// The error of an update is a [feed.RecordError] with its id; it comes with what was understood.
func (p publisher) parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		if err := p.document(xmlstream.New(r), yield); err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("%s: %w", p.name, err))
		}
	}
}

func (p publisher) document(x *xmlstream.Reader, yield func(feed.Record, error) bool) error {
	root, err := x.Next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if root.Name.Local != "updates" {
		return fmt.Errorf("%.40q instead of updates", root.Name.Local)
	}
	_, err = x.Element(func(e *xml.StartElement) error {
		if e.Name.Local != "update" {
			return nil
		}
		u, err := read(x, e)
		if err != nil {
			return err
		}
		if !yield(p.record(u)) {
			return errStopped
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.End()
}
