package json

import (
	"fmt"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
)

type component struct {
	ID        string            `json:"id"`
	PURL      string            `json:"purl"`
	Type      string            `json:"type"`
	Namespace string            `json:"namespace,omitempty"`
	Name      string            `json:"name"`
	Version   string            `json:"version,omitempty"`
	Arch      string            `json:"arch,omitempty"`
	System    bool              `json:"system,omitempty"`
	Vendor    string            `json:"vendor,omitempty"`
	Signer    string            `json:"signer,omitempty"`
	Origin    *sourcePackage    `json:"origin,omitempty"`
	Licenses  []string          `json:"licenses,omitempty"`
	Depends   []string          `json:"depends,omitempty"`
	Hashes    map[string]string `json:"hashes,omitempty"`
	Place     analyzer.Place    `json:"place,omitempty"`
	Omitted   bool              `json:"omitted,omitempty"`
	Declared  bool              `json:"declared,omitempty"`
	Stated    bool              `json:"stated,omitempty"`
	Nested    bool              `json:"nested,omitempty"`
	Altered   bool              `json:"altered,omitempty"`
	Dev       bool              `json:"dev,omitempty"`
	Analyzer  string            `json:"analyzer"`
	Path      string            `json:"path"`
	Inside    string            `json:"inside,omitempty"`
	Layer     int               `json:"layer"`
	Owner     string            `json:"owner,omitempty"`
}

type sourcePackage struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

func newComponent(c *analyzer.Component) component {
	j := component{
		ID: c.ID, PURL: c.PURL, Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: c.Version, Arch: c.Arch,
		System: c.System, Vendor: c.Vendor, Licenses: c.Licenses, Depends: c.Depends, Hashes: c.Hashes,
		Place: c.Place(), Declared: c.Declared, Stated: c.Stated, Nested: c.Nested, Altered: c.Altered, Dev: c.Dev, Analyzer: c.Analyzer, Path: c.Path, Inside: c.ArchivePath, Layer: c.Layer, Owner: c.Owner,
	}
	if c.Signer != 0 {
		j.Signer = fmt.Sprintf("%016x", c.Signer)
	}
	if c.SourcePackage != nil {
		j.Origin = &sourcePackage{c.SourcePackage.Name, c.SourcePackage.Version}
	}
	return j
}

func (j *component) component() analyzer.Component {
	c := analyzer.Component{
		ID: j.ID, PURL: j.PURL, Analyzer: j.Analyzer, Path: j.Path, Layer: j.Layer, Owner: j.Owner, Nested: j.Nested, Altered: j.Altered,
		Package: analyzer.Package{
			Type: j.Type, Namespace: j.Namespace, Name: j.Name, Version: j.Version, Arch: j.Arch,
			System: j.System, Vendor: j.Vendor, Licenses: j.Licenses, Depends: j.Depends, Hashes: j.Hashes,
			Declared: j.Declared, Stated: j.Stated, Dev: j.Dev, ArchivePath: j.Inside,
		},
	}
	c.Signer, _ = strconv.ParseUint(j.Signer, 16, 64) // other text counts as no ID
	if j.Origin != nil {
		c.SourcePackage = &analyzer.SourcePackage{Name: j.Origin.Name, Version: j.Origin.Version}
	}
	return c
}
