package ubuntu

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

// maxFile bounds the bytes of a file of the tracker. The largest have less than 100 KiB.
const maxFile = 1 << 20

// statusLine matches "bionic_glibc: needed (2019-03-01)". Names of packages have no underscore. The space may be missing.
var statusLine = lazyregexp.New(`^([a-z][a-z0-9./-]*)_([a-zA-Z0-9][a-zA-Z0-9.+~-]*)\s*:\s*([A-Za-z-]*)\s*(?:\((.*)\))?\s*$`)

// A tracked has the used fields of a file of the tracker.
type tracked struct {
	id, public, description string
	priority                string
	priorities              map[string]string // by package, or by package and release
	severities              []matcher.Severity
	urls                    []string
	lines                   [][]string
}

func readFile(r io.Reader) (feed.Record, error) {
	text, err := io.ReadAll(limit.Reader(r, maxFile, "file"))
	if err != nil {
		return feed.Record{}, err
	}
	f, err := parseFile(string(text))
	if err != nil {
		return feed.Record{}, err
	}
	return f.record(), nil
}

func parseFile(text string) (*tracked, error) {
	f := &tracked{priorities: make(map[string]string)}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			f.continued(section, strings.TrimSpace(line))
			continue
		}
		if m := statusLine.FindStringSubmatch(line); m != nil {
			f.lines = append(f.lines, m[1:])
			section = ""
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		section = name
		switch name {
		case "Candidate":
			f.id = value
		case "PublicDate":
			f.public = value
		case "Priority":
			f.priority, _, _ = strings.Cut(value, " ")
		default:
			if of, ok := strings.CutPrefix(name, "Priority_"); ok {
				f.priorities[of], _, _ = strings.Cut(value, " ")
			}
		}
	}
	if f.id == "" {
		return nil, errors.New("not a file of the CVE tracker: no Candidate")
	}
	return f, nil
}

func (f *tracked) continued(section, text string) {
	switch section {
	case "References":
		if strings.HasPrefix(text, "http") && len(f.urls) < 20 {
			f.urls = append(f.urls, text)
		}
	case "Description":
		if len(f.description) < 1000 {
			f.description = strings.TrimSpace(f.description + " " + text)
		}
	case "CVSS":
		source, vector, ok := strings.Cut(text, ":")
		vector, _, _ = strings.Cut(strings.TrimSpace(vector), " ")
		if ok && strings.Contains(vector, "AV:") {
			f.severities = append(f.severities, matcher.Severity{Source: source, Vector: vector})
		}
	}
}

func (f *tracked) record() feed.Record {
	rec := feed.Record{ID: f.id}
	var errs recordlimit.Errors
	base := matcher.Advisory{ID: f.id, Feed: feedName, Summary: f.description, URLs: f.urls, Updates: updateid.InURLs(f.urls)}
	var err error
	if f.public != "" && f.public != "unknown" {
		base.Published, err = errata.Time(f.public)
		errs.Add(err)
	}
	for _, l := range f.lines {
		release, source, word, note := l[0], l[1], l[2], strings.TrimSpace(l[3])
		switch release {
		case "upstream", "devel", "product", "snap":
			continue
		}
		if word == "DNE" {
			continue
		}
		a := base
		var ok bool
		if a.Key, ok = key(release, source); !ok {
			errs.Add(fmt.Errorf("unknown release %.40q", release))
			continue
		}
		if err := fill(&a, word, note); err != nil {
			errs.Add(fmt.Errorf("%s_%s: %w", release, source, err))
			continue
		}
		a.Severities, err = f.severity(release, source)
		errs.Add(err)
		rec.Advisories = append(rec.Advisories, a)
	}
	rec.Advisories, rec.Err = withoutPro(rec.Advisories), errs.Err()
	return rec
}

// severity returns the priority of a package in a release, and the vectors of other sources.
func (f *tracked) severity(release, source string) ([]matcher.Severity, error) {
	word := f.priority
	for _, of := range []string{source, source + "_" + release} {
		if p, ok := f.priorities[of]; ok {
			word = p
		}
	}
	if word == "" {
		return f.severities, nil
	}
	level, err := levels.Parse(word)
	if err != nil {
		err = fmt.Errorf("unknown priority %.40q", word)
	}
	return slices.Concat([]matcher.Severity{{Source: feedName, Level: level, Word: word}}, f.severities), err
}
