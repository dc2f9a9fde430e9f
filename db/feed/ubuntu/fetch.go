package ubuntu

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/limit"
)

// limits bound the archives. That of OpenVEX has 68 MB, and 25 GB or so decompressed, because it lists every binary package.
var limits = location.Limits{Download: 2 << 30, Decompressed: 64 << 30, Document: maxVEX, Memory: 1 << 20}

// Bounds on what fetch makes of the archives.
const (
	maxHeld  = 4 << 30   // bytes of statements
	maxFlaws = 2_000_000 // OpenVEX documents
	maxPairs = 8 << 30   // bytes of pairs, not compressed
)

// fetch downloads the archives of OSV records and OpenVEX documents, and makes a file of pairs. Without the second archive, it returns the first.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	got, err := f.GetAll(ctx, f.Dataset.URLs)
	if err != nil || len(got.Locations) != 2 {
		return got, err
	}
	statements, err := f.Create("statements.json")
	if err != nil {
		return got, err
	}
	defer func() {
		statements.Close()
		os.Remove(statements.Name())
	}()
	out, err := f.Create("pairs.json.gz")
	if err != nil {
		return got, err
	}
	defer out.Close()
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return got, err
	}
	p := pairer{ctx: ctx, statements: statements, at: make(map[string]span), out: bufio.NewWriterSize(z, 1<<16)}
	if err := p.documents(got.Locations[1], p.hold); err != nil {
		return got, err
	}
	if err := p.documents(got.Locations[0], p.join); err != nil {
		return got, err
	}
	if err := p.writeUnpaired(); err != nil {
		return got, err
	}
	got.Locations = []string{out.Name()}
	return got, errors.Join(p.out.Flush(), z.Close(), out.Close())
}

// A span is a place in the file of statements.
type span struct {
	at   int64
	size int
}

// A pairer joins two archives by CVE. It holds a place in a file for each OpenVEX document.
type pairer struct {
	ctx        context.Context
	statements *os.File
	end        int64
	at         map[string]span // by CVE
	out        *bufio.Writer
	written    int64
	buf        bytes.Buffer // the document
}

