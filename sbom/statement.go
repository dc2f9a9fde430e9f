package sbom

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// Types of predicates, as https://cyclonedx.org/specification/overview/ and https://spdx.dev name them.
const (
	predicateCycloneDX = "https://cyclonedx.org/bom"
	predicateSPDX      = "https://spdx.dev/Document"
)

// A statement attaches a predicate to subjects, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// state makes a document the predicate of a statement.
func state(parts []part, image *analyzer.ImageInfo, o *Options) ([]part, error) {
	algorithm, digest, ok := strings.Cut(image.Digest, ":")
	if !ok {
		return nil, ErrNoDigest
	}
	s := statement{
		Type:    "https://in-toto.io/Statement/v1",
		Subject: []subject{{Name: cmp.Or(o.Name, image.Digest), Digest: map[string]string{algorithm: digest}}}, PredicateType: predicateCycloneDX,
	}
	switch o.Format {
	case SPDXJSON:
		s.PredicateType = predicateSPDX
	case CycloneDXXML:
		return nil, fmt.Errorf("a statement with %v: %w", o.Format, ErrUnsupported)
	}
	head, err := compact(&s)
	if err != nil {
		return nil, err
	}
	out := append(make([]part, 0, len(parts)+2), part{text: append(head[:len(head)-1], `,"predicate":`...)})
	for _, p := range parts {
		out = append(out, part{p.text, p.depth + 1, p.more})
	}
	return append(out, part{text: []byte{'}'}, depth: 1}), nil
}
