package maven

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestJoinMemory asks that projects of 32 MiB together, which take much memory when they are decoded, take less than any bomb may.
func TestJoinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	const parent = "<project><parent><artifactId>x</artifactId></parent>"
	list := func(n int, d string) string {
		return "<dependencies>" + string(hostile.Times(n, "", "<dependency>"+d+"</dependency>", "")) + "</dependencies>"
	}
	managed := func(n int, d string) string { return "<dependencyManagement>" + list(n, d) + "</dependencyManagement>" }
	long := "<properties><v>" + strings.Repeat("v", 1000) + "</v></properties>"
	longest := "<properties><v>" + strings.Repeat("v", 500_000) + "</v></properties>"
	const gav = "<groupId>g</groupId><artifactId>a#</artifactId><version>1</version>"
	for name, body := range map[string]string{
		"empty managed":      managed(20_000, ""),
		"dependencies":       list(20_000, gav),
		"managed":            managed(20_000, gav),
		"managed and not":    managed(10_000, gav) + list(10_000, "<groupId>g</groupId><artifactId>a#</artifactId>"),
		"varying, looked up": long + managed(20_000, "<groupId>g</groupId><artifactId>a#${v}</artifactId>") + list(10, "<groupId>g</groupId><artifactId>b#</artifactId>"),
		"long value":         longest + managed(10_000, "<groupId>g</groupId><artifactId>a#</artifactId><version>${v}</version>"),
		"properties":         "<properties>" + string(hostile.Times(50_000, "", "<p#/>", "")) + "</properties>",
		"imports":            managed(20_000, "<scope>import</scope>"),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := hostile.Analyze(t, New(), "app/pom.xml", []byte(parent+body+"</project>"), 256<<20)
			if err != nil || len(r.Fact) == 0 {
				t.Fatalf("a fact of %d bytes, %v", len(r.Fact), err)
			}
			var facts []analyzer.Fact
			for i := range min(maxFacts/len(r.Fact), 5000) {
				facts = append(facts, analyzer.Fact{Path: fmt.Sprintf("%d/pom.xml", i), Data: r.Fact})
			}
			var joined []analyzer.Joined
			peak := hostile.Peak(func() { joined = join(t.Context(), facts) })
			n := 0
			for _, j := range joined {
				if j.Err != nil {
					if !errors.Is(j.Err, analyzer.ErrTooLarge) {
						t.Error(j.Err)
					}
					n++
				}
			}
			t.Logf("%d facts of %d bytes, %d refused, %d MiB of heap", len(facts), len(r.Fact), n, peak>>20)
			if peak > 256<<20 {
				t.Errorf("the heap grew by %d MiB", peak>>20)
			}
		})
	}
}