// documents calls do for each document of an archive that belongs to the feed. An archive that cannot be read to its end is an error.
func (p *pairer) documents(name string, do func(name string, r io.Reader) error) error {
	d, err := location.Open(p.ctx, name, download.Client{}, limits)
	if err != nil {
		return err
	}
	defer d.Close()
	for doc, err := range d.Documents(wants) {
		if err == nil {
			err = do(doc.Name(), doc)
		}
		if err == nil {
			err = p.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads a document into buf.
func (p *pairer) read(r io.Reader) error {
	p.buf.Reset()
	_, err := p.buf.ReadFrom(limit.Reader(r, maxVEX, "document"))
	return err
}

// hold keeps the statements of an OpenVEX document about source packages.
func (p *pairer) hold(name string, r io.Reader) error {
	var text []byte
	err := p.read(r)
	if err == nil {
		text, err = sources(p.buf.Bytes())
	}
	id := cveID.FindString(path.Base(name))
	if err == nil && id == "" {
		err = errors.New("the name has no CVE")
	}
	if err != nil {
		return p.writeError(name, err)
	}
	if _, ok := p.at[id]; ok {
		return p.writeError(name, errors.New("a second document about a CVE"))
	}
	if p.end+int64(len(text)) > maxHeld || len(p.at) == maxFlaws {
		return fmt.Errorf("OpenVEX documents: %w", feed.ErrTooLarge)
	}
	n, err := p.statements.WriteAt(text, p.end)
	p.at[id] = span{p.end, n}
	p.end += int64(n)
	return err
}

// join writes the pair of an OSV record.
func (p *pairer) join(name string, r io.Reader) error {
	var text []byte
	err := p.read(r)
	if err == nil {
		text, err = withoutVersions(p.buf.Bytes())
	}
	if err != nil {
		return p.writeError(name, err)
	}
	pair := pair{OSV: text}
	if id := cveID.FindString(path.Base(name)); id != "" {
		if pair.VEX, err = p.take(id); err != nil {
			return err
		}
	}
	return p.write(pair)
}

// take returns the statements about a CVE, and forgets them.
func (p *pairer) take(id string) ([]byte, error) {
	s, ok := p.at[id]
	if !ok {
		return nil, nil
	}
	delete(p.at, id)
	b := make([]byte, s.size)
	_, err := p.statements.ReadAt(b, s.at)
	return b, err
}

// writeUnpaired writes the documents about vulnerabilities without an OSV record.
func (p *pairer) writeUnpaired() error {
	for _, id := range slices.Sorted(maps.Keys(p.at)) {
		text, err := p.take(id)
		if err == nil {
			err = p.write(pair{VEX: text})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeError writes a pair that reports why a document could not be read. Errors of the archive end with it.
func (p *pairer) writeError(name string, err error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	text := err.Error()
	return p.write(pair{Bad: fmt.Sprintf("%s: %s", name, text[:min(len(text), 1000)])})
}

func (p *pairer) write(v pair) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if p.written += int64(len(b)); p.written > maxPairs {
		return fmt.Errorf("pairs: %w", feed.ErrTooLarge)
	}
	_, err = fmt.Fprintf(p.out, "%s%s}\n", pairMark, b)
	return err
}

// sources returns an OpenVEX document with source packages only. It reads most of a document without decoding it.
func sources(text []byte) ([]byte, error) {
	j := jsonstream.NewLimited(text, jsonstream.MaxValue)
	type vulnerability struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	type kept struct {
		Vulnerability vulnerability     `json:"vulnerability"`
		Products      []json.RawMessage `json:"products"`
		Status        string            `json:"status"`
		Justification string            `json:"justification,omitempty"`
		Impact        string            `json:"impact_statement,omitempty"`
		Action        string            `json:"action_statement,omitempty"`
	}
	doc := struct {
		Context    string          `json:"@context"`
		Time       json.RawMessage `json:"timestamp,omitempty"`
		Statements []kept          `json:"statements"`
	}{Context: "https://openvex.dev/ns/v0.2.0"}
	var errs []error
	decode := func(v any) error {
		bad, err := j.Decode(v)
		if bad != nil {
			errs = append(errs, bad)
		}
		return err
	}
	stamp := func() error {
		raw, err := j.Raw()
		doc.Time = bytes.Clone(raw)
		return err
	}
	statement := func() error {
		var s kept
		err := j.Object(func(key string) error {
			switch key {
			case "vulnerability":
				return decode(&s.Vulnerability)
			case "status":
				return decode(&s.Status)
			case "justification":
				return decode(&s.Justification)
			case "impact_statement":
				return decode(&s.Impact)
			case "action_statement":
				return decode(&s.Action)
			case "products":
				return j.Array(func() error {
					raw, err := j.Raw()
					if err == nil && bytes.Contains(raw, []byte("arch=source")) {
						s.Products = append(s.Products, bytes.Clone(raw))
					}
					return err
				})
			}
			return j.Skip()
		})
		if len(doc.Statements) > 0 {
			s.Vulnerability.Description = ""
		}
		doc.Statements = append(doc.Statements, s)
		return err
	}
	found := false
	err := j.Object(func(key string) error {
		switch key {
		case "timestamp":
			return stamp()
		case "metadata": // Canonical's documents of 2025
			return j.Object(func(key string) error {
				if key == "timestamp" {
					return stamp()
				}
				return j.Skip()
			})
		case "statements":
			found = true
			return j.Array(statement)
		}
		return j.Skip()
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errors.New("not an OpenVEX document: no statements")
	case len(errs) > 0:
		return nil, errs[0]
	}
	return json.Marshal(doc)
}

// withoutVersions returns an OSV record without the lists of versions and of binary packages, which take most of it and which the feed does
// not use.
func withoutVersions(text []byte) ([]byte, error) {
	var err error
	var rec map[string]json.RawMessage
	if err := json.Unmarshal(text, &rec); err != nil {
		return nil, err
	}
	var affected []map[string]json.RawMessage
	if json.Unmarshal(rec["affected"], &affected) != nil {
		return json.Marshal(rec)
	}
	for _, a := range affected {
		if bytes.IndexByte(a["ranges"], '{') > 0 { // versions without a range are all that the record has
			delete(a, "versions")
		}
		var specific map[string]json.RawMessage
		if json.Unmarshal(a["ecosystem_specific"], &specific) == nil && specific != nil {
			delete(specific, "binaries")
			if a["ecosystem_specific"], err = json.Marshal(specific); err != nil {
				return nil, err
			}
		}
	}
	if rec["affected"], err = json.Marshal(affected); err != nil {
		return nil, err
	}
	return json.Marshal(rec)
}

// wants reports whether a document belongs to the feed. Notices (USN) and those of live patches (LSN) repeat records about CVEs.
func wants(name string) bool {
	base := path.Base(name)
	switch path.Ext(base) {
	case ".json", ".xml":
		return !strings.HasPrefix(base, "USN-")
	}
	return trackerName.MatchString(base)
}
