// Package osv reads records of the Open Source Vulnerability format, https://ossf.github.io/osv-schema/ (version 1.7), from any publisher,
// as JSON or YAML.
//
// A [feed.Record] is one OSV record. It has an advisory for each package:
//
//   - Several blocks of affected versions of one package become one advisory with all of their ranges and versions.
//   - Events become ranges by the evaluation of the schema, in the order of versions. A range with an error, such as an unknown event or
//     none that introduces, gives none. Ranges of type GIT name their repository. They stay, because some packages have no others.
//   - A vector and the publisher's word, in database_specific.severity, become one severity. Its source is the prefix of the record's ID:
//     "ghsa". The severity of a package replaces the severity of the record.
//   - The status is Affected.
//   - Records of malware and RustSec's informational ones have a kind of their own. GitHub's weaknesses, the packages, symbols and operating
//     systems of the Go vulnerability database, and RustSec's functions and operating systems are kept.
//
// Records of distributions are about CVEs, and their advisories have the CVE as the ID, as in other feeds. If such a record has exactly one
// CVE in aliases and upstream, the advisory has that ID, and the record's ID as an alias, or as an update if it is one. If it has several,
// or only related ones like the records of AlmaLinux and Rocky Linux, it is an erratum: it has an advisory for each CVE, with the erratum's
// ID as an update, because CVEs that are fixed at the same time must not become aliases of one another. An erratum without a CVE has an
// advisory with its own ID, unless it is a bug fix or an enhancement. The status of a distribution's advisory is Fixed if every range ends
// with a fix.
//
// A withdrawn record has no advisories.
//
// # Ecosystems
//
// Update fetches the languages and the distributions without a feed of their own. Other distributions are optional: their own feeds are closer
// to their publishers, and both together would count twice. Parse reads records of more ecosystems, but no dataset has them:
//
//	Root, TuxCare   packages of other ecosystems that a vendor patches; the key is that of the other ecosystem. The vendor's fixes are not
//	                for all users of a package
//	Linux           kernel.org's kernel, "generic"; images have kernels of distributions
//	Kubernetes      modules of Go, which the ecosystem Go has, too
//	GIT             repositories at GitHub, "github", by tags; others have only commits
//	Android         refused: no PURL type, and its patch levels are not versions
//	OSS-Fuzz        refused: the names of fuzzing projects
package osv

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sniff"
)

const feedName = "osv"

// Feed returns the feed of OSV records. Update fetches the exports of osv.dev.
//
// A document has one of these forms, which Parse recognizes by content:
//
//	{"id": ...}                 one record, or several in a row
//	[{"id": ...}, ...]          an array of records
//	{"vulns": [{"id": ...}]}    an answer of the OSV API
//	id: ...                     YAML, one document or several
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			switch path.Ext(name) {
			case ".json", ".yaml", ".yml":
				return !strings.HasPrefix(path.Base(name), ".")
			}
			return false
		},
		Parse:    parse,
		Datasets: datasets(func(string) bool { return false }),
		Discover: discover,
	}
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReader(r)
		first, err := sniff.First(br)
		switch {
		case err != nil:
			return err
		case first != '{' && first != '[':
			return parseYAML(br, yield)
		}
		j := jsonstream.NewStream(br, jsonstream.MaxValue)
		if first == '[' {
			return j.Array(func() error { return parseObject(j, yield) })
		}
		for {
			if _, err := j.Peek(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := parseObject(j, yield); err != nil {
				return err
			}
		}
	})
}

// parseObject reads one record, or the records of an answer of the API.
func parseObject(j *jsonstream.Reader, yield func(feed.Record) error) error {
	var v struct {
		record
		Vulns []json.RawMessage `json:"vulns"`
	}
	bad, err := j.Decode(&v)
	if err != nil {
		return err
	}
	if bad != nil || v.ID != "" || v.Vulns == nil {
		return yield(v.convert(bad))
	}
	for _, raw := range v.Vulns {
		var r record
		bad := json.Unmarshal(raw, &r)
		if err := yield(r.convert(bad)); err != nil {
			return err
		}
	}
	return nil
}

// parseYAML reads YAML documents. Each is a record or an array of records.
func parseYAML(r io.Reader, yield func(feed.Record) error) error {
	return yamldoc.Each(r, func(document *yaml.Node) error {
		records := document.Content
		if len(records) == 1 && records[0].Kind == yaml.SequenceNode {
			records = records[0].Content
		}
		for _, n := range records {
			var r record
			bad := n.Decode(&r)
			if err := yield(r.convert(bad)); err != nil {
				return err
			}
		}
		return nil
	})
}

var errNoRecord = errors.New("not an OSV record: no id")
