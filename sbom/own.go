package sbom

import (
	"cmp"
	"strconv"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// readOwn reads a component that Encode wrote, and the reference of its owner.
func readOwn(e *sbomreport.Entry) (k analyzer.Component, owner string) {
	k = analyzer.Component{
		Package: analyzer.Package{
			Type: typeOf(e.PURL), Namespace: e.Group, Name: e.Name, Version: e.Version,
			Vendor: e.Supplier, Licenses: e.Licenses, Hashes: e.Hashes,
		},
		ID: e.Ref, PURL: e.PURL, Layer: -1,
	}
	var origin analyzer.SourcePackage
	var licenses []string
	products := e.CPEs
	for _, p := range e.Properties {
		switch p.Name {
		case propAnalyzer:
			k.Analyzer = p.Value
		case propCPE:
			products = append(products, p.Value)
		case propType:
			k.Type = p.Value
		case propArch:
			k.Arch = p.Value
		case propSystem:
			k.System = p.Value == "true"
		case propSigner:
			k.Signer, _ = strconv.ParseUint(p.Value, 16, 64)
		case propDeclared:
			k.Declared = p.Value == "true"
		case propStated:
			k.Stated = p.Value == "true"
		case propNested:
			k.Nested = k.Nested || p.Value == "true"
		case propAltered:
			k.Altered = p.Value == "true"
		case propDev:
			k.Dev = p.Value == "true"
		case propInside:
			k.ArchivePath = p.Value
		case propPath:
			k.Path = p.Value
		case propLayer:
			k.Layer = index(p.Value)
		case propOwner:
			owner = p.Value
		case propSourceName:
			origin.Name = p.Value
		case propSourceVersion:
			origin.Version = p.Value
		case propProvides:
			k.Provides = append(k.Provides, p.Value)
		case propDepends:
			k.Depends = append(k.Depends, p.Value)
		case propLicense:
			licenses = append(licenses, p.Value)
		case propHash:
			if algorithm, value, ok := strings.Cut(p.Value, ":"); ok {
				if k.Hashes == nil {
					k.Hashes = make(map[string]string)
				}
				k.Hashes[algorithm] = value
			}
		}
	}
	if licenses != nil {
		k.Licenses = licenses
	}
	if origin != (analyzer.SourcePackage{}) {
		k.SourcePackage = &origin
	}
	if location := e.Path; location != "" && k.Path == "" {
		k.Path = location
		if k.ArchivePath != "" {
			k.Path = strings.TrimSuffix(location, "!"+k.ArchivePath)
		}
	}
	if u, err := packageurl.FromString(e.PURL); err == nil {
		if version(u.Version) == k.Version { // cut to the length that the schemas allow
			k.Version = u.Version
		}
		k.Qualifiers = qualifiersOf(&k, u.Qualifiers.Map())
	}
	if len(products) > 0 && k.Qualifiers["cpe"] == "" {
		if k.Qualifiers == nil {
			k.Qualifiers = make(map[string]string)
		}
		k.Qualifiers["cpe"] = strings.Join(products, " ")
	}
	return k, owner
}

// qualifiersOf returns the qualifiers that are not made of other fields of a package.
func qualifiersOf(k *analyzer.Component, all map[string]string) map[string]string {
	if all["arch"] == k.Arch {
		delete(all, "arch")
	}
	if k.System { // package sbomreport removes the qualifier distro
		if k.SourcePackage != nil {
			delete(all, "upstream")
		}
		if epoch, _, ok := strings.Cut(k.Version, ":"); ok && k.Type == packageurl.TypeRPM && cmp.Or(all["epoch"], epoch) == epoch {
			delete(all, "epoch")
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// nestedIn returns the component that a property of its owner describes, or false if the value is malformed.
func nestedIn(value string) (k analyzer.Component, ok bool) {
	f := strings.SplitN(value, " ", 5)
	if len(f) < 5 || f[0] == "" {
		return k, false
	}
	u, err := packageurl.FromString(f[3])
	if err != nil {
		return k, false
	}
	layer, err := strconv.Atoi(f[1])
	if err != nil || layer < -1 {
		return k, false
	}
	k = analyzer.Component{
		Package: analyzer.Package{Type: u.Type, Namespace: u.Namespace, Name: u.Name, Version: u.Version},
		ID:      f[0], Layer: layer, Analyzer: f[2], PURL: f[3], Path: f[4], Nested: true,
	}
	if q := u.Qualifiers.Map(); len(q) > 0 {
		k.Qualifiers = q
	}
	return k, true
}
