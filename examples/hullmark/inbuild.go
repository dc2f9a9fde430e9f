package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/plural"
)

func (a *app) inBuildCommand() *cobra.Command {
	var f matchFlags
	var output, root string
	c := &cobra.Command{
		Use:   "in-build",
		Short: "Judge the image that is being built, from inside, as the last step of its build",
		Long: `In-build scans the file system that it runs in and judges it, as a step of a Dockerfile. It needs no network, no
root and no other file than itself; the database, the policy and VEX documents are copied in beside it. What it
brings along, its own program included, is not judged.

  FROM app AS check
  COPY --from=registry.example/hullmark /hullmark /usr/local/bin/
  COPY advisories.db policy.yaml /check/
  USER nobody
  RUN --network=none hullmark in-build --db /check/advisories.db --policy /check/policy.yaml

Builders leave out stages that nothing depends on: name it with --target, or copy something from it. With
--continue it says what is disallowed, and the build goes on.

Exit codes are those of scan: 4 if the policy or --fail-on disallows something, 3 if something could not be judged.`,
		Example: `  hullmark in-build --fail-on high
  hullmark in-build --db /check/advisories.db --policy /check/policy.yaml --continue`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			name := "rootfs:" + root
			return a.match(c.Context(), name, &f, output, false, func() (*analyzer.Report, *v1.ConfigFile, error) {
				return a.readInside(c.Context(), name, root, &f)
			})
		},
	}
	f.register(c)
	flags := c.Flags()
	flags.StringVarP(&output, "output", "o", "", "write results to `FILE` instead of standard output")
	flags.StringVar(&root, "root", "/", "scan `DIR` instead of the whole file system")
	return c
}

// readInside scans a root file system without what this program brings along.
func (a *app) readInside(ctx context.Context, name, root string, f *matchFlags) (*analyzer.Report, *v1.ConfigFile, error) {
	found, config, err := a.readImage(ctx, name, &imageFlags{cache: "off", quiet: true})
	if err != nil {
		return nil, nil, err
	}
	own := f.files()
	if self, err := os.Executable(); err == nil {
		own = append(own, self)
	}
	if self, err := filepath.Abs(os.Args[0]); err == nil { // where there is no /proc
		own = append(own, self)
	}
	brought := func(path string) bool {
		return slices.Contains(own, filepath.Join(root, filepath.FromSlash(path)))
	}
	n := len(found.Components)
	found.Components = slices.DeleteFunc(found.Components, func(c analyzer.Component) bool { return brought(c.Path) })
	found.Findings = slices.DeleteFunc(found.Findings, func(f analyzer.FileFinding) bool { return brought(f.Path) })
	found.Diagnostics = slices.DeleteFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool { return brought(d.Path) })
	if n -= len(found.Components); n > 0 {
		a.say("%s of hullmark's own left out", plural.Count(n, "package"))
	}
	return found, config, nil
}

// files returns the files that the flags name, as absolute paths.
func (f *matchFlags) files() []string {
	var list []string
	for _, name := range append(append([]string{f.database, f.policy, f.since, f.template}, f.vex...), f.formats...) {
		if _, file, ok := strings.Cut(name, "="); ok {
			name = file
		}
		if abs, err := filepath.Abs(name); err == nil && name != "" {
			list = append(list, abs)
		}
	}
	return list
}
