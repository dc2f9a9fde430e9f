package sbom

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A syftArtifact is a package in the JSON of syft.
type syftArtifact struct {
	ID           string
	Name         string
	Version      string
	PURL         string `json:"purl"`
	Locations    []syftText
	Licenses     []syftText
	CPEs         []syftText `json:"cpes"`
	MetadataType string
	Metadata     json.RawMessage
}

// A syftText is a text, which old versions of syft write alone and later ones in an object.
type syftText string

// UnmarshalJSON implements json.Unmarshaler.
func (t *syftText) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return json.Unmarshal(text, (*string)(t))
	}
	var o struct{ Path, CPE, SPDXExpression, Value string }
	err := json.Unmarshal(text, &o)
	*t = syftText(cmp.Or(o.Path, o.CPE, o.SPDXExpression, o.Value))
	return err
}

// syftMetadata are the fields of package managers and archives that name the source of a package or a place in an archive.
type syftMetadata struct{ Source, SourceVersion, SourceRPM, OriginPackage, VirtualPath string }

// hasSource reports whether metadata of a type have such fields. Those of other types use the names for other things.
func hasSource(metadataType string) bool {
	kind := strings.ToLower(metadataType)
	return slices.ContainsFunc([]string{"dpkg", "rpm", "apk", "java"}, func(name string) bool { return strings.HasPrefix(kind, name) })
}

// syft reads a member of the JSON of syft.
func (j *jsonDecoder) syft(key string) error {
	switch key {
	case "artifacts":
		j.isSyft = true
		return j.Members(func(string) error {
			if err := j.counted(1); err != nil {
				return err
			}
			var a syftArtifact
			if err := j.Value(&a); err != nil {
				return err
			}
			return j.add(a.entry())
		})
	case "artifactRelationships":
		return j.Members(func(string) error {
			var r struct{ Parent, Child, Type string }
			if err := j.Value(&r); err != nil {
				return err
			}
			switch r.Type {
			case "ownership-by-file-overlap":
				return j.out.AddOwnership(r.Parent, r.Child)
			case "dependency-of":
				return j.out.AddDependency(r.Child, r.Parent)
			}
			return nil
		})
	case "distro":
		var d struct {
			ID, Name, Version, VersionID, VersionCodename, PrettyName, CPEName string
			IDLike                                                             jsonstream.OneOrMore[string]
		}
		if err := j.Value(&d); err != nil {
			return err
		}
		if id := cmp.Or(d.ID, d.Name); id != "" {
			j.out.Distro(&analyzer.Distro{
				ID: distro.ID(id), VersionID: cmp.Or(d.VersionID, d.Version), Codename: d.VersionCodename, Name: cmp.Or(d.PrettyName, d.Name), Like: d.IDLike, CPE: d.CPEName,
			})
		}
		return nil
	case "source":
		var s struct{ Metadata, Target json.RawMessage }
		if err := j.Value(&s); err != nil {
			return err
		}
		text := s.Metadata
		if text == nil {
			text = s.Target
		}
		var image struct {
			ImageID, ManifestDigest, OS, Architecture string
			Layers                                    []struct{ Digest string }
		}
		if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &image) != nil {
			return nil // a directory
		}
		info := analyzer.ImageInfo{ID: image.ImageID, Digest: image.ManifestDigest}
		if image.OS != "" {
			info.Platform = image.OS + "/" + image.Architecture
		}
		var layers []analyzer.Layer
		for _, l := range image.Layers {
			layers = append(layers, analyzer.Layer{DiffID: l.Digest})
		}
		j.out.Image(info, layers)
		return nil
	}
	return fmt.Errorf("member %.20q", key)
}

// isSyftMember reports whether syft reads a member. No other format has one of these names.
func isSyftMember(key string) bool {
	return key == "artifacts" || key == "artifactRelationships" || key == "distro" || key == "source"
}

// entry returns a package of the document, with the properties that syft writes in CycloneDX.
func (a *syftArtifact) entry() *sbomreport.Entry {
	e := &sbomreport.Entry{Ref: a.ID, Kind: string(cyclonedx.ComponentTypeLibrary), PURL: a.PURL, Name: a.Name, Version: a.Version}
	for _, name := range a.CPEs {
		if name != "" {
			e.CPEs = append(e.CPEs, string(name))
		}
	}
	for _, l := range a.Licenses {
		if l != "" {
			e.Licenses = append(e.Licenses, string(l))
		}
	}
	add := func(name, value string) {
		if value != "" {
			e.Properties = append(e.Properties, sbomreport.Property{Name: "syft:" + name, Value: value})
		}
	}
	if len(a.Locations) > 0 {
		add("location:0:path", string(a.Locations[0]))
	}
	add("package:metadataType", a.MetadataType)
	var m syftMetadata
	if hasSource(a.MetadataType) && json.Unmarshal(a.Metadata, &m) == nil {
		add("metadata:source", m.Source)
		add("metadata:sourceVersion", m.SourceVersion)
		add("metadata:sourceRpm", m.SourceRPM)
		add("metadata:originPackage", m.OriginPackage)
		add("metadata:virtualPath", m.VirtualPath)
	}
	return e
}
