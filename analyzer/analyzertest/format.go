package analyzertest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// format writes a report the way archives want it: what matters, a line or a few for each thing, in canonical order.
// Fields that say nothing are left out, and so are IDs, except that an owner is named by its PURL.
func format(r *analyzer.Report) string {
	var b strings.Builder
	if d := r.Distro; d != nil {
		fmt.Fprintf(&b, "distro %s\n", strings.Join(strings.Fields(strings.Join([]string{d.ID, d.VersionID, d.Codename}, " ")), " "))
	}
	purls := make(map[string]string)
	for _, c := range r.Components {
		purls[c.ID] = c.Label()
	}
	for i := range r.Components {
		component(&b, &r.Components[i], purls)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "finding %s %s\n    layer %d, %s, by %s\n", f.Rule, f.Title, f.Layer, f.Path, f.Analyzer)
		line(&b, "severity", f.Severity)
		line(&b, "detail", f.Detail)
		if f.Line > 0 {
			line(&b, "line", strconv.Itoa(f.Line))
		}
		line(&b, "owner", purls[f.Owner])
		if f.Intact {
			line(&b, "intact", "yes")
		}
		if f.Hidden {
			line(&b, "hidden", "yes")
		}
	}
	for _, r := range r.Records {
		fmt.Fprintf(&b, "record %s %s\n    layer %d, %s, by %s\n", r.Kind, r.Key, r.Layer, r.Path, r.Analyzer)
		if r.Line > 0 {
			line(&b, "line", strconv.Itoa(r.Line))
		}
		if r.Hidden {
			line(&b, "hidden", "yes")
		}
		for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
			line(&b, k, r.Fields[k])
		}
	}
	for _, d := range r.Diagnostics {
		by := d.Analyzer
		if by == "" {
			by = "the engine"
		}
		fmt.Fprintf(&b, "diagnostic %s: %s\n    layer %d, %s, by %s\n", d.Code, d.Message, d.Layer, d.Path, by)
		if d.Line > 0 {
			line(&b, "line", strconv.Itoa(d.Line))
		}
	}
	return b.String()
}

func component(b *strings.Builder, c *analyzer.Component, purls map[string]string) {
	at := c.Path
	if c.ArchivePath != "" {
		at += "!" + c.ArchivePath
	}
	fmt.Fprintf(b, "%s\n    layer %d, %s, by %s\n", c.Label(), c.Layer, at, c.Analyzer)
	if c.Owner != "" {
		line(b, "owner", purls[c.Owner])
	}
	line(b, "vendor", c.Vendor)
	if c.Signer != 0 {
		line(b, "signer", fmt.Sprintf("%016x", c.Signer))
	}
	line(b, "licenses", strings.Join(c.Licenses, "; "))
	line(b, "files", strings.Join(c.Files, " "))
	line(b, "depends", strings.Join(c.Depends, " "))
	line(b, "provides", strings.Join(c.Provides, " "))
	for _, k := range slices.Sorted(maps.Keys(c.Hashes)) {
		line(b, k, c.Hashes[k])
	}
	if place := c.Place(); place != analyzer.Installed && place != analyzer.LockFile {
		line(b, "place", string(place))
	}
	if c.Declared {
		line(b, "declared", "yes")
	}
	if c.Nested {
		line(b, "nested", "yes")
	}
	if c.Stated {
		line(b, "stated", "yes")
	}
	if c.Dev {
		line(b, "dev", "yes")
	}
}

func line(b *strings.Builder, key, value string) {
	if value != "" {
		fmt.Fprintf(b, "    %s %s\n", key, value)
	}
}
