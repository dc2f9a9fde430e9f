package maven

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// sound fails t where a package lacks what every one has.
func sound(t *testing.T, packages []analyzer.Package) {
	t.Helper()
	for _, p := range packages {
		if p.Namespace != "" && !isCoordinate(p.Namespace) || !isCoordinate(p.Name) || !isCoordinate(p.Version) || p.Type != typeMaven {
			t.Errorf("%+v", p)
		}
	}
}

func FuzzArchive(f *testing.F) {
	library := jar(f, manifestOf("Implementation-Version: 1.0"), stating("org.a", "a", "1.0"),
		member{"META-INF/maven/org.a/a/pom.xml", "<project><artifactId>a</artifactId>" + dependencies("g:a:1") + "</project>"})
	f.Add("a-1.0.jar", []byte(library))
	f.Add("b.jar", []byte(jar(f, member{"META-INF/sbom/application.cdx.json", application})))
	f.Add("x.war", []byte(jar(f, member{"WEB-INF/lib/a.jar", library}, member{"b-2.0.jar", jar(f)})))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, err := analyzeArchive(t.Context(), analyzer.NewFile(name, 0o644, data))
		sound(t, r.Packages)
		if err == nil && len(r.Packages) == 0 && len(r.Findings) == 0 && len(data) > 0 && name == "a.jar" {
			t.Error("nothing, and no error")
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("#c\nversion=1.2\ngroupId : org.x\nartifactId y\\\n z\\u0041\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := parseProperties(text); (err == nil) != c.complete() {
			t.Errorf("%s, %v", c, err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add("a-1.0", []byte("Manifest-Version: 1.0\r\nBundle-SymbolicName: org.x;a:=b\r\n c\r\nImplementation-Version: 1 (x)\r\nGroup-Id: a\n\nName: x\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		m, _ := parseManifest(text) // an error leaves what is good
		m.licenses()
		m.describe(sectionsOf(text), name)
		e := evidence{name: name, manifest: m, groups: wellKnown()}
		if c := e.identify(); c.version != "" && !(isCoordinate(c.artifact) && isCoordinate(c.version) && (c.group == "" || isCoordinate(c.group))) {
			t.Errorf("%q: %+v", name, c)
		}
	})
}

func FuzzPOM(f *testing.F) {
	f.Add([]byte("<?xml version='1.0' encoding='latin1'?><project><properties><x>${y}</x><y>1</y></properties>" + dependencies("g:a:${x}", "g:b:[1]") + "<licenses><license><name>MIT</name></license></licenses></project>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, _ := parsePOM(text) // an error leaves what is good
		packages, _ := p.declared(nil)
		sound(t, packages)
		p.coordinates()
		p.licenses()
		p.needs()
	})
}

func FuzzGradleLock(f *testing.F) {
	f.Add([]byte("# c\ng:a:1=compileClasspath\nempty=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseGradleLock(text, nil); err == nil {
			sound(t, r.Packages)
		}
	})
}

func FuzzSbtLock(f *testing.F) {
	f.Add([]byte(`{"dependencies": [{"org": "o", "name": "n", "version": "1", "configurations": ["test"], "artifacts": [{"hash": "sha1:00"}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseSbtLock(text, nil); err == nil {
			sound(t, r.Packages)
		}
	})
}

func FuzzJoin(f *testing.F) {
	parent := "<project><groupId>g</groupId><artifactId>p</artifactId><version>1</version><properties><v>1</v></properties><dependencyManagement>" + dependencies("${project.groupId}:a:${v}") + "</dependencyManagement></project>"
	child := "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>" + dependencies("g:a:", "g:b:${v}") + "</project>"
	f.Add([]byte(parent), []byte(child), []byte("<project><dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>p</artifactId><version>1</version><scope>import</scope></dependency></dependencies></dependencyManagement></project>"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var facts []analyzer.Fact
		for i, text := range [][]byte{a, b, c} {
			name := [...]string{"pom.xml", "x/pom.xml", "x/y/z.pom"}[i]
			if r, _ := analyzeProject(t.Context(), analyzer.NewFile(name, 0o644, text)); r != nil && len(r.Fact) > 0 {
				facts = append(facts, analyzer.Fact{Path: name, Data: r.Fact})
			}
		}
		for _, j := range join(t.Context(), facts) {
			if j.Result != nil {
				sound(t, j.Result.Packages)
			}
		}
	})
}
