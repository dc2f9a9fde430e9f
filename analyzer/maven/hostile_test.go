package maven

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// archiveOf returns an archive with members of a name with a number and the same content.
func archiveOf(t *testing.T, n int, name string, method uint16, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		f, err := w.CreateHeader(&zip.FileHeader{Name: strings.ReplaceAll(name, "#", fmt.Sprint(i)), Method: method})
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const coordinatesText = "groupId=g\nartifactId=a\nversion=1\n"

// TestLargeInput asks that an archive of 200 MB is read in full, and one of 2,000 libraries.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	library := archiveOf(t, 1, "META-INF/maven/g/a/pom.properties", zip.Deflate, []byte(coordinatesText))
	for _, test := range []struct {
		name string
		text []byte
		want int
	}{
		{"libraries", archiveOf(t, 2000, "BOOT-INF/lib/a-#.jar", zip.Store, library), 2001},
		{"large", largeArchive(t), 1},
	} {
		r, err := hostile.Analyze(t, New(), "app/a-1.jar", test.text, 100<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != test.want {
			t.Errorf("%s: %d packages, %v, %v", test.name, len(r.Packages), r.Diagnostics, err)
		}
	}
}

// largeArchive returns an archive of 200 MB with a library's metadata.
func largeArchive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 200 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("data-%d.bin", i), Method: zip.Store})
		if err == nil {
			_, err = f.Write(make([]byte, 1_000_000))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Create("META-INF/maven/g/a/pom.properties")
	if err == nil {
		_, err = io.WriteString(f, coordinatesText)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	pom := hostile.Times(200_000, "<project><dependencyManagement><dependencies>", "<dependency/>", "</dependencies></dependencyManagement></project>")
	for _, test := range []struct {
		name, path string
		text       []byte
	}{
		{"coordinates", "a.jar", archiveOf(t, 200_000, "META-INF/maven/g#/a/pom.properties", zip.Store, []byte(coordinatesText))},
		{"long names", "a.jar", archiveOf(t, 1000, "META-INF/maven/g#/"+strings.Repeat("a/", 30_000)+"pom.properties", zip.Store, []byte(coordinatesText))},
		{"archives", "a.jar", archiveOf(t, 60_000, "#.jar", zip.Store, archiveOf(t, 1, "META-INF/maven/g/a/pom.properties", zip.Store, []byte(coordinatesText)))},
		{"projects", "a.jar", archiveOf(t, 100, "META-INF/maven/g/a#/pom.xml", zip.Deflate, pom)},
		{"dependencies", "app/pom.xml", hostile.Times(290_000, "<project><dependencies>", "<dependency/>", "</dependencies></project>")},
		{"managed dependencies", "app/pom.xml", hostile.Times(290_000, "<project><dependencyManagement><dependencies>", "<dependency/>", "</dependencies></dependencyManagement></project>")},
		{"gradle", "app/gradle.lockfile", hostile.Times(1_000_000, "", "a:a:#=a\n", "")},
		{"sbt", "app/build.sbt.lock", hostile.Times(1_000_000, `{"dependencies":[{}`, `,{}`, "]}")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, New(), test.path, test.text, 256<<20) })
	}
}

// TestJoinHostile asks that projects that take much memory together are refused.
func TestJoinHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	text := hostile.Times(20_000, "<project><parent><artifactId>x</artifactId></parent><properties><v>"+strings.Repeat("v", 1000)+"</v></properties><dependencyManagement><dependencies>",
		"<dependency><groupId>g</groupId><artifactId>a#${v}</artifactId></dependency>", "</dependencies></dependencyManagement></project>")
	r, err := hostile.Analyze(t, New(), "app/pom.xml", text, 200<<20)
	if err != nil {
		t.Fatal(err)
	}
	var facts []analyzer.Fact
	for i := range 60 {
		facts = append(facts, analyzer.Fact{Path: fmt.Sprintf("%d/pom.xml", i), Data: r.Fact})
	}
	var joined []analyzer.Joined
	peak := hostile.Peak(func() { joined = New().(analyzer.Joiner).Join(t.Context(), facts) })
	t.Logf("%d MiB of facts, %d MiB of heap", len(facts)*len(r.Fact)>>20, peak>>20)
	if joined[len(joined)-1].Err == nil {
		t.Error("not too large")
	}
}
