package maven_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/maven"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", maven.New()) }

// TestNative compares the packages of real archives with the pom.properties that the JDK's own tool lists in them.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("jar")
	if err != nil {
		t.Skip("no jar tool: nothing to compare with")
	}
	corpus.Dir(t)
	files := corpus.Glob(t, "fixtures/java-archive/*/opt/app/*.?ar")
	for _, file := range files[:min(len(files), 6)] {
		out, err := exec.Command(tool, "--list", "--file", file).Output()
		if err != nil {
			t.Logf("%s: %v", file, err)
			continue
		}
		var want []string
		for name := range strings.FieldsSeq(string(out)) {
			if dir, base := path.Split(name); base == "pom.properties" && strings.HasPrefix(dir, "META-INF/maven/") {
				want = append(want, path.Base(dir))
			}
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := maven.New().Analyze(t.Context(), analyzer.NewFile(filepath.ToSlash(file), 0o644, content))
		if err != nil {
			t.Logf("%s: %v", file, err)
		}
		for _, artifact := range want {
			if !slices.ContainsFunc(r.Packages, func(p analyzer.Package) bool { return p.Name == artifact && p.ArchivePath == "" }) {
				t.Errorf("%s: no %s", file, artifact)
			}
		}
	}
}

func BenchmarkArchive(b *testing.B) {
	root := corpus.Dir(b)
	for _, name := range []string{"java-archive/trivy-maven-war/opt/app/web-app.war", "java-archive/springboot-fat/app/demo-0.0.1-SNAPSHOT.jar"} {
		content, err := os.ReadFile(filepath.Join(root, "fixtures", name))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(path.Base(name), func(b *testing.B) { analyze(b, name, content) })
	}
}

func BenchmarkProject(b *testing.B) {
	content, err := os.ReadFile(filepath.Join(corpus.Dir(b), "fixtures/maven-pom/syft-commons-text-1.10.0/pom.xml"))
	if err != nil {
		b.Fatal(err)
	}
	analyze(b, "pom.xml", content)
}

func analyze(b *testing.B, name string, content []byte) {
	a := maven.New()
	f := analyzer.NewFile(name, 0o644, content)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := a.Analyze(b.Context(), f); len(r.Packages) == 0 {
			b.Fatal("nothing found")
		}
	}
}
