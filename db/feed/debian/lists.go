package debian

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

const listsName = "debian-lists"

// Lists returns the feed of the text lists that the tracker's JSON is made from: lists of advisories, data/DSA/list and data/DLA/list, and
// of vulnerabilities, data/CVE/list. They go back to 2002 and include releases that the JSON has dropped. For supported releases the JSON
// is better, because a list of advisories does not tell which CVE of an advisory concerns which release. So Update fetches the lists only
// by name. A list looks like this:
//
//	[24 Jun 2019] DLA-1833-1 bzip2 - security update
//		{CVE-2016-3189 CVE-2019-12900}
//		[jessie] - bzip2 1.0.6-7+deb8u1
//	CVE-2021-36367 (PuTTY through 0.75 ...)
//		- putty 0.75-3 (low; bug #990901)
//		[buster] - putty <no-dsa> (Minor issue)
//
// A line without a release is about unstable. An advisory is about each CVE in braces, with its own name as an update; without braces,
// it is about its own name. The words in angle brackets become:
//
//	<unfixed>, <removed>          Affected             the latter is the Reason: the package will not be fixed
//	<no-dsa>, <postponed>         Deferred             the word and the text
//	<ignored>                     WillNotFix           the word and the text
//	<not-affected>                NotAffected          the text
//	<end-of-life>                 EndOfLife            the word and the text
//	<undetermined>                UnderInvestigation
//	<itp>                         no advisory: the package is not in Debian
//
// "CVE-2023-XXXX" stands for vulnerabilities without an identifier. Lists gives them one made of the text: "TEMP-" and eight hexadecimal
// digits. A rejected CVE is withdrawn.
func Lists() feed.Feed {
	const base = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/"
	return feed.Feed{
		Name:  listsName,
		Wants: func(name string) bool { return path.Base(name) == "list" },
		Parse: parseList,
		Datasets: []feed.Dataset{{
			URLs:     []string{base + "DSA/list", base + "DLA/list", base + "CVE/list"},
			Covers:   []matcher.Key{{Type: "deb", Namespace: "debian"}},
			Optional: true,
		}},
	}
}

func parseList(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		l := &listParser{lines: bufio.NewScanner(r)}
		l.lines.Buffer(nil, maxLine)
		if err := l.read(yield); err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
		return nil
	})
}

// Bounds on lists. The longest real line has a few thousand bytes, the longest entry a few hundred lines.
const (
	maxLine  = 1 << 20  // bytes
	maxLines = 100_000  // of an entry
	maxEntry = 16 << 20 // bytes
)

type listParser struct {
	lines *bufio.Scanner
	line  int
	entry *listEntry
}

// A listEntry is a header with the lines below it.
type listEntry struct {
	id, summary string
	advisory    bool // else a vulnerability
	date        time.Time
	cves        []string
	notes       []listNote
	rejected    bool
	lines, size int
	errs        recordlimit.Errors
}

// A listNote is a line about a package of a release.
type listNote struct{ release, name, word, text string }

var (
	advisoryHeader = lazyregexp.New(`^\[(\d{1,2} [A-Z][a-z]{2} \d{4})\] (D[LST]A-\d+(?:-\d+)?)\s*(.*)$`)
	cveHeader      = lazyregexp.New(`^(CVE-\d{4}-(?:\d{4,}|X{4})|TEMP-[0-9A-F-]+)(?:\s+[(\[](.*?)[)\]]?)?\s*$`)
	packageLine    = lazyregexp.New(`^(?:\[([a-z-]+)\]\s+)?-\s+(\S+)(?:\s+(\S+))?(?:\s+\((.*)\))?$`)
	cveInBraces    = lazyregexp.New(`^CVE-\d{4}-\d{4,}$`)
)

func (l *listParser) read(yield func(feed.Record) error) error {
	for l.lines.Scan() {
		l.line++
		text := l.lines.Text()
		line := strings.TrimSpace(text)
		switch {
		case line == "":
			continue
		case text[0] == ' ' || text[0] == '\t':
			if l.entry == nil {
				return errors.New("line before the first entry")
			}
			l.entry.lines++
			if l.entry.size += len(line); l.entry.lines > maxLines || l.entry.size > maxEntry {
				return fmt.Errorf("entry of more than %d lines or %d bytes: %w", maxLines, maxEntry, feed.ErrTooLarge)
			}
			if err := l.entry.add(line); err != nil {
				l.entry.errs.Add(fmt.Errorf("line %d: %w", l.line, err))
			}
			continue
		}
		next, err := header(line)
		if err != nil && l.line == 1 {
			return err
		}
		if l.entry != nil {
			if err := yield(l.entry.record()); err != nil {
				return err
			}
		}
		if l.entry = next; err != nil {
			l.entry.errs.Add(fmt.Errorf("line %d: %w", l.line, err))
		}
	}
	if err := l.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line of more than %d bytes: %w", maxLine, feed.ErrTooLarge)
	} else if err != nil {
		return err
	}
	if l.entry == nil {
		return io.ErrUnexpectedEOF
	}
	return yield(l.entry.record())
}

