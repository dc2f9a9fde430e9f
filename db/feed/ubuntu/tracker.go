package ubuntu

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// maxFile bounds a file of the tracker; the largest have some ten KiB.
const maxFile = 4 << 20

// statusLine is "bionic_glibc: needed (2019-03-01)". Names of packages hold no underscore. The blank may be missing.
var statusLine = regexp.MustCompile(`^([a-z][a-z0-9./-]*)_([a-zA-Z0-9][a-zA-Z0-9.+~-]*)\s*:\s*([A-Za-z-]*)\s*(?:\((.*)\))?\s*$`)

// A tracked is what is read of a file of the tracker.
type tracked struct {
	id, public, description string
	priority                string
	priorities              map[string]string // of a package, or a package and a release
	severities              []matcher.Severity
	urls                    []string
	lines                   [][]string
}

func file(r io.Reader, yield func(feed.Record, error) bool) error {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxFile:
		return fmt.Errorf("%w: a file of more than %d bytes", feed.ErrTooLarge, maxFile)
	}
	f, err := parseFile(string(text))
	if err != nil {
		return err
	}
	rec, err := f.record()
	if err != nil {
		err = &feed.RecordError{ID: f.id, Err: err}
	}
	if !yield(rec, err) {
		return errStopped
	}
	return nil
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
		return nil, errors.New("no file of the CVE tracker: no Candidate")
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

func (f *tracked) record() (feed.Record, error) {
	rec := feed.Record{ID: f.id}
	var errs []error
	base := matcher.Advisory{ID: f.id, Feed: Name, Summary: f.description, URLs: f.urls}
	var err error
	if f.public != "" && f.public != "unknown" {
		if base.Published, err = errata.Time(f.public); err != nil {
			errs = append(errs, err)
		}
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
			errs = append(errs, fmt.Errorf("%.40q: no release is known by that name", release))
			continue
		}
		if err := fill(&a, word, note); err != nil {
			errs = append(errs, fmt.Errorf("%s_%s: %w", release, source, err))
			continue
		}
		if a.Severities, err = f.severity(release, source); err != nil {
			errs = append(errs, err)
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	rec.Advisories = withoutPro(rec.Advisories)
	return rec, errors.Join(errs...)
}

// severity returns the priority that holds for a package in a release, and the scores of others.
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
	level, ok := levels.Parse(word)
	var err error
	if !ok {
		err = fmt.Errorf("unknown priority %.40q", word)
	}
	return slices.Concat([]matcher.Severity{{Source: Name, Level: level, Word: word}}, f.severities), err
}
