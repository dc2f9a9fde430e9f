// Command buildkit is an SBOM generator for BuildKit: it scans the root file systems of a build, and writes an SPDX document
// about each, as the predicate of an in-toto statement, to where BuildKit attaches them to the image. The protocol is
// https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md; README.md says how to use it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "buildkit:", err)
		os.Exit(1)
	}
}

// run scans the directories that the environment names.
func run(ctx context.Context, env func(string) string) error {
	destination, core := env("BUILDKIT_SCAN_DESTINATION"), env("BUILDKIT_SCAN_SOURCE")
	if destination == "" || core == "" {
		return errors.New("BUILDKIT_SCAN_DESTINATION and BUILDKIT_SCAN_SOURCE must be set; BuildKit does that")
	}
	sources := []string{core}
	if extras := env("BUILDKIT_SCAN_SOURCE_EXTRAS"); extras != "" {
		entries, err := os.ReadDir(extras)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if e.IsDir() {
				sources = append(sources, filepath.Join(extras, e.Name()))
			}
		}
	}
	taken := make(map[string]bool)
	for _, dir := range sources {
		name := filepath.Base(dir)
		for n := 2; taken[name]; n++ { // an extra that is called like the result of the build
			name = fmt.Sprintf("%s-%d", filepath.Base(dir), n)
		}
		taken[name] = true
		text, err := statement(ctx, dir, name)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if err := os.WriteFile(filepath.Join(destination, name+".spdx.json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// statement scans a root file system. BuildKit fills in the subject, which has no digest before the image is written.
func statement(ctx context.Context, dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	pipeline := assess.Pipeline{Name: name, Scanner: scan.Scanner{Analyzers: all.All()}}
	x, err := pipeline.FS(ctx, root.FS())
	if err != nil {
		return nil, err
	}
	for _, d := range x.Report.Diagnostics {
		fmt.Fprintf(os.Stderr, "buildkit: %s: %q: %s: %q\n", name, d.Path, d.Code, d.String())
	}
	var document bytes.Buffer
	err = sbom.Encode(&document, x, sbom.Options{Format: sbom.SPDXJSON, Compact: true, Tool: report.Tool{Name: "hullmark"}})
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Type          string          `json:"_type"`
		PredicateType string          `json:"predicateType"`
		Subject       []struct{}      `json:"subject"`
		Predicate     json.RawMessage `json:"predicate"`
	}{"https://in-toto.io/Statement/v0.1", "https://spdx.dev/Document", []struct{}{}, document.Bytes()})
}
