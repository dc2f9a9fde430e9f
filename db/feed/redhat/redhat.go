// Package redhat reads Red Hat's data about its products, https://security.access.redhat.com/data/. It reads CSAF documents: those of category
// VEX, one for each vulnerability, are the primary source, and others are advisories (RHSA, RHBA, RHEA). It also reads answers of the Security
// Data API about a vulnerability, and OVAL definitions, which Red Hat no longer publishes.
//
// A [feed.Record] is one document or one definition. It has an advisory for every vulnerability and package in every ecosystem:
//
//	CSAF                                   Status              Reason
//	fixed                                  Fixed               ""
//	known_affected                         Affected            ""
//	known_affected: Will not fix           WillNotFix          "Will not fix"
//	known_affected: Fix deferred           Deferred            "Fix deferred"
//	known_affected: Out of support scope   EndOfLife           "Out of support scope"
//	under_investigation                    UnderInvestigation  ""
//	known_not_affected                     NotAffected         the justification: "vulnerable_code_not_present"
//
// # Ecosystems
//
// An ecosystem is a major version of RHEL with all of its repositories, or a product that is installed on one, such as "9/openshift:4.16".
// A product has an ecosystem of its own because its packages have names in common with RHEL's. Statements about containers, JAR files and
// other things that are not RPM packages have no advisories. The key of a package in a module has the module's stream, see
// internal/rpmname.
//
// # Minor releases
//
// Minor releases of RHEL that are supported at the same time (Extended Update Support) get fixes of their own: curl-7.76.1-14.el9_0.7,
// -23.el9_2.4 and -26.el9_3.2. A version is affected if it precedes the fix of its own minor release, so each minor release has a range. If
// only the extended updates of minor releases have a fix (EUS, AUS, TUS, E4S), the status stays that of the release, whose later versions are
// affected.
//
// A stream of extended updates also has an ecosystem of its own, "9/rhel_eus:9.2", with the statuses and updates of it alone. Its ranges are
// those of the release, because builds of other minor releases have a fix or not whatever their number. Documents of 2026 state
// a status for each stream. It says nothing about the release. A stream of the release's extended life (ELS) stands for a release without a
// status of its own, as RHEL 6 and 7, beside its own ecosystem "7/rhel_els:7".
//
// # Repositories
//
// The list repository-to-cpe.json states the products in each package repository. It becomes an advisory for each repository, with the key
// release "repository", the repository's ID as name, and the CPE names as versions, see internal/rhel. It states that nothing is affected. The
// matcher uses it to find the products whose statements hold for an image.
//
// # Modules
//
// Documents of 2026 state fixes of a module as the first build of its stream with the fix, not as versions of packages. The advisory's key has
// the name of the stream, "python39:3.9", and its versions are those of the module, see internal/rpmname.
//
// Red Hat's advisories that fix a vulnerability, RHSA-2019:1789, are the updates of an advisory.
//
// Advisories contain less: each tells only that versions before its own fix are affected. Use them for vulnerabilities without a VEX
// document, and not together with VEX.
package redhat

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/sniff"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "redhat"

// Feed returns the feed of Red Hat. Update fetches VEX documents.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			switch path.Base(name) {
			case "container-name-repos-map.json":
				return false
			}
			return path.Ext(name) == ".json" || path.Ext(name) == ".xml"
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://security.access.redhat.com/data/csaf/v2/vex-feed/"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "rhel"}},
			Fetch:  fetch,
		}},
	}
}

// maxDocument bounds the bytes of a JSON document. A document is one record, and parse holds the used parts of it in memory.
const maxDocument = 64 << 20

// parse recognizes the form of a document by content.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReader(r)
		first, err := sniff.First(br)
		switch {
		case err != nil:
			return err
		case first == '<':
			return oval.Parse(br, func(d *oval.Definition) error { return yield(definition(d)) })
		}
		return parseObject(jsonstream.NewStream(limit.Reader(br, maxDocument, "document"), jsonstream.MaxValue), yield)
	})
}

var errNoForm = errors.New("neither a CSAF document nor an answer of the Security Data API")

// parseObject reads a CSAF document, an answer of the Security Data API, or the list of repositories.
func parseObject(r *jsonstream.Reader, yield func(feed.Record) error) error {
	d := document{products: make(map[string]product), relations: make(map[string]relation)}
	var a answer
	repositories := false
	err := r.Object(func(key string) error {
		if key == "data" {
			repositories = true
			return readRepositories(r, yield)
		}
		if to := a.field(key); to != nil {
			bad, err := r.Decode(to)
			if bad != nil {
				d.errs.Add(fmt.Errorf("%s: %w", key, bad))
			}
			return err
		}
		return d.read(r, key)
	})
	if err != nil {
		return err
	}
	var rec feed.Record
	switch {
	case d.Tracking.ID != "":
		rec = d.record()
	case a.Name != "":
		rec = a.record()
	case repositories:
		return nil
	default:
		return errors.Join(d.errs.Err(), errNoForm)
	}
	rec.Err = errors.Join(d.errs.Err(), rec.Err)
	return yield(rec)
}
