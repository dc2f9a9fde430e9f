package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
)

// placeFlags choose packages by their place, besides those that are installed or vendored.
type placeFlags struct {
	declared bool
	include  []analyzer.Place
}

func (f *placeFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.declared, "declared", false, "include packages that only lock files and manifests name")
	c.Flags().Func("include", "include packages at `PLACES`: cached, test-data, or both with a comma", func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			place := analyzer.Place(strings.TrimSpace(name))
			if place != analyzer.Cached && place != analyzer.TestData {
				return fmt.Errorf("unknown place %q; use cached, test-data or both with a comma", name)
			}
			f.include = append(f.include, place)
		}
		return nil
	})
}
