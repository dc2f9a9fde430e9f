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
	include  places
}

func (f *placeFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.declared, "declared", false, "include packages that only lock files and manifests name")
	c.Flags().Var(&f.include, "include", "include packages at `PLACES`: cached, test-data, or both with a comma")
}

// places is a list of places in a flag.
type places []analyzer.Place

// Set implements pflag.Value.
func (p *places) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		switch place := analyzer.Place(strings.TrimSpace(name)); place {
		case analyzer.Cached, analyzer.TestData:
			*p = append(*p, place)
		default:
			return fmt.Errorf("unknown place %q; use cached, test-data or both with a comma", name)
		}
	}
	return nil
}

// String implements pflag.Value.
func (p *places) String() string {
	names := make([]string, len(*p))
	for i, place := range *p {
		names[i] = string(place)
	}
	return strings.Join(names, ",")
}

// Type implements pflag.Value.
func (*places) Type() string { return "places" }
