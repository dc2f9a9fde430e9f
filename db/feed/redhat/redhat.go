// Package redhat reads what Red Hat publishes about its products, https://security.access.redhat.com/data/: CSAF documents,
// of category VEX for each vulnerability, which are the primary source, and of each advisory (RHSA, RHBA, RHEA); what its
// Security Data API says of a vulnerability; and OVAL definitions, which it has given up.
//
// A [feed.Record] is one document, or one definition. It has an advisory for every vulnerability and package in every
// ecosystem:
//
//	CSAF                                   Status              Reason
//	fixed                                  Fixed               the advisories that fix it
//	known_affected                         Affected            ""
//	known_affected: Will not fix           WillNotFix          "Will not fix"
//	known_affected: Fix deferred           Deferred            "Fix deferred"
//	known_affected: Out of support scope   EndOfLife           "Out of support scope"
//	under_investigation                    UnderInvestigation  ""
//	known_not_affected                     NotAffected         the justification: "vulnerable_code_not_present"
//
// # Ecosystems
//
// An ecosystem is a major version of RHEL, with all of its repositories, or a product that is installed on one, such as
// "9/openshift:4.16": see there for what its packages are filed under, which have names in common with RHEL's. What is said of
// containers, JAR files and other things that are no RPM packages is left out. Packages of a module's stream are filed under
// the stream, internal/rpmname.
//
// # Minor releases
//
// Minor releases of RHEL that are looked after at the same time (Extended Update Support) get fixes of their own:
// curl-7.76.1-14.el9_0.7, -23.el9_2.4 and -26.el9_3.2. A version is affected if it comes before the fix of its own minor
// release, so that there is a range for each. If only a stream of extended updates has a fix, the status stays that of the
// release, and the range says where the fix is.
//
// Advisories say less: of each, only versions before its own fix are known to be affected. They are for what VEX does not
// have, and best not read together with it.
package redhat

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
)

// Name is the name of the feed.
const Name = "redhat"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			switch path.Base(name) {
			case "repository-to-cpe.json", "container-name-repos-map.json":
				return false
			}
			return path.Ext(name) == ".json" || path.Ext(name) == ".xml"
		},
		Parse:    Parse,
		Datasets: sources(),
	}
}

// Parse yields the records of a document, of any of the forms by its content. Documents of JSON are one record; what is needed of
// one is held in memory, and no part of more than 64 MiB is read. See package oval for what is held of definitions.
//
// The error of a record is a [feed.RecordError] with its ID; it comes with what was understood. Any other error, of r or of
// syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		br := bufio.NewReader(r)
		var err error
		if first, _ := br.Peek(1); len(first) == 1 && first[0] == '<' {
			err = definitions(br, yield)
		} else {
			err = object(jsonstream.New(br), yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("redhat: %w", err))
		}
	}
}

var (
	errStopped = errors.New("stopped")
	errNoForm  = errors.New("neither a CSAF document nor an answer of the Security Data API")
)

// object reads a CSAF document or an answer of the Security Data API.
func object(r *jsonstream.Reader, yield func(feed.Record, error) bool) error {
	d := document{products: make(map[string]product), relations: make(map[string]relation)}
	var a answer
	var bad []error
	err := r.Object(func(key string) error {
		if to := a.field(key); to != nil {
			raw, err := r.Raw()
			if err == nil {
				if e := json.Unmarshal(raw, to); e != nil {
					bad = append(bad, fmt.Errorf("%s: %w", key, e))
				}
			}
			return err
		}
		more, err := readDocument(r, &d, key)
		bad = append(bad, more...)
		return err
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return err
	}
	var rec feed.Record
	switch {
	case d.Tracking.ID != "":
		rec, err = d.record()
	case a.Name != "":
		rec, err = a.record()
	case len(bad) > 0:
		return errors.Join(append(bad, errNoForm)...)
	default:
		return errNoForm
	}
	if err = errors.Join(append(bad, err)...); err != nil {
		err = &feed.RecordError{ID: rec.ID, Err: err}
	}
	if !yield(rec, err) {
		return errStopped
	}
	return nil
}