// header reads the first line of an entry. It returns an entry even with an error.
func header(line string) (*listEntry, error) {
	if m := advisoryHeader.FindStringSubmatch(line); m != nil {
		_, summary, _ := strings.Cut(m[3], " - ")
		date, err := time.Parse("2 Jan 2006", m[1])
		if err != nil {
			err = fmt.Errorf("date %q", m[1])
		}
		return &listEntry{id: m[2], advisory: true, date: date, summary: summary}, err
	}
	m := cveHeader.FindStringSubmatch(line)
	if m == nil {
		return &listEntry{}, fmt.Errorf("%.60q does not begin an entry", line)
	}
	e := &listEntry{id: m[1], summary: strings.TrimSpace(m[2])}
	if strings.HasSuffix(e.id, "-XXXX") {
		sum := sha256.Sum256([]byte(e.summary))
		e.id = "TEMP-" + strings.ToUpper(hex.EncodeToString(sum[:4]))
	}
	return e, nil
}

// add reads a line below the header.
func (e *listEntry) add(line string) error {
	switch word, _, _ := strings.Cut(line, " "); {
	case line[0] == '{':
		if !e.advisory {
			return nil // the advisories, which are in other lists
		}
		for id := range strings.FieldsSeq(strings.Trim(line, "{}")) {
			if cveInBraces.MatchString(id) {
				e.cves = append(e.cves, id)
			}
		}
		return nil
	case word == "REJECTED":
		e.rejected = true
		return nil
	case word == "RESERVED" || word == "NOTE:" || word == "TODO:" || word == "NOT-FOR-US:" || word == "NOTE" || word == "TODO" || word == "NOT-FOR-US":
		return nil
	}
	m := packageLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("unknown line %.60q", line)
	}
	n := listNote{m[1], m[2], m[3], m[4]}
	if n.release == "" {
		n.release = "sid"
	}
	if n.word == "" {
		return fmt.Errorf("%.60q has neither a version nor a status", line)
	}
	if _, _, err := n.status(); err != nil {
		return err
	}
	e.notes = append(e.notes, n)
	return nil
}

// status returns the status that the word of a note stands for, and the reason.
func (n *listNote) status() (matcher.Status, string, error) {
	reason := strings.Trim(n.word, "<>")
	if n.text != "" {
		reason += ": " + n.text
	}
	switch n.word {
	case "<unfixed>":
		if strings.HasPrefix(n.text, "unimportant") {
			return matcher.Affected, "unimportant", nil
		}
		return matcher.Affected, "", nil
	case "<removed>":
		return matcher.Affected, reason, nil
	case "<no-dsa>", "<postponed>":
		return matcher.Deferred, reason, nil
	case "<ignored>":
		return matcher.WillNotFix, reason, nil
	case "<not-affected>":
		return matcher.NotAffected, n.text, nil
	case "<end-of-life>":
		return matcher.EndOfLife, reason, nil
	case "<undetermined>", "<itp>":
		return matcher.UnderInvestigation, "", nil
	}
	if n.word[0] == '<' || n.word[0] == '(' {
		return 0, "", fmt.Errorf("unknown status %.40q", n.word)
	}
	return matcher.Fixed, "", nil
}

func (e *listEntry) record() feed.Record {
	rec := feed.Record{ID: e.id, Modified: e.date, Withdrawn: e.rejected}
	ids := e.cves
	if len(ids) == 0 && e.id != "" {
		ids = []string{e.id}
	}
	for _, n := range e.notes {
		status, reason, _ := n.status()
		if n.word == "<itp>" || e.rejected {
			continue
		}
		a := matcher.Advisory{Key: key(n.name, n.release), Status: status, Reason: reason, Summary: e.summary, Feed: listsName, Published: e.date}
		if status == matcher.Fixed {
			a.Ranges = []matcher.Range{{Fixed: n.word}}
		}
		if e.advisory && e.id != "" {
			a.Updates = []string{e.id}
		}
		for _, id := range ids {
			a.ID = id
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	rec.Err = e.errs.Err()
	return rec
}
