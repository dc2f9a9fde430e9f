// Package debian reads the JSON form of the Debian security tracker.
//
// The tracker says, for every source package and vulnerability, how each supported release stands:
//
//	{"glibc": {"CVE-2019-9169": {"description": "...", "scope": "remote", "releases": {
//	  "jessie": {"status": "open", "urgency": "high**", "nodsa": "Minor issue", "nodsa_reason": "", "repositories": {...}},
//	  "buster": {"status": "resolved", "urgency": "high**", "fixed_version": "2.28-9", "repositories": {...}}}}}}
//
// A [feed.Record] is one such entry, and has an advisory for each release:
//
//	tracker                 Status               Reason
//	open                    Affected             ""
//	open, unimportant       Affected             "unimportant"
//	open, no-dsa            Deferred             "no-dsa: <text>"
//	open, no-dsa postponed  Deferred             "no-dsa (postponed): <text>"
//	open, no-dsa ignored    WillNotFix           "no-dsa (ignored): <text>"
//	open, end-of-life       EndOfLife            "end-of-life"
//	undetermined            UnderInvestigation   ""
//	resolved                Fixed, with a range  "" or "unimportant"
//	resolved in "0"         NotAffected          ""
//
// An entry that is unimportant, or at its end of life, and no-dsa as well has both reasons, the urgency first:
// "unimportant; no-dsa: Minor issue". Its Status is that of the no-dsa, or EndOfLife. An undetermined one stays that,
// whatever its reasons.
//
// The urgency becomes a severity in Debian's own word; two stars mean that it was taken over from NVD.
package debian

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "debian"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return strings.HasSuffix(name, ".json") },
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://security-tracker.debian.org/tracker/data/json"},
			Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}},
		}},
	}
}

// Parse yields the entries of the tracker's JSON, in the order of r. It holds one entry in memory at a time, and the names
// of all source packages, to find one that is given twice.
//
// The error of an entry is a [feed.RecordError] named "source: id"; it comes with what was understood of the entry. Any
// other error, of r or of JSON syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		p := &parser{dec: json.NewDecoder(r), yield: yield}
		if err := p.document(); err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("debian: at byte %d: %w", p.dec.InputOffset(), err))
		}
	}
}

var errStopped = errors.New("stopped")

type parser struct {
	dec   *json.Decoder
	yield func(feed.Record, error) bool
}

func (p *parser) document() error {
	t, err := p.dec.Token()
	if err != nil {
		return unexpectedEOF(err)
	}
	if t != json.Delim('{') {
		return fmt.Errorf("%v instead of an object of source packages", t)
	}
	seen := make(map[string]bool)
	for p.dec.More() {
		source, err := p.key()
		if err != nil {
			return err
		}
		if err := p.source(source, seen); err != nil {
			return err
		}
	}
	if _, err := p.dec.Token(); err != nil {
		return unexpectedEOF(err)
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return errors.New("data after the end")
	}
	return nil
}

// source reads the entries of one source package.
func (p *parser) source(source string, seen map[string]bool) error {
	t, err := p.dec.Token()
	if err != nil {
		return unexpectedEOF(err)
	}
	if t != json.Delim('{') {
		return p.skip(t, feed.Errorf(source, "not an object"))
	}
	if seen[source] || source == "" {
		return p.skip(t, feed.Errorf(source, "source package without a name, or given twice"))
	}
	seen[source] = true
	ids := make(map[string]bool)
	for p.dec.More() {
		id, err := p.key()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := p.dec.Decode(&raw); err != nil {
			return unexpectedEOF(err)
		}
		rec := feed.Record{ID: id}
		switch name := source + ": " + id; {
		case ids[id] || id == "":
			err = feed.Errorf(name, "entry without an id, or given twice")
		default:
			ids[id] = true
			if rec, err = parseEntry(source, id, raw); err != nil {
				err = &feed.RecordError{ID: name, Err: err}
			}
		}
		if !p.yield(rec, err) {
			return errStopped
		}
	}
	_, err = p.dec.Token()
	return unexpectedEOF(err)
}

// skip passes over the rest of a value that begins with t, and yields why.
func (p *parser) skip(t json.Token, why error) error {
	for depth := 0; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			break
		}
		var err error
		if t, err = p.dec.Token(); err != nil {
			return unexpectedEOF(err)
		}
	}
	if !p.yield(feed.Record{}, why) {
		return errStopped
	}
	return nil
}

func (p *parser) key() (string, error) {
	t, err := p.dec.Token()
	if err != nil {
		return "", unexpectedEOF(err)
	}
	return t.(string), nil // the decoder gives nothing else where an object has a key
}

// unexpectedEOF tells a document that is cut off from one that is at its end.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// key returns what advisories of a source package in a release are filed under.
func key(source, codename string) matcher.Key {
	return matcher.Key{Type: "deb", Namespace: "debian", Release: distro.ReleaseOf("debian", "", codename), Name: source}
}
