package vex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

var errNotVEX = errors.New("neither OpenVEX nor CSAF nor CycloneDX nor SPDX 3")

const (
	maxBytes      = 128 << 20 // per document
	maxStatements = 1 << 20   // per document; a CSAF document has one for each product
	maxProblems   = 100       // that are kept; others are counted
)

// A Document is a VEX document.
type Document struct {
	Name       string // the name given to Read: a file
	Format     string // "OpenVEX", "CSAF", "CycloneDX" or "SPDX"
	ID         string // the identifier in the document
	Author     string
	Time       time.Time // time of its last release; zero if unknown
	statements []statement
	Problems   []string // unused parts with their places and the reasons

	more   int // problems beyond maxProblems
	bom    *bom
	issued time.Time // time of the first release, if Time is that of the last
	number int       // number of the release, counted from 1; 0 if unknown
	role   string    // role of the author, in OpenVEX
	added  bool      // statements, to a document that was read
	at     time.Time // decides which statements have expired; if zero, those with an expiry have no effect
}

// Len returns the number of statements that could be read.
func (d *Document) Len() int { return len(d.statements) }

// A statement gives the status of a vulnerability in some products.
type statement struct {
	Place           string   // in the document: "statements[2]"
	Vulnerabilities []string // identifiers of the one vulnerability, its aliases too
	Products        []product
	Status          matcher.Status // Affected, NotAffected, Fixed or UnderInvestigation
	Justification   string         // as the format spells it
	Detail          string
	Author          string    // "" for the document's
	Time            time.Time // its own, else the document's
	Expires         time.Time // last moment at which it holds; zero for no end

	open *openStatement // as OpenVEX 0.2.0 has it; nil for other formats
}

// A product is an image, a package, or packages within one of those.
type product struct {
	identity
	Subcomponents []identity // if there are any, the statement is about them only
}

// An identity is everything by which a document names one thing. Each part may match.
type identity struct {
	PURLs  []string
	CPEs   []string
	Hashes []string // "sha256:" and hexadecimal digits
	Refs   []string // other names, BOM-Links among them
	Ranges []string // vers ranges and single versions; if there are any, the package's version must be in one
}

func (id *identity) empty() bool {
	return len(id.PURLs)+len(id.CPEs)+len(id.Hashes)+len(id.Refs) == 0
}

// Read reads a document and detects its format. Errors and results use the given name. Read returns an error if it cannot
// understand the document, or if its format is another; it adds a single bad statement to Document.Problems.
func Read(r io.Reader, name string) (*Document, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("vex: %s: %w", name, err)
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("vex: %s: larger than %d MiB", name, maxBytes>>20)
	}
	d := &Document{Name: name}
	if err := d.parse(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))); err != nil {
		return nil, fmt.Errorf("vex: %s: %w", name, err)
	}
	if d.more > 0 {
		d.Problems = append(d.Problems, fmt.Sprintf("and %d more", d.more))
	}
	return d, nil
}

func (d *Document) parse(text []byte) error {
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<")) {
		return d.cycloneDXML(text)
	}
	var head struct {
		Context   json.RawMessage `json:"@context"`
		BOMFormat string          `json:"bomFormat"`
		Document  json.RawMessage `json:"document"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return jsonError(text, err)
	}
	switch {
	case bytes.Contains(head.Context, []byte("openvex.dev")):
		return d.openVEX(text)
	case bytes.Contains(head.Context, []byte("spdx.org/rdf/3.")):
		return d.spdx(text)
	case head.BOMFormat == "CycloneDX":
		return d.cycloneDX(text)
	case len(head.Document) > 0:
		return d.csaf(text)
	}
	return errNotVEX
}

// jsonError adds the line to an error with an offset.
func jsonError(text []byte, err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	at := int64(-1)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &mismatch):
		at = mismatch.Offset
	}
	if at < 0 || at > int64(len(text)) {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:at], []byte("\n")), err)
}

func (d *Document) problem(place, format string, args ...any) {
	if len(d.Problems) == maxProblems {
		d.more++
		return
	}
	d.Problems = append(d.Problems, place+": "+fmt.Sprintf(format, args...))
}

// add appends a statement, or a problem if it is incomplete.
func (d *Document) add(s statement) {
	var ids []string
	for _, id := range s.Vulnerabilities {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	s.Vulnerabilities = ids
	switch {
	case len(ids) == 0:
		d.problem(s.Place, "names no vulnerability")
	case len(s.Products) == 0:
		d.problem(s.Place, "names no product")
	case len(d.statements) == maxStatements:
		d.problem(s.Place, "there are more than %d statements", maxStatements)
	default:
		if s.Time.IsZero() {
			s.Time = d.Time
		}
		d.statements = append(d.statements, s)
	}
}

// instant reads a time. Another text is a problem of the document, and gives the zero time.
func (d *Document) instant(place, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.problem(place, "%q is not a time", text)
		return time.Time{}
	}
	return t.UTC()
}

// A list is a JSON list; writers may omit the brackets of a single element.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	if string(b) == "null" {
		return nil
	}
	var one T
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*l = list[T]{one}
	return nil
}
