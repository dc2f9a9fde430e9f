package spdx

import (
	"strconv"
	"strings"
)

// Found is the prefix of the source information that this module writes: "found by dpkg: var/lib/dpkg/status".
const Found = "found by "

// A Document has the fields of SPDX 2.3 that this module writes.
type Document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	DocumentNamespace string         `json:"documentNamespace"` // the first field with outside data
	Name              string         `json:"name"`
	CreationInfo      CreationInfo   `json:"creationInfo"`
	Packages          []Package      `json:"packages,omitempty"`
	Extracted         []Extracted    `json:"hasExtractedLicensingInfos,omitempty"`
	Relationships     []Relationship `json:"relationships,omitempty"`
}

// CreationInfo holds the creators and time of a document.
type CreationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// A Package is a package or another described element, such as an image.
type Package struct {
	Name                  string        `json:"name"`
	SPDXID                string        `json:"SPDXID"`
	VersionInfo           string        `json:"versionInfo,omitempty"`
	Supplier              string        `json:"supplier,omitempty"`
	DownloadLocation      string        `json:"downloadLocation"`
	FilesAnalyzed         bool          `json:"filesAnalyzed"`
	Checksums             []Checksum    `json:"checksums,omitempty"`
	SourceInfo            string        `json:"sourceInfo,omitempty"`
	LicenseConcluded      string        `json:"licenseConcluded"`
	LicenseDeclared       string        `json:"licenseDeclared"`
	CopyrightText         string        `json:"copyrightText"`
	Summary               string        `json:"summary,omitempty"`
	ExternalRefs          []ExternalRef `json:"externalRefs,omitempty"`
	PrimaryPackagePurpose string        `json:"primaryPackagePurpose,omitempty"`
	Annotations           []Annotation  `json:"annotations,omitempty"`
}

// A Checksum is a digest. Algorithms have the names of SPDX: "SHA256".
type Checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// An ExternalRef names a package in another system.
type ExternalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

// An Annotation holds a property.
type Annotation struct {
	Annotator string `json:"annotator"`
	Date      string `json:"annotationDate"`
	Type      string `json:"annotationType"`
	Comment   string `json:"comment"`
}

// An Extracted licence is not in SPDX's list.
type Extracted struct {
	LicenseID     string `json:"licenseId"`
	ExtractedText string `json:"extractedText"`
	Name          string `json:"name"`
}

// A Relationship connects two elements.
type Relationship struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// Identifiers assigns unique references to names. References have letters, digits, "." and "-" only.
type Identifiers struct {
	taken map[string]int // number of names for each reference before a suffix
	of    map[string]string
}

// Reference returns the reference of a name. It assigns one on the first call.
func (i *Identifiers) Reference(name string) string {
	if ref, ok := i.of[name]; ok {
		return ref
	}
	if i.of == nil {
		i.of, i.taken = make(map[string]string), make(map[string]int)
	}
	base := "SPDXRef-" + word(name)
	ref := base
	for i.taken[ref] > 0 {
		i.taken[base]++
		ref = base + "-" + strconv.Itoa(i.taken[base])
	}
	i.taken[ref], i.of[name] = 1, ref
	return ref
}

// Known returns the reference of a name, or false if none is assigned.
func (i *Identifiers) Known(name string) (string, bool) {
	ref, ok := i.of[name]
	return ref, ok
}

// LicenseReference returns the reference of a licence that is not in SPDX's list.
func (i *Identifiers) LicenseReference(name string) string {
	return "LicenseRef-" + strings.TrimPrefix(i.Reference(name), "SPDXRef-")
}

func word(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, name)
}

// Agent returns an organisation in the form of SPDX. It replaces angle brackets around an email address with parentheses.
func Agent(name string) string {
	if i := strings.LastIndex(name, " <"); i >= 0 && strings.HasSuffix(name, ">") && strings.Contains(name[i:], "@") {
		name = name[:i] + " (" + name[i+2:len(name)-1] + ")"
	}
	return "Organization: " + name
}
