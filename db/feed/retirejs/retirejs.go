// Package retirejs reads the repositories of Retire.js, https://github.com/RetireJS/retire.js: vulnerabilities of JavaScript libraries for
// browsers ("jsrepository") and, formerly, of npm packages ("npmrepository").
//
//	{"jquery": {"npmname": "jquery", "vulnerabilities": [
//	  {"atOrAbove": "1.4.0", "below": "1.12.0", "excludes": ["1.11.3"], "severity": "medium", "cwe": ["CWE-79"],
//	   "identifiers": {"summary": "...", "CVE": ["CVE-2015-9251"], "githubID": "GHSA-..."}, "info": ["https://..."]}],
//	  "extractors": {...}}}
//
// A [feed.Record] is one vulnerability in one range of versions of a library, so several records may have the same ID. Its advisory is about
// the library's npm package, "npmname" or else the name of the library. The ID is the CVE, or else the GHSA, or else a name made of the
// library and the vulnerability: "RETIREJS-jquery-1a2b3c4d". Each of several CVEs has an advisory. The severity is the repository's own word.
package retirejs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

const feedName = "retirejs"

// Feed returns the feed of Retire.js.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			return path.Ext(name) == ".json" && strings.Contains(path.Base(name), "repository")
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v5.json"},
			Covers: []matcher.Key{{Type: "npm"}},
		}},
	}
}

type vulnerability struct {
	Below       string   `json:"below"`
	AtOrAbove   string   `json:"atOrAbove"`
	Excludes    []string `json:"excludes"`
	Severity    string   `json:"severity"`
	CWE         []string `json:"cwe"`
	Info        []string `json:"info"`
	Identifiers struct {
		Summary string                       `json:"summary"`
		CVE     jsonstream.OneOrMore[string] `json:"CVE"`
		GHSA    string                       `json:"githubID"`
		RetID   string                       `json:"retid"`
	} `json:"identifiers"`
}

// maxLibrary bounds the bytes of one library.
const maxLibrary = 16 << 20

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, maxLibrary)
		return j.Object(func(name string) error {
			var l struct {
				NPMName         string            `json:"npmname"`
				Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
			}
			bad, err := j.Decode(&l)
			switch {
			case err != nil:
				return err
			case bad != nil:
				return yield(feed.Record{Err: fmt.Errorf("%s: %w", name, bad)})
			case name == "":
				return yield(feed.Record{Err: errors.New("library without a name")})
			}
			for i, raw := range l.Vulnerabilities {
				var v vulnerability
				rec := feed.Record{ID: fmt.Sprintf("%s: vulnerabilities[%d]", name, i)}
				if err := json.Unmarshal(raw, &v); err != nil {
					rec.Err = err
				} else {
					rec = v.record(name, cmp.Or(l.NPMName, name))
				}
				if err := yield(rec); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (v *vulnerability) record(library, npmName string) feed.Record {
	ids := v.ids(library)
	rec := feed.Record{ID: ids[0]}
	ranges, err := v.ranges()
	if err != nil {
		rec.Err = err
		return rec
	}
	namespace, name := "", npmName
	if i := strings.IndexByte(npmName, '/'); i > 0 {
		namespace, name = npmName[:i], npmName[i+1:]
	}
	a := matcher.Advisory{Key: matcher.PackageKey("npm", namespace, name), Ranges: ranges, Summary: v.Identifiers.Summary, URLs: v.Info, Feed: feedName}
	if name == "" {
		rec.Err = fmt.Errorf("npmname %.80q is not the name of a package", npmName)
		return rec
	}
	if v.Severity != "" {
		level, err := levels.Parse(v.Severity)
		rec.Err = err
		a.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: v.Severity}}
	}
	for _, id := range ids {
		a.ID = id
		if ghsa := v.Identifiers.GHSA; len(ids) == 1 && ghsa != "" && ghsa != id {
			a.Aliases = []string{ghsa}
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	return rec
}

// ids returns the CVEs, or else one other identifier.
func (v *vulnerability) ids(library string) []string {
	var ids []string
	for _, cve := range v.Identifiers.CVE {
		if strings.HasPrefix(cve, "CVE-") {
			ids = append(ids, cve)
		}
	}
	if len(ids) > 0 {
		return ids
	}
	if v.Identifiers.GHSA != "" {
		return []string{v.Identifiers.GHSA}
	}
	sum := sha256.Sum256([]byte(strings.Join(append([]string{v.Identifiers.RetID, v.Identifiers.Summary}, v.Info...), "\n")))
	return []string{"RETIREJS-" + library + "-" + hex.EncodeToString(sum[:4])}
}

// ranges returns the affected versions.
func (v *vulnerability) ranges() ([]matcher.Range, error) {
	if v.Below == "" && v.AtOrAbove == "" {
		return nil, errors.New("neither below nor atOrAbove")
	}
	scheme, _ := version.For("npm")
	set := interval.Set{Scheme: scheme, Next: next}
	whole, err := set.Intersect(interval.Interval{Low: v.AtOrAbove, High: v.Below})
	if err != nil || len(v.Excludes) == 0 {
		return []matcher.Range{{Introduced: v.AtOrAbove, Fixed: v.Below}}, ignoreInvalid(err)
	}
	out := []interval.Interval{}
	if whole.Low != "" {
		out = append(out, interval.Interval{High: whole.Low})
	}
	if whole.High != "" {
		out = append(out, interval.Interval{Low: whole.High})
	}
	for _, x := range v.Excludes {
		i, err := interval.Compare("=", x)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	affected, err := set.Outside(out)
	return set.Ranges(affected), err
}

// ignoreInvalid accepts bounds that are not versions of npm, such as "1.9.0b1". The matcher reports matches with them as uncertain.
func ignoreInvalid(err error) error {
	if errors.Is(err, version.ErrInvalid) {
		return nil
	}
	return err
}

// next returns the successor of v in the order of semver: 1.2.3-x.0 for 1.2.3-x, and 1.2.4-0 for 1.2.3.
func next(v string) string {
	if strings.Contains(v, "-") {
		return v + ".0"
	}
	head, last := v[:strings.LastIndexByte(v, '.')+1], v[strings.LastIndexByte(v, '.')+1:]
	n, err := strconv.Atoi(last)
	if err != nil {
		return v
	}
	return head + strconv.Itoa(n+1) + "-0"
}
