package jsonlines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

// maxLine bounds the bytes of a line. The largest advisory of a database takes 512 KiB, and JSON writes a byte as up to six.
const maxLine = 4 << 20

// Read adds the lines that [Write] writes to a builder. The file of the builder is then that of the database, without its signatures. An error
// names the line; the builder then holds those before it. Read fails for a change, a member that it does not know, and an advisory or a threat
// that a builder does not accept.
func Read(ctx context.Context, r io.Reader, b *db.Builder) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var long []byte // a line that is longer than the buffer
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("jsonlines: %w", err)
		}
		text, err := in.ReadSlice('\n')
		for long = long[:0]; err == bufio.ErrBufferFull; text, err = in.ReadSlice('\n') {
			if long = append(long, text...); len(long) > maxLine {
				return fmt.Errorf("jsonlines: line %d: more than %d bytes: %w", n, maxLine, limit.ErrExceeded)
			}
		}
		if len(long) > 0 {
			text = append(long, text...)
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("jsonlines: line %d: %w", n, err)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if err := add(b, text); err != nil {
				return fmt.Errorf("jsonlines: line %d: %w", n, err)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// add adds one line.
func add(b *db.Builder, text []byte) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var l line
	if err := in.Decode(&l); err != nil {
		return err
	}
	if in.InputOffset() != int64(len(text)) {
		return errors.New("data after the object")
	}
	forms := 0
	for _, is := range []bool{l.Input != nil, l.Coverage != nil, l.Advisory != nil, l.Threat != nil} {
		if is {
			forms++
		}
	}
	switch {
	case l.Change != "" || l.Was != nil:
		return errors.New("a change of an advisory, not a part of a database")
	case forms != 1:
		return errors.New("not an input, a coverage, an advisory or a threat")
	case l.Input != nil:
		f := l.Input
		if min(f.Records, f.Withdrawn, f.Bad) < 0 || max(f.Records, f.Withdrawn, f.Bad) > math.MaxInt32 {
			return fmt.Errorf("a number of records less than 0 or more than %d", math.MaxInt32)
		}
		b.AddFeed(db.FeedInfo{Name: f.Feed, URL: f.URL, Fingerprint: f.Fingerprint, Date: f.Date, Records: f.Records, Withdrawn: f.Withdrawn, Bad: f.Bad})
	case l.Coverage != nil:
		c := l.Coverage
		b.AddCoverage(matcher.Coverage{Type: c.Type, Namespace: c.Namespace, Release: c.Release, Feed: c.Feed, Date: c.Date, EndOfLife: c.EndOfLife})
	case l.Advisory != nil:
		return b.Add(l.Advisory.advisory())
	default:
		e, err := l.Threat.enrichment()
		if err != nil {
			return err
		}
		return b.AddEnrichment(l.Threat.Feed, l.Threat.CVE, e)
	}
	return nil
}

// advisory is the inverse of newAdvisory.
func (x *advisory) advisory() matcher.Advisory {
	a := matcher.Advisory{
		ID: x.ID, Aliases: x.Aliases, Key: matcher.Key(x.Package), Versions: x.Versions, Kind: x.Kind, Status: x.Status, Reason: x.Reason,
		Updates: x.Updates, Weaknesses: x.Weaknesses,
		Severities: severitiesOf(x.Severities), Summary: x.Summary, URLs: x.URLs, Feed: x.Feed,
		Published: x.Published, Modified: x.Modified,
	}
	for _, p := range x.Parts {
		a.Parts = append(a.Parts, matcher.Part(p))
	}
	for _, r := range x.Ranges {
		a.Ranges = append(a.Ranges, matcher.Range(r))
	}
	return a
}

func severitiesOf(list []severity) (out []matcher.Severity) {
	for _, s := range list {
		out = append(out, matcher.Severity{Source: s.Source, Level: s.Level, Score: s.Score, Vector: s.Vector, Word: s.Word})
	}
	return out
}

// enrichment is the inverse of newEnrichment.
func (x *enrichment) enrichment() (matcher.Enrichment, error) {
	e := matcher.Enrichment{
		Ransomware: x.Ransomware, EPSS: x.EPSS, Percentile: x.Percentile,
		Exploits: x.Exploits, Severities: severitiesOf(x.Severities), Weaknesses: x.Weaknesses, Aliases: x.Aliases, Title: x.Title,
	}
	if x.Exploited == "" {
		return e, nil
	}
	var err error
	e.Exploited, err = time.Parse(time.DateOnly, x.Exploited)
	return e, err
}
