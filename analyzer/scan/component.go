package scan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/distro"
)

// nameComponents sets the namespace, PURL and ID of every component, and joins components with equal IDs.
func nameComponents(report *analyzer.Report) {
	kept := report.Components[:0]
	byID := make(map[string]int, len(report.Components))
	for n := range report.Components {
		c := &report.Components[n]
		if c.System && c.Namespace == "" && report.Distro != nil {
			c.Namespace = report.Distro.ID
			if c.Type == "rpm" {
				c.Namespace = cmp.Or(distro.RPMThirdParty(report.Distro.ID, c.Vendor), c.Namespace)
			}
		}
		if d := report.Distro; c.System && c.Stated && d != nil && c.Qualifiers["distro"] == d.ID {
			if delete(c.Qualifiers, "distro"); len(c.Qualifiers) == 0 { // a note without a release is of the image's
				c.Qualifiers = nil
			}
		}
		c.PURL = c.Package.PURL(report.Distro)
		c.ID = componentID(c)
		i, ok := byID[c.ID]
		if !ok {
			byID[c.ID] = len(kept)
			if len(kept) == n {
				kept = kept[:n+1]
			} else {
				kept = append(kept, *c)
			}
			continue
		}
		k := &kept[i] // stated twice in one file
		addPackage(&k.Package, &c.Package)
		k.Dev = k.Dev && c.Dev
		k.Declared = k.Declared && c.Declared
		k.Stated = k.Stated && c.Stated
		k.Layer = min(k.Layer, c.Layer)
	}
	clear(report.Components[len(kept):])
	report.Components = kept
}

// componentID returns a hash of the label and the location of a component, 64 bits of SHA-256 in hexadecimal.
func componentID(c *analyzer.Component) string {
	b := make([]byte, 0, 512) // on the stack
	for _, s := range [...]string{c.Label(), c.Path, c.ArchivePath, c.Analyzer} {
		b = append(append(b, s...), 0)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}
