package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// endings are the ends of the names of -o that choose a format if --format does not. Reports have those of extensions.
var endings = map[string]map[string]string{
	"hullmark sbom":      {".spdx.json": "spdx-json", ".xml": "cyclonedx-xml"},
	"hullmark sbom diff": {".json": "json"},
	"hullmark files":     {".csv": "csv", ".cdx.json": "cyclonedx"},
	"hullmark explain":   {".json": "json"},
}

// chooseFormat sets --format by the name of -o if nothing else has set it: a page in FILE.html, not a table.
func chooseFormat(c *cobra.Command) error {
	format, output := c.Flags().Lookup("format"), c.Flags().Lookup("output")
	if format == nil || output == nil || format.Changed {
		return nil
	}
	known := endings[c.CommandPath()]
	if known == nil && c.Flags().Lookup("template") != nil { // of reports
		known = make(map[string]string)
		for name, end := range extensions {
			if name != "template" {
				known[end] = name
			}
		}
	}
	longest := ""
	for end := range known {
		if len(end) > len(longest) && strings.HasSuffix(output.Value.String(), end) {
			longest = end
		}
	}
	if longest == "" {
		return nil
	}
	return c.Flags().Set("format", known[longest])
}
