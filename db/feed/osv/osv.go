// Package osv reads records of the Open Source Vulnerability format, https://ossf.github.io/osv-schema/ (version 1.7),
// from any publisher of it, as JSON or YAML.
//
// A [feed.Record] is one OSV record. It has an advisory for each package in it:
//
//   - Blocks of affected versions of the same package become one advisory, with all of their ranges and versions.
//   - Every pair of events becomes a range of its own. Ranges of type GIT name their repository; they are kept since for
//     some packages there is nothing else. A limit ends a range as a fix does.
//   - A vector and the publisher's word, in database_specific.severity, become one severity; its source is the
//     publisher, by the prefix of the record's id: "ghsa". A severity of a single package stands in place of the record's.
//   - The status is Affected.
//
// Records of distributions are about CVEs, and named by them, as those of other feeds are. If such a record gives, among
// aliases and upstream, exactly one CVE, that is the advisory's id, and the record's own id an alias. If it gives
// several, or, as AlmaLinux and Rocky Linux do, some as related only, it is an erratum: there is an advisory for each CVE,
// with the erratum's id as its reason. A CVE must not become an alias of another that happened to be fixed at the same
// time. An erratum that gives none keeps its own id, unless it is a bug fix or an enhancement, which is no advisory. The
// status of a distribution's advisory is Fixed where every range ends with a fix.
//
// A withdrawn record has no advisories.
package osv

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
)

// Name is the name of the feed.
const Name = "osv"

// maxRecord bounds one record, and a document that is one JSON object or YAML.
const maxRecord = 64 << 20

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			switch path.Ext(name) {
			case ".json", ".yaml", ".yml":
				return !strings.HasPrefix(path.Base(name), ".")
			}
			return false
		},
		Parse:    Parse,
		Datasets: sources(),
	}
}

// Parse yields the records of one document, which is JSON or YAML by its content:
//
//	{"id": ...}                 one record, or several, one after the other
//	[{"id": ...}, ...]          a list of them
//	{"vulns": [{"id": ...}]}    an answer of the OSV API
//	id: ...                     YAML, one document or several
//
// The error of a record is a [feed.RecordError] with its id; it comes with what was understood. Any other error, of r or of
// syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		g := &guard{r: r, left: maxRecord}
		br := bufio.NewReader(g)
		p := &parser{guard: g, yield: yield}
		var err error
		switch first, e := firstByte(br); {
		case e != nil:
			err = e
		case first == '{' || first == '[':
			err = p.json(br, first)
		default:
			err = p.yaml(br)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("osv: %w", err))
		}
	}
}

var (
	errStopped  = errors.New("stopped")
	errNoRecord = errors.New("no OSV record: no id")
)

type parser struct {
	guard *guard
	yield func(feed.Record, error) bool
}

// firstByte skips white space and a byte order mark and returns what follows, without reading it.
func firstByte(r *bufio.Reader) (byte, error) {
	if b, err := r.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		if _, err := r.Discard(3); err != nil {
			return 0, err
		}
	}
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return c, r.UnreadByte()
		}
	}
}

// json reads a stream of objects, or a list of them.
func (p *parser) json(r io.Reader, first byte) error {
	dec := json.NewDecoder(r)
	if first == '[' {
		if _, err := dec.Token(); err != nil {
			return err
		}
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return syntax(dec, err)
		}
		p.guard.left = maxRecord
		if err := p.object(raw, true); err != nil {
			return err
		}
	}
	if first == '[' {
		if _, err := dec.Token(); err != nil {
			return syntax(dec, err)
		}
	}
	// More has said that there is nothing more, or something that no value begins with.
	if _, err := dec.Token(); err != io.EOF {
		if err == nil {
			err = errors.New("data after the end")
		}
		return syntax(dec, err)
	}
	return nil
}

func syntax(dec *json.Decoder, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
}

// object reads one record, or the records of an answer of the API.
func (p *parser) object(raw json.RawMessage, outer bool) error {
	var v struct {
		record
		Vulns []json.RawMessage `json:"vulns"`
	}
	err := json.Unmarshal(raw, &v)
	if err == nil && outer && v.ID == "" && v.Vulns != nil {
		for _, raw := range v.Vulns {
			if err := p.object(raw, false); err != nil {
				return err
			}
		}
		return nil
	}
	return p.record(&v.record, err)
}

// record yields r, which was decoded with err.
func (p *parser) record(r *record, err error) error {
	rec := feed.Record{ID: r.ID}
	switch {
	case r.ID == "":
		err = errors.Join(errNoRecord, err)
	default:
		var e error
		rec, e = r.convert()
		err = errors.Join(err, e)
	}
	if err != nil {
		err = &feed.RecordError{ID: r.ID, Err: err}
	}
	if !p.yield(rec, err) {
		return errStopped
	}
	return nil
}

// guard ends reading when a record is too long. It is given more when one was read.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, fmt.Errorf("%w: a record of more than %d bytes", feed.ErrTooLarge, maxRecord)
	}
	return n, err
}
