package sbom

import (
	"errors"
	"fmt"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/matcher/report"
)

var (
	// ErrUnsupported says that the format, or this version of it, cannot be written.
	ErrUnsupported = errors.New("unsupported format or version")

	// ErrNoDigest says that a report does not have the digest of the image's manifest, as those of docker archives and of file
	// systems, so that no statement can be made about it.
	ErrNoDigest = errors.New("the image has no digest")
)

// Options say how to write a document. The zero value is CycloneDX 1.6 as indented JSON, of an image without a name.
type Options struct {
	Format  Format
	Version string // the format's: "1.4" to "1.7" for CycloneDX, "" is "1.6"; "2.3" or "" for SPDX
	Compact bool   // without indentation

	// Files also writes the entries of Report.Files, except directories without findings and records, as components of type file, with
	// their digests. It works with CycloneDX 1.6 and 1.7 in JSON. Encode makes them one after the other, twice, because the serial number comes
	// first: memory does not depend on their number.
	Files bool

	// Statement writes the document, in JSON, as the predicate of an in-toto statement about the image, which it names by
	// Name and the digest of its manifest. A report that has no such digest is an error, [ErrNoDigest].
	Statement bool

	Name      string      // the image's: "debian:12-slim"; default: the Assessment's, else the image's digest
	Tool      report.Tool // the program that makes the document; one without a name is left out
	Timestamp time.Time   // when it was made; the zero time leaves it out
}

// MediaType returns the media type of the document: "application/spdx+json".
func (o Options) MediaType() string {
	switch {
	case o.Statement:
		return "application/vnd.in-toto+json"
	case o.Format == CycloneDXXML:
		return "application/vnd.cyclonedx+xml"
	case o.Format == SPDXJSON:
		return "application/spdx+json"
	}
	return "application/vnd.cyclonedx+json"
}

// A Format is a kind of document.
type Format uint8

// The formats that Encode writes.
const (
	CycloneDXJSON Format = iota
	CycloneDXXML
	SPDXJSON
)

// String returns the name of f: "cyclonedx-json".
func (f Format) String() string {
	switch f {
	case CycloneDXJSON:
		return "cyclonedx-json"
	case CycloneDXXML:
		return "cyclonedx-xml"
	case SPDXJSON:
		return "spdx-json"
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// cycloneDX returns the version that o asks for; of SPDX, the one that it is made of.
func (o *Options) cycloneDX() (cyclonedx.SpecVersion, error) {
	switch {
	case o.Format > SPDXJSON:
		return 0, fmt.Errorf("%v: %w", o.Format, ErrUnsupported)
	case o.Format == SPDXJSON && (o.Version == "" || o.Version == "2.3"):
		return cyclonedx.SpecVersion1_6, nil
	case o.Format == SPDXJSON:
		return 0, fmt.Errorf("%v %q: %w", o.Format, o.Version, ErrUnsupported)
	}
	switch o.Version {
	case "1.4":
		return cyclonedx.SpecVersion1_4, nil
	case "1.5":
		return cyclonedx.SpecVersion1_5, nil
	case "", "1.6":
		return cyclonedx.SpecVersion1_6, nil
	case "1.7":
		return cyclonedx.SpecVersion1_7, nil
	}
	return 0, fmt.Errorf("%v %q: %w", o.Format, o.Version, ErrUnsupported)
}
