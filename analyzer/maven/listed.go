package maven

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/embeddedsbom"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// list reads an SBOM in an archive, as builds with Spring Boot, Quarkus and the plugin of CycloneDX write it. The build resolved its packages, which
// may be more or less than the archive has.
//
// Sources: https://docs.spring.io/spring-boot/reference/actuator/endpoints.html, https://quarkus.io/guides/cyclonedx.
func (a *archive) list(f *zipwalk.File) {
	text, err := f.Read(maxSBOM)
	a.problem(f.Name, err)
	if len(text) == 0 || a.decoding(text, embeddedsbom.Marks) != nil {
		return
	}
	d, err := embeddedsbom.Read(text, false)
	a.problem(f.Name, err)
	if d == nil {
		return
	}
	for _, n := range d.Diagnostics {
		a.problems.At(f.Name, "%s", n.Message)
	}
	for _, p := range d.Packages {
		if p.Type != typeMaven || !isCoordinate(p.Namespace) || !isCoordinate(p.Name) || !isCoordinate(p.Version) {
			continue
		}
		p.ArchivePath, p.Declared = strings.TrimPrefix(a.zip.Inside+zipwalk.Separator+f.Name, zipwalk.Separator), true
		var grown error
		if a.listed, grown = a.meter.Append(a.listed, p); grown != nil {
			return
		}
	}
}

// addListed adds the packages of SBOMs that no other metadata in the file state. They are declared, since their code may not be there.
func addListed(r *analyzer.Result, listed []analyzer.Package) {
	if len(listed) == 0 {
		return
	}
	known := make(map[coordinates]bool, len(r.Packages))
	for i := range r.Packages {
		p := &r.Packages[i]
		known[coordinates{p.Namespace, p.Name, p.Version}] = true
	}
	for _, p := range listed {
		if c := (coordinates{p.Namespace, p.Name, p.Version}); !known[c] {
			known[c] = true
			r.Packages = append(r.Packages, p)
		}
	}
}
