package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// A document that sbom wrote gives what a scan of the image gives, as a file, gzipped, or on standard input.
func TestMatch(t *testing.T) {
	scanned, _, _ := hullmark(t, "scan", "--cache", "off", "demo:")
	_, scanned, _ = strings.Cut(scanned, "\n") // names the image, and its layers
	document, _, _ := hullmark(t, "sbom", "--cache", "off", "demo:")
	dir := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(document))
	z.Close()
	for name, content := range map[string]string{"app.cdx.json": document, "app.cdx.json.gz": zipped.String()} {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := hullmark(t, "match", name)
		head, rest, _ := strings.Cut(stdout, "\n")
		if code != 0 || results(rest) != results(scanned) || !strings.HasPrefix(head, name+"  Debian GNU/Linux 8 (jessie)") {
			t.Errorf("%s: exit code %d: %s\n%s", name, code, stderr, stdout)
		}
	}
	var out, errs bytes.Buffer
	a := testApp(&out, &errs)
	a.stdin = strings.NewReader(document)
	c := a.rootCommand()
	c.SetArgs([]string{"match", "--fail-on", "high", "-"})
	if err := c.ExecuteContext(t.Context()); err == nil || err.Error() != "10 vulnerabilities are high or worse, which --fail-on disallows; no advisories for deb nodesource.com 8 (1 package); name a database with --db, or pass --allow-uncovered" {
		t.Errorf("standard input: %v", err)
	}
	if _, rest, _ := strings.Cut(out.String(), "\n"); results(rest) != results(scanned) {
		t.Errorf("standard input: %s", out.String())
	}
}

// Documents that other tools wrote of an image give the matches that the image gives, with an advisory for each of its
// source packages.
func TestMatchOfOtherTools(t *testing.T) {
	dir := corpus.Dir(t)
	image := "oci:" + filepath.Join(dir, "images/debian-base")
	components, stderr, code := hullmark(t, "scan", "--cache", "off", "--format", "json", image)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	type release map[string]map[string]string
	tracker := make(map[string]map[string]map[string]release)
	for _, c := range assessment(t, components).Report.Components {
		name := c.Name
		if c.SourcePackage != nil {
			name = c.SourcePackage.Name
		}
		if tracker[name] == nil {
			id := fmt.Sprintf("CVE-2025-%04d", 1000+len(tracker))
			tracker[name] = map[string]map[string]release{id: {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}}
		}
	}
	feed, err := json.Marshal(tracker)
	if err != nil {
		t.Fatal(err)
	}
	name, database := filepath.Join(t.TempDir(), "tracker.json"), filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(name, feed, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := hullmark(t, "db", "build", "--quiet", "--feed", "debian="+name, "-o", database); code != 0 {
		t.Fatal(stderr)
	}
	found := func(args ...string) []string {
		stdout, stderr, code := hullmark(t, append(args, "--db", database, "--format", "json")...)
		if code != 0 {
			t.Fatalf("%q: exit code %d: %s", args, code, stderr)
		}
		x := assessment(t, stdout)
		names := make(map[string]string)
		for _, c := range x.Report.Components {
			names[c.ID] = c.Name + " " + c.Version
		}
		var list []string
		for _, m := range x.Result.Matches {
			list = append(list, m.ID+" in "+names[m.Component])
		}
		slices.Sort(list)
		return list
	}
	want := found("scan", "--cache", "off", image)
	if len(want) < 90 {
		t.Fatalf("%d matches", len(want))
	}
	documents, err := filepath.Glob(filepath.Join(dir, "sboms/debian-base.*.gz"))
	if err != nil || len(documents) < 6 {
		t.Fatalf("%d documents: %v", len(documents), err)
	}
	for _, document := range documents {
		if got := found("match", document); !slices.Equal(got, want) {
			t.Errorf("%s: %d matches of %d:\n%q\nwant\n%q", filepath.Base(document), len(got), len(want), got, want)
		}
	}
	t.Logf("%d documents, %d matches each", len(documents), len(want))
}

// A product without a PURL is matched by its CPE name with NVD's data, for what that is worth.
func TestMatchProduct(t *testing.T) {
	dir := t.TempDir()
	feed, document, database := filepath.Join(dir, "nvd.json"), filepath.Join(dir, "sbom.json"), filepath.Join(dir, "test.db")
	for name, content := range map[string]string{
		feed: `{"vulnerabilities": [{"cve": {"id": "CVE-2025-0001", "vulnStatus": "Analyzed", "configurations": [{"nodes": [
			{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:acme:rocket:*:*:*:*:*:*:*:*", "versionEndExcluding": "1.2"}]}]}]}}]}`,
		document: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
			{"type": "application", "name": "rocket", "version": "1.1", "cpe": "cpe:2.3:a:acme:rocket:1.1:*:*:*:*:*:*:*"},
			{"type": "application", "name": "rocket", "version": "1.2", "cpe": "cpe:2.3:a:acme:rocket:1.2:*:*:*:*:*:*:*"}]}`,
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, stderr, code := hullmark(t, "db", "build", "--quiet", "--feed", "nvd="+feed, "-o", database); code != 0 {
		t.Fatal(stderr)
	}
	stdout, stderr, code := hullmark(t, "match", "--db", database, document)
	for _, want := range []string{
		"rocket 1.1\n  unknown\tCVE-2025-0001\t1.2\tuncertain: by its CPE name only, which names a product and not a package; fix available\t",
		"1 finding: ",
		"No advisories for generic: 2 packages could not be checked.",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s%s", code, want, stdout, stderr)
		}
	}
}

// A derivative is matched with the advisories of the distribution whose packages it has, and that is said.
func TestDerivative(t *testing.T) {
	image := rootfs(t, map[string]string{
		"etc/os-release":      "ID=devuan\nVERSION_ID=\"1\"\n", // has the packages of Debian 8
		"var/lib/dpkg/status": stanza("bash", "4.3-11"),
	})
	stdout, stderr, code := hullmark(t, "scan", "--cache", "off", image)
	if code != 0 || !strings.Contains(stdout, "TEMP-0841856-B18BAF") || !strings.Contains(stdout, "1 of 1 package checked") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	if want := "Packages of devuan 1 come from debian 8, whose advisories apply.\n"; !strings.Contains(stdout, want) {
		t.Errorf("no %q in %s%s", want, stdout, stderr)
	}
	stdout, _, _ = hullmark(t, "explain", "--cache", "off", image, "TEMP-0841856-B18BAF")
	if !strings.Contains(stdout, "AFFECTED: bash 4.3-11\n") {
		t.Errorf("explained as %s", stdout)
	}
}

// results returns a table without the commands to run next, which differ from one command line to the next, and without the base
// image, of which an SBOM does not tell.
func results(table string) string {
	table, _, _ = strings.Cut(table, "\nnext:\n")
	if before, rest, ok := strings.Cut(table, "Only another base image "); ok { // an SBOM has no history
		_, rest, _ = strings.Cut(rest, "\n\n")
		table = before + rest
	}
	if strings.HasPrefix(table, "base image: ") {
		_, table, _ = strings.Cut(table, "\n\n")
		table = "\n" + table
	}
	return table
}
