package sbom

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/internal/sniff"
)

// ErrLimit reports a document that exceeds the [Limits].
var ErrLimit error = limit.ErrExceeded

// Limits bound the work of [Decode] for one document. Zero fields mean the defaults, which real documents do not reach.
// Documents are read as a stream: memory is 1 to 2 KiB for each package, 100 bytes for each reference and 8 for each
// dependency, and up to 512 MiB more for documents that are made to take as much as they can.
type Limits struct {
	Bytes      int64 // size of the document, decompressed; 512 MiB
	Components int   // number of all kinds, files included; 1,000,000; and 4 times as many references, 16 times as many dependencies
	Depth      int   // of components in components; 64
}

func (l Limits) withDefaults() Limits {
	limit.Default(&l.Bytes, 512<<20)
	limit.Default(&l.Components, 1_000_000)
	limit.Default(&l.Depth, 64)
	return l
}

// valueLimit is the most bytes of a part of a document that is read whole: a text, a list of licences.
const valueLimit = 16 << 20

// Decode reads a document into a report. Matching the report finds the same as matching a scan of the image. Decode reads CycloneDX
// from 1.0 as XML and from 1.2 as JSON, up to 1.7; SPDX 2.2 and 2.3 in JSON, and 3.0 in JSON-LD; the JSON of syft; reports of package
// matcher/report/json; and any of those in JSON as the predicate of an in-toto statement, whose subject gives the image its digest,
// and must agree with the document. A document may be gzipped.
//
// A document of Encode gives the original report, except for the parts that the package comment lists. In documents of other tools,
// Decode understands the names that syft, trivy, osv-scalibr and cdxgen use for source packages and distributions. The ID of a
// component is its reference (bom-ref) in the document, and its PURL that of the document. Data that is missing for
// matching, or has no place in a report, is a [analyzer.Diagnostic] of analyzer "sbom". Decode does not read the vulnerabilities of
// a document: a report describes contents.
//
// Decode returns an error with the place if the document is damaged, [ErrUnsupported] if it has another format or version, and
// [ErrLimit] if it exceeds the limits.
func Decode(r io.Reader, limits Limits) (*analyzer.Report, error) {
	report, err := decode(r, limits.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	return report, nil
}

func decode(r io.Reader, limits Limits) (*analyzer.Report, error) {
	r, free := gunzip(r)
	defer free()
	in := bufio.NewReader(limit.Reader(r, limits.Bytes, "document"))
	first, err := sniff.First(in)
	if err == io.ErrUnexpectedEOF {
		return nil, errors.New("empty document")
	}
	if err != nil {
		return nil, err
	}
	if first == '{' && isReport(in) {
		return readReport(in, limits)
	}
	d := decoder{limits: limits, out: sbomreport.New(limits.Components)}
	switch first {
	case '<':
		err = d.xml(in)
	case '{':
		err = d.json(in)
	default:
		err = fmt.Errorf("neither JSON nor XML: %w", ErrUnsupported)
	}
	if err = cmp.Or(err, d.err); err != nil {
		return nil, err
	}
	return d.out.Report(), nil
}

// Recognise reports whether a file has the form of a document, JSON or XML, compressed by gzip or not. It reads the beginning only.
func Recognise(r io.Reader) bool {
	r, free := gunzip(io.LimitReader(r, 1<<20))
	defer free()
	first, err := sniff.First(bufio.NewReader(io.LimitReader(r, 64<<10)))
	return err == nil && (first == '<' || first == '{')
}

// gunzip returns the content of a gzip stream, or of any other r unchanged, and a function that frees the decompressor.
func gunzip(r io.Reader) (io.Reader, func()) {
	b := bufio.NewReader(r)
	if magic, err := b.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, func() {} // a read error comes again
	}
	z := inflate.NewReader(b, inflate.Gzip)
	return z, func() { z.Close() }
}

// A decoder reads one document.
type decoder struct {
	limits Limits
	out    *sbomreport.Collector
	count  int   // components, of all kinds
	err    error // error of a method that could not return it
}

// counted counts a component that lies in others, depth of them.
func (d *decoder) counted(depth int) error {
	if d.count++; d.count > d.limits.Components {
		return fmt.Errorf("components: more than %d: %w", d.limits.Components, ErrLimit)
	}
	if depth > d.limits.Depth {
		return fmt.Errorf("components: more than %d in each other: %w", d.limits.Depth, ErrLimit)
	}
	return nil
}

// version accepts known versions, and with a note later ones, which add parts.
func (d *decoder) version(format, version string, known func(string) bool) error {
	if known(version) {
		return nil
	}
	var minor int
	if n, _ := fmt.Sscanf(version, "1.%d", &minor); n == 1 && minor > 7 && minor < 100 {
		d.out.Diagnose(analyzer.Unsupported, "what is new in versions after 1.7", version)
		return nil
	}
	return fmt.Errorf("%s %.20q: %w", format, version, ErrUnsupported)
}
