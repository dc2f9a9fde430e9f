package version

import "testing"

// TestMaven39 holds what Maven 3.9 changed, by the names of its issues.
func TestMaven39(t *testing.T) {
	check := func(issue, a, op, b string) {
		t.Helper()
		if got := answer(t, "maven", a, b); got != op {
			t.Errorf("%s: %s %s %s, got %s", issue, a, op, b, got)
		}
	}
	for _, x := range []string{"abc", "alpha", "a", "beta", "b", "def", "milestone", "m", "rc"} {
		check("MNG-7644", "1.0.0."+x+"1", "<", "1.0.0-"+x+"2")
		check("MNG-7644", "2-"+x, "=", "2.0."+x)
		check("MNG-7644", "2-"+x, "=", "2.0.0."+x)
		check("MNG-7644", "2.0."+x, "=", "2.0.0."+x)
	}
	for _, sp := range []string{"1.0-sp1-redhat", "1.0-sp-1-redhat", "1.0-sp.1-redhat"} {
		check("MNG-7714", "1.0.final-redhat", "<", sp)
	}
	check("MNG-6964", "1-0.alpha", "<", "1")
	check("MNG-6964", "1-0.alpha", "<", "1-0.beta")
	check("MNG-5568", "6.1.0", "<", "6.1H.5-beta")
}

// TestMavenCycle shows that Maven's order is not transitive; see maven.go.
func TestMavenCycle(t *testing.T) {
	for _, pair := range [][2]string{{"1", "1.sp.x"}, {"1.sp.x", "1-alpha.x"}, {"1-alpha.x", "1"}} {
		if got := answer(t, "maven", pair[0], pair[1]); got != "<" {
			t.Errorf("%s %s %s", pair[0], got, pair[1])
		}
	}
}
