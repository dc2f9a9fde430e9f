// Package spdx reads SPDX 2.2 and 2.3 in JSON and 3.0 in JSON-LD as entries of an inventory, and writes SPDX 2.3 in JSON.
// Sources: https://spdx.github.io/spdx-spec/v2.3/ and https://spdx.github.io/spdx-spec/v3.0.1/.
//
// The package is not a general model of SPDX. It reads documents as a stream and skips elements that don't describe packages.
// The library spdx/tools-golang holds a document in memory twice and does not support 3.0.
package spdx

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// A Reader reads a document. Its methods return errors that wrap sbomreport.ErrLimit if the document exceeds a limit.
type Reader struct {
	Version string // "SPDX-2.3", "SPDX-3.0"; "" if no member states it

	out      *sbomreport.Collector
	max      int
	graph    bool // the document has a @graph
	entries  []*entry
	describe map[string]bool   // references of the elements that the document describes
	names    map[string]string // names of extracted licences, licence elements and agents, by reference
	licensed []pair            // packages of SPDX 3 with references of their licences
}

type entry struct {
	sbomreport.Entry
	supplier string // reference of the agent
	license  string // expression
}

type pair struct {
	from, to string
	declared bool
}

// NewReader returns a Reader for up to max packages and files. It adds relations to a Collector.
func NewReader(out *sbomreport.Collector, max int) *Reader {
	return &Reader{out: out, max: max, describe: make(map[string]bool), names: make(map[string]string)}
}

// Member reads the value of a member of the document. It returns false without reading if the member is not one of SPDX.
func (s *Reader) Member(r *jsonstream.Reader, key string) (bool, error) {
	switch key {
	case "spdxVersion":
		return true, r.Value(&s.Version)
	case "documentDescribes":
		return true, r.Members(func(string) error {
			var ref string
			err := r.Value(&ref)
			return cmp.Or(err, s.described(reference(ref)))
		})
	case "packages":
		return true, r.Members(func(string) error { return s.readPackage(r) })
	case "relationships":
		return true, r.Members(func(string) error { return s.readRelationship(r) })
	case "hasExtractedLicensingInfos":
		return true, r.Members(func(string) error {
			var l struct {
				LicenseID, Name, ExtractedText string
			}
			if err := r.Value(&l); err != nil {
				return err
			}
			if l.Name == "NOASSERTION" {
				l.Name = ""
			}
			if len(l.ExtractedText) > 256 { // the text of the licence rather than its name
				l.ExtractedText = ""
			}
			return s.named(l.LicenseID, cmp.Or(l.Name, l.ExtractedText))
		})
	case "@context":
		var any any
		if err := r.Value(&any); err != nil {
			return true, err
		}
		if strings.Contains(fmt.Sprint(any), "spdx.org/rdf/3.0") {
			s.Version = "SPDX-3.0"
		}
		return true, nil
	case "@graph":
		s.graph = true
		return true, r.Members(func(string) error { return s.readElement(r) })
	}
	return false, nil
}

// Supported reports whether the package reads the version of the document.
func (s *Reader) Supported() bool {
	switch s.Version {
	case "SPDX-2.2", "SPDX-2.3":
		return true
	case "SPDX-3.0":
		return s.graph
	}
	return false
}

func (s *Reader) named(ref, name string) error {
	if ref == "" || name == "" {
		return nil
	}
	if len(s.names) >= 4*s.max {
		return fmt.Errorf("names: more than %d: %w", 4*s.max, sbomreport.ErrLimit)
	}
	s.names[ref] = name
	return nil
}

func (s *Reader) described(ref string) error {
	if len(s.describe) >= s.max {
		return fmt.Errorf("described elements: more than %d: %w", s.max, sbomreport.ErrLimit)
	}
	s.describe[ref] = true
	return nil
}

func (s *Reader) add(e *entry) error {
	if len(s.entries) >= s.max {
		return fmt.Errorf("packages: more than %d: %w", s.max, sbomreport.ErrLimit)
	}
	s.entries = append(s.entries, e)
	return nil
}

// Finish calls subject for the entries that the document describes, and add for all others.
func (s *Reader) Finish(subject func(*sbomreport.Entry), add func(*sbomreport.Entry) error) error {
	expressions := make(map[string]string)
	for _, p := range s.licensed {
		if text := s.names[p.to]; text != "" && (p.declared || expressions[p.from] == "") {
			expressions[p.from] = text
		}
	}
	for _, e := range s.entries {
		e.Licenses = s.licenses(cmp.Or(e.license, expressions[e.Ref]))
		e.Supplier = cmp.Or(e.Supplier, s.names[e.supplier])
		if s.isSubject(e) {
			subject(&e.Entry)
			continue
		}
		if err := add(&e.Entry); err != nil {
			return err
		}
	}
	return nil
}

// isSubject reports whether the document describes a package, rather than a product that contains it. The reference must be the
// only one in describe, because some tools describe every package.
func (s *Reader) isSubject(e *entry) bool {
	if e.Kind == "container" {
		return true
	}
	identified := e.PURL != "" || len(e.CPEs) > 0 // as the one recipe in a document of Yocto is
	return s.describe[e.Ref] && len(s.describe) == 1 && (!identified || strings.HasPrefix(e.PURL, "pkg:oci/")) && e.Kind != "operating-system"
}

// licenses splits an expression at each top-level AND and replaces references with names.
func (s *Reader) licenses(expression string) []string {
	switch expression {
	case "", "NOASSERTION", "NONE":
		return nil
	}
	parts := license.Conjuncts(expression)
	for i, p := range parts {
		parts[i] = cmp.Or(s.names[p], p)
	}
	return parts
}

// reference removes the prefix of references in SPDX 2.
func reference(ref string) string { return strings.TrimPrefix(ref, "SPDXRef-") }

// kindOf returns the type in CycloneDX for a purpose: "OPERATING-SYSTEM" and "operatingSystem" are "operating-system".
func kindOf(purpose string) string {
	switch p := strings.ToLower(purpose); p {
	case "operating-system", "operating_system", "operatingsystem":
		return "operating-system"
	case "container", "application", "framework", "firmware", "device", "file", "library":
		return p
	}
	return "library"
}

// fromSource reads the path or the source package of an entry from the source information of known tools.
func (e *entry) fromSource(info string) {
	if source, ok := strings.CutPrefix(info, "built package from: "); ok { // trivy
		if name, version, ok := strings.Cut(source, " "); ok {
			e.Properties = append(e.Properties, sbomreport.Property{Name: "syft:metadata:source", Value: name},
				sbomreport.Property{Name: "syft:metadata:sourceVersion", Value: version})
		}
		return
	}
	for _, prefix := range []string{"acquired package info from ", Found} { // syft, and this module
		if rest, ok := strings.CutPrefix(info, prefix); ok {
			if _, paths, ok := strings.Cut(rest, ": "); ok {
				e.Path, _, _ = strings.Cut(paths, ", ")
			}
		}
	}
}

// agent reads "Person: name (address)", "Organization: name" or "NOASSERTION".
func agent(text string) string {
	kind, name, ok := strings.Cut(text, ": ")
	if !ok || kind != "Person" && kind != "Organization" {
		return ""
	}
	if i := strings.LastIndex(name, " ("); i >= 0 && strings.HasSuffix(name, ")") && strings.Contains(name[i:], "@") {
		return name[:i] + " <" + name[i+2:len(name)-1] + ">"
	}
	return name
}
