package maven

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// factsOf returns the facts of projects, named in order.
func factsOf(t testing.TB, projects ...string) (facts []analyzer.Fact) {
	t.Helper()
	for i, text := range projects {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(fmt.Sprintf("%04d/pom.xml", i), 0o644, []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, analyzer.Fact{Path: fmt.Sprintf("%04d/pom.xml", i), Data: r.Fact})
	}
	return facts
}

// TestJoinBounds joins projects whose number of steps is a product of theirs, or worse: it would not end, or fill memory.
func TestJoinBounds(t *testing.T) {
	chain := func(i int) string {
		return fmt.Sprintf("<project><parent><groupId>g</groupId><artifactId>a%d</artifactId><version>1</version><relativePath/></parent><artifactId>a%d</artifactId>%s</project>", i+1, i, dependencies("x:y:1"))
	}
	var deep, wide, inherited, imports []string
	for i := range 2000 {
		deep = append(deep, chain(i))
	}
	parent := func(body string) string {
		return "<project><groupId>g</groupId><artifactId>p</artifactId><version>1</version>" + body + "</project>"
	}
	child := "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>" + dependencies("x:unknown:") + "</project>"
	var varying, many []string
	for i := range 5000 {
		varying = append(varying, fmt.Sprintf("${project.groupId}:a%d:1", i))
		many = append(many, fmt.Sprintf("g:a%d:1", i))
	}
	wide = append(wide, parent("<dependencyManagement>"+dependencies(varying...)+"</dependencyManagement>"))
	inherited = append(inherited, parent(dependencies(many...)))
	for range 2000 {
		wide, inherited = append(wide, child), append(inherited, child)
	}
	for i := range 40 { // each imports all others
		var list strings.Builder
		for k := range 40 {
			fmt.Fprintf(&list, "<dependency><groupId>g</groupId><artifactId>b%d</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>", k)
		}
		imports = append(imports, fmt.Sprintf("<project><groupId>g</groupId><artifactId>b%d</artifactId><version>1</version><dependencyManagement><dependencies>%s</dependencies></dependencyManagement>%s</project>", i, &list, dependencies("x:unknown:")))
	}
	for _, tt := range []struct {
		name     string
		projects []string
		want     string // an error of some project
	}{
		{"deep", deep, "more than 32 parents"},
		{"wide", wide, "managed dependencies of all projects"},
		{"inherited", inherited, "projects inherit more than"},
		{"imports", imports, "no exact version"},
	} {
		start := time.Now()
		packages, told := 0, false
		for _, j := range join(t.Context(), factsOf(t, tt.projects...)) {
			if j.Result != nil {
				packages += len(j.Result.Packages)
			}
			if err := diagnostic.Err(j.Result, j.Err); err != nil {
				told = told || strings.Contains(err.Error(), tt.want)
			}
		}
		if !told && tt.name != "deep" || packages > maxInherited+len(tt.projects)*maxParents {
			t.Errorf("%s: %d packages, no error with %q", tt.name, packages, tt.want)
		}
		t.Logf("%s: %d packages in %s", tt.name, packages, time.Since(start))
	}
}
