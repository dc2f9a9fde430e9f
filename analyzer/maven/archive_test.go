package maven

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A member is one entry of an archive to be built.
type member struct{ name, content string }

// jar returns an archive, deflated.
func jar(t testing.TB, members ...member) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range members {
		dst, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dst.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// stating returns the pom.properties of coordinates, where Maven puts it.
func stating(group, artifact, version string) member {
	return member{"META-INF/maven/" + group + "/" + artifact + "/pom.properties",
		"version=" + version + "\ngroupId=" + group + "\nartifactId=" + artifact + "\n"}
}

func manifestOf(lines ...string) member {
	return member{"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n" + strings.Join(lines, "\n") + "\n"}
}

// describe returns what was found: "inside: group:artifact:version", with "*" behind where the SHA-1 of the archive is known,
// and "inside: ?" for an archive that was not identified.
func describe(r *analyzer.Result) []string {
	var list []string
	for _, p := range r.Packages {
		s := fmt.Sprintf("%s: %s:%s:%s", p.ArchivePath, p.Namespace, p.Name, p.Version)
		if p.Hashes["sha1"] != "" {
			s += "*"
		}
		list = append(list, s)
	}
	for _, f := range r.Findings {
		inside, _, _ := strings.Cut(f.Detail, "sha1:")
		list = append(list, strings.TrimSpace(inside)+": ?")
	}
	return list
}

func TestArchive(t *testing.T) {
	a, b := stating("org.a", "a", "1.0"), stating("org.b", "b", "2.0")
	ajar, bjar := jar(t, manifestOf(), a), jar(t, manifestOf(), b)
	for _, tt := range []struct {
		name, file string
		content    string
		want       []string
		err        string // part of the error, none if empty
	}{
		{"a library", "lib/a-1.0.jar", ajar, []string{": org.a:a:1.0*"}, ""},
		{"renamed", "app.jar", ajar, []string{": org.a:a:1.0*"}, ""},
		{"Spring Boot", "shop.jar", jar(t, manifestOf("Main-Class: org.springframework.boot.loader.JarLauncher"), stating("x", "shop", "7"),
			member{"BOOT-INF/lib/a-1.0.jar", ajar}, member{"BOOT-INF/lib/b.jar", bjar}),
			[]string{": x:shop:7*", "BOOT-INF/lib/a-1.0.jar: org.a:a:1.0*", "BOOT-INF/lib/b.jar: org.b:b:2.0*"}, ""},
		{"one-jar", "one.jar", jar(t, member{"main/main.jar", ajar}, member{"lib/b.jar", bjar}), []string{"main/main.jar: org.a:a:1.0*", "lib/b.jar: org.b:b:2.0*", ": ?"}, ""},
		{"shaded", "a-1.0.jar", jar(t, b, a), []string{": org.b:b:2.0", ": org.a:a:1.0*"}, ""},
		{"shaded into one that says nothing of itself", "all-3.0.jar", jar(t, a, b), []string{": org.a:a:1.0", ": org.b:b:2.0", ": ?"}, ""},
		{"shaded into one that its manifest says is another", "guice.jar", jar(t, manifestOf("Bundle-Version: 4.2.3"), a), []string{": org.a:a:1.0", ": ?"}, ""},
		{"renamed, with OSGi's notation of the version", "app.jar", jar(t, manifestOf("Bundle-Version: 1.0.0.SNAPSHOT"), stating("x", "y", "1.0-SNAPSHOT")), []string{": x:y:1.0-SNAPSHOT*"}, ""},
		{"shaded into one whose name ends alike", "data-3.0.jar", jar(t, a), []string{": org.a:a:1.0", ": ?"}, ""},
		{"a group in front of the name", "org.a.a.jar", jar(t, b, a), []string{": org.b:b:2.0", ": org.a:a:1.0*"}, ""},
		{"an enterprise archive", "x.ear", jar(t, member{"web.war", jar(t, member{"WEB-INF/lib/a.jar", ajar})}),
			[]string{"web.war!WEB-INF/lib/a.jar: org.a:a:1.0*", ": ?", "web.war: ?"}, ""},
		{"every kind", "x.kar", jar(t, member{"a.JAR", ajar}, member{"a.sar", ajar}, member{"a.nar", ajar}, member{"a.hpi", ajar}, member{"a.far", ajar}, member{"a.zip", ajar}),
			[]string{"a.JAR: org.a:a:1.0*", "a.sar: org.a:a:1.0*", "a.nar: org.a:a:1.0*", "a.hpi: org.a:a:1.0*", "a.far: org.a:a:1.0*", ": ?"}, ""},
		{"signed", "a-1.0.jar", jar(t, manifestOf("", "Name: x.class", "SHA-256-Digest: 0"), member{"META-INF/A.SF", "Signature-Version: 1.0"}, member{"META-INF/A.RSA", "\x30"}, a), []string{": org.a:a:1.0*"}, ""},
		{"two manifests", "t.jar", jar(t, manifestOf("Implementation-Version: 1"), member{"meta-inf/manifest.mf", "Implementation-Version: 2\nImplementation-Vendor-Id: org.t\n"}), []string{": org.t:t:1*"}, ""},
		{"pom.xml only", "c-3.jar", jar(t, member{"META-INF/maven/org.c/c/pom.xml", "<project><parent><groupId>org.c</groupId><version>3</version></parent><artifactId>c</artifactId></project>"}), []string{": org.c:c:3*"}, ""},
		{"pom.xml beside pom.properties", "a-1.0.jar", jar(t, a, member{"META-INF/maven/org.a/a/pom.xml", "<project><groupId>org.a</groupId><artifactId>a</artifactId><version>${revision}</version></project>"}), []string{": org.a:a:1.0*"}, ""},
		{"stated twice", "a-1.0.jar", jar(t, a, member{"WEB-INF/classes/" + a.name, a.content}), []string{": org.a:a:1.0*"}, ""},
		{"no group, but the directory has it", "a.jar", jar(t, member{a.name, "version=1.0\n"}), []string{": org.a:a:1.0*"}, ""},
		{"no group anywhere", "z.jar", jar(t, member{"pom.properties", "version=1.0\nartifactId=a\n"}), []string{": :a:1.0*"}, "pom.properties: no groupId"},
		{"pom.xml with an unknown property", "shop-1.4.jar", jar(t, member{"META-INF/maven/com.acme/shop/pom.xml", "<project><parent><groupId>com.acme</groupId><version>${revision}</version></parent><artifactId>shop</artifactId></project>"}), []string{": com.acme:shop:1.4*"}, ""},
		{"merged pom.xml with an unknown property", "shop-1.4.jar", jar(t, member{"META-INF/maven/com.acme/api/pom.xml", "<project><parent><groupId>com.acme</groupId><version>${revision}</version></parent><artifactId>api</artifactId></project>"}), []string{": :shop:1.4*"}, ""},
		{"pom.properties with an unknown property", "shop-1.4.jar", jar(t, stating("com.acme", "shop", "${revision}")), []string{": com.acme:shop:1.4*"}, `version is "${revision}"`},
		{"a name with a version", "guava-27.0-jre.jar", jar(t), []string{": com.google.guava:guava:27.0-jre*"}, ""},
		{"nothing at all", "guava.jar", jar(t), []string{": ?"}, ""},
		{"a module of the JDK", "java.base.jmod", "JM\x01\x00" + jar(t, member{"classes/module-info.class", ""}), nil, ""},
		{"a script in front", "a.jar", "#!/bin/sh\nexec java -jar $0\n" + ajar, []string{": org.a:a:1.0*"}, ""},
		{"bad name beside a good one", "a.jar", jar(t, member{"../../" + b.name, b.content}, a), []string{": org.a:a:1.0*"}, "not a name within the archive"},
		{"a bad archive beside a good one", "x.war", jar(t, member{"WEB-INF/lib/a.jar", ajar}, member{"WEB-INF/lib/c.jar", "text"}), []string{"WEB-INF/lib/a.jar: org.a:a:1.0*", ": ?"}, "WEB-INF/lib/c.jar: not a zip archive"},
		{"a bad manifest", "a.jar", jar(t, manifestOf("oops"), a), []string{": org.a:a:1.0*"}, "META-INF/MANIFEST.MF: line 2: not a header"},
		{"a bad manifest within", "x.war", jar(t, member{"y.jar", jar(t, manifestOf("oops"), a)}), []string{"y.jar: org.a:a:1.0*", ": ?"}, "y.jar!META-INF/MANIFEST.MF: line 2: not a header"},
		{"no archive", "a.jar", "text", nil, "maven: not a zip archive"},
		{"empty", "a.jar", "", nil, "maven: not a zip archive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New().Analyze(t.Context(), analyzer.NewFile("srv/"+tt.file, 0o644, []byte(tt.content)))
			err = diagnostic.Err(r, err)
			if got := describe(r); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

func TestArchiveDetails(t *testing.T) {
	pom := `<project><groupId>org.a</groupId><artifactId>a</artifactId><version>1.0</version>
		<licenses><license><name>Apache License, Version 2.0</name></license><license><url>https://example.com/eula</url></license></licenses>` +
		dependencies("org.b:b:1", "org.c:c:1:runtime", "org.d:d:1:test", "org.b:b:2") + `</project>`
	described := jar(t, stating("org.a", "a", "1.0"), member{"META-INF/maven/org.a/a/pom.xml", pom})
	r, err := New().Analyze(t.Context(), analyzer.NewFile("a.jar", 0o644, []byte(described)))
	if err != nil || len(r.Packages) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	p := r.Packages[0]
	if want := []string{"Apache-2.0", "https://example.com/eula"}; !slices.Equal(p.Licenses, want) {
		t.Errorf("Licenses %q, want %q", p.Licenses, want)
	}
	if want := []string{"org.b/b", "org.c/c"}; !slices.Equal(p.Depends, want) {
		t.Errorf("Depends %q, want %q", p.Depends, want)
	}
	sum := sha1.Sum([]byte(described))
	if want := hex.EncodeToString(sum[:]); p.Hashes["sha1"] != want {
		t.Errorf("SHA-1 %s, want %s", p.Hashes["sha1"], want)
	}
	if p.Declared || p.Dev {
		t.Error("an archive is not only declared")
	}
	for address, want := range map[string]string{
		"http://www.apache.org/licenses/LICENSE-2.0.txt":     "Apache-2.0",
		"https://apache.org/licenses/LICENSE-2.0":            "Apache-2.0",
		"https://www.eclipse.org/legal/epl-v10.html":         "EPL-1.0",
		"https://www.eclipse.org/org/documents/epl-2.0/":     "EPL-2.0",
		"https://opensource.org/licenses/BSD-3-Clause":       "BSD-3-Clause",
		"http://www.opensource.org/licenses/mit-license.php": "MIT",
		"https://spdx.org/licenses/MIT-0.html":               "MIT-0",
		"https://www.mozilla.org/en-US/MPL/2.0/":             "MPL-2.0",
		"https://example.com/licenses/MIT":                   "",
		"https://opensource.org/licenses":                    "",
		"":                                                   "",
	} {
		if got := licenseAt(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	bundle := jar(t, manifestOf("Bundle-License: Some License;link=https://opensource.org/licenses/MIT, <<EXTERNAL>>", "Implementation-Version: 1.0"))
	r, err = New().Analyze(t.Context(), analyzer.NewFile("x.jar", 0o644, []byte(bundle)))
	if err != nil || len(r.Packages) != 1 || !slices.Equal(r.Packages[0].Licenses, []string{"MIT"}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestArchiveCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().Analyze(ctx, analyzer.NewFile("a.jar", 0o644, []byte(jar(t)))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestManifestBomb(t *testing.T) {
	bomb := jar(t, manifestOf("Implementation-Version: 1.0", "X: "+strings.Repeat("\n ", 32<<20)))
	r, err := New().Analyze(t.Context(), analyzer.NewFile("a.jar", 0o644, []byte(bomb)))
	if err != nil || len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.TooLarge || len(r.Packages) != 1 {
		t.Errorf("%+v, %v; want the version in the first lines, and that it is too large", r, err)
	}
}

// TestManyLibraries reads an archive of very many, which must take no longer than their number.
func TestManyLibraries(t *testing.T) {
	const count = 50_000
	members := make([]member, 0, count)
	for i := range count {
		members = append(members, stating("org.a", fmt.Sprint("a", i), "1.0"))
	}
	r, err := New().Analyze(t.Context(), analyzer.NewFile("all.jar", 0o644, []byte(jar(t, members...))))
	if err != nil || len(r.Packages) != count {
		t.Errorf("%d packages, %v", len(r.Packages), err)
	}
}

// application is an SBOM as Spring Boot's build plugins put it into an archive.
const application = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"group": "com.acme", "name": "app", "version": "1", "purl": "pkg:maven/com.acme/app@1"}}, "components": [
	{"type": "library", "group": "org.a", "name": "a", "version": "1.0", "purl": "pkg:maven/org.a/a@1.0?type=jar"},
	{"type": "library", "group": "org.shaded", "name": "b", "version": "2.0", "purl": "pkg:maven/org.shaded/b@2.0?type=jar", "licenses": [{"license": {"id": "MIT"}}]},
	{"type": "library", "name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20"},
	{"type": "operating-system", "name": "debian", "version": "12"}]}`

// TestListed reads SBOMs in archives. A library that the archive has is listed once, and one that only the document has is declared.
func TestListed(t *testing.T) {
	library := member{"BOOT-INF/lib/a-1.0.jar", jar(t, stating("org.a", "a", "1.0"))}
	for _, c := range []struct {
		name    string
		members []member
		want    string
	}{
		{"Spring Boot", []member{stating("com.acme", "app", "1"), library, {"META-INF/sbom/application.cdx.json", application}},
			"com.acme:app:1, org.a:a:1.0, org.shaded:b:2.0 declared META-INF/sbom/application.cdx.json"},
		{"two documents", []member{{"META-INF/sbom/x.json", application}, {"META-INF/bom.cdx.json", application}},
			"org.a:a:1.0 declared META-INF/sbom/x.json, org.shaded:b:2.0 declared META-INF/sbom/x.json"},
		{"in an archive within", []member{{"BOOT-INF/lib/c.jar", jar(t, stating("org.c", "c", "3"), member{"META-INF/sbom/c.cdx.json", application})}, library},
			"org.c:c:3, org.a:a:1.0, org.shaded:b:2.0 declared BOOT-INF/lib/c.jar!META-INF/sbom/c.cdx.json"},
		{"elsewhere", []member{stating("com.acme", "app", "1"), {"sbom/application.cdx.json", application}, {"META-INF/x.json", application}}, "com.acme:app:1"},
		{"no SBOM", []member{stating("com.acme", "app", "1"), {"META-INF/sbom/x.json", `{"a": []}`}}, "com.acme:app:1"},
		{"broken", []member{stating("com.acme", "app", "1"), {"META-INF/sbom/x.json", application[:300]}}, "com.acme:app:1; META-INF/sbom/x.json"},
	} {
		r, err := analyzeArchive(t.Context(), analyzer.NewFile("app.jar", 0o644, []byte(jar(t, c.members...))))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, p := range r.Packages {
			text := p.Namespace + ":" + p.Name + ":" + p.Version
			if p.Declared {
				text += " declared " + p.ArchivePath
			}
			list = append(list, text)
		}
		got := strings.Join(list, ", ")
		for _, d := range r.Diagnostics {
			place, _, _ := strings.Cut(d.Message, ": ")
			got += "; " + place
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}
