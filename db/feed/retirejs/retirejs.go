// Package retirejs reads the repositories of Retire.js, https://github.com/RetireJS/retire.js: vulnerabilities of JavaScript
// libraries as browsers load them ("jsrepository") and, in former times, of packages of npm ("npmrepository").
//
//	{"jquery": {"npmname": "jquery", "vulnerabilities": [
//	  {"atOrAbove": "1.4.0", "below": "1.12.0", "excludes": ["1.11.3"], "severity": "medium", "cwe": ["CWE-79"],
//	   "identifiers": {"summary": "...", "CVE": ["CVE-2015-9251"], "githubID": "GHSA-..."}, "info": ["https://..."]}],
//	  "extractors": {...}}}
//
// A [feed.Record] is one vulnerability of a library: of one range of versions, so that several may have the same ID. Its
// advisory is about the package of npm that the library is published as, "npmname" or else the library's own name. The ID
// is the CVE, else the GHSA, else a name that is made of the library and what is known of the vulnerability:
// "RETIREJS-jquery-1a2b3c4d". Of several CVEs each has an advisory. The severity is the repository's own word.
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
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// Name is the name of the feed.
const Name = "retirejs"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			return path.Ext(name) == ".json" && strings.Contains(path.Base(name), "repository")
		},
		Parse: Parse,
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
		Summary string                  `json:"summary"`
		CVE     jsonstream.List[string] `json:"CVE"`
		GHSA    string                  `json:"githubID"`
		RetID   string                  `json:"retid"`
	} `json:"identifiers"`
}

var errStopped = errors.New("stopped")

// Parse yields the vulnerabilities of one repository. The error of one is a [feed.RecordError]; any other is the last thing
// yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		js := jsonstream.New(r)
		err := js.Object(func(library string) error {
			raw, err := js.Raw()
			if err != nil {
				return err
			}
			return readLibrary(library, raw, yield)
		})
		if err == nil {
			err = js.End()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("retirejs: %w", err))
		}
	}
}

func readLibrary(name string, raw json.RawMessage, yield func(feed.Record, error) bool) error {
	var l struct {
		NPMName         string            `json:"npmname"`
		Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(raw, &l); err != nil || name == "" {
		if !yield(feed.Record{}, feed.Errorf(name, "%w", cmp.Or(err, errors.New("a library without a name")))) {
			return errStopped
		}
		return nil
	}
	for i, raw := range l.Vulnerabilities {
		var v vulnerability
		err := json.Unmarshal(raw, &v)
		rec := feed.Record{ID: fmt.Sprintf("%s: vulnerabilities[%d]", name, i)}
		if err == nil {
			rec, err = v.record(name, cmp.Or(l.NPMName, name))
		}
		if err != nil {
			err = &feed.RecordError{ID: rec.ID, Err: err}
		}
		if !yield(rec, err) {
			return errStopped
		}
	}
	return nil
}

func (v *vulnerability) record(library, npmName string) (feed.Record, error) {
	ids := v.ids(library)
	rec := feed.Record{ID: ids[0]}
	ranges, err := v.ranges()
	if err != nil {
		return rec, err
	}
	namespace, name := "", npmName
	if i := strings.IndexByte(npmName, '/'); i > 0 {
		namespace, name = npmName[:i], npmName[i+1:]
	}
	a := matcher.Advisory{Key: matcher.PackageKey("npm", namespace, name), Ranges: ranges, Summary: v.Identifiers.Summary, URLs: v.Info, Feed: Name}
	if name == "" {
		return rec, fmt.Errorf("npmname %.80q", npmName)
	}
	if v.Severity != "" {
		level, ok := levels.Parse(v.Severity)
		if !ok {
			err = fmt.Errorf("unknown severity %.40q", v.Severity)
		}
		a.Severities = []matcher.Severity{{Source: Name, Level: level, Word: v.Severity}}
	}
	for _, id := range ids {
		a.ID = id
		if ghsa := v.Identifiers.GHSA; len(ids) == 1 && ghsa != "" && ghsa != id {
			a.Aliases = []string{ghsa}
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	return rec, err
}

// ids returns the CVEs, or one other name.
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

// ranges returns what is affected.
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

// ignoreInvalid keeps bounds that npm could not order, such as "1.9.0b1": who matches says that it is uncertain.
func ignoreInvalid(err error) error {
	if errors.Is(err, version.ErrInvalid) {
		return nil
	}
	return err
}

// next is the version that follows v in the order of semver: 1.2.3-x.0 after 1.2.3-x, and 1.2.4-0 after 1.2.3.
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
