package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestRemediate closes the findings of an image of several ecosystems: the highest of the lowest fixed versions, one command a package
// manager, the one that closes most first, and nothing that a hostile name could make of the command.
func TestRemediate(t *testing.T) {
	found := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}, Layers: []analyzer.Layer{{}, {}}}
	result := new(matcher.Result)
	add := func(purlType, name, source string, layer int, fixes ...string) {
		c := analyzer.Component{ID: fmt.Sprint(len(found.Components)), Layer: layer, Package: analyzer.Package{Type: purlType, Name: name, Version: "1.0", System: purlType == "deb"}}
		if c.System {
			c.Namespace = "debian"
		}
		if source != "" {
			c.SourcePackage = &analyzer.SourcePackage{Name: source, Version: "1.0"}
		}
		found.Components = append(found.Components, c)
		for i, fixed := range fixes {
			severity := matcher.High
			if strings.HasPrefix(fixed, "low ") {
				fixed, severity = fixed[4:], matcher.Low
			}
			key := matcher.EcosystemOf(&c, found.Distro)
			if source == "other" {
				key.Release = "11"
			}
			result.Matches = append(result.Matches, matcher.Match{
				ID: fmt.Sprintf("CVE-2026-%s%d", strings.Trim(source+c.ID, "abcdefghijklmnopqrstuvwxyz"), i), Component: c.ID, Fixed: fixed,
				Severity: matcher.Severity{Level: severity}, Advisories: []matcher.Advisory{{Key: key}},
			})
		}
	}
	add("deb", "libssl3", "openssl", 0, "1.10", "1.9", "")
	add("deb", "openssl", "openssl", 0, "1.10", "low 1.11")
	add("deb", "libx", "other", 1, "2.0", "")
	add("deb", "libesm", "", 0, "1.0-1esm2")
	add("npm", "lodash", "", 1, "4.17.21", "4.17.19")
	add("npm", "x; rm -rf /", "", 1, "2'0")
	add("npm", "-g", "", 1, "2.0")
	add("npm", "jquery", "", 1, "3.5.0")
	found.Components[len(found.Components)-1].Analyzer = "binary-script" // copied, so npm does not update it
	add("deb", "zlib", "", 1, "1.3")
	found.Components[len(found.Components)-1].Stated = true
	add("maven", "log4j", "", 1, "2.17.1")
	a := report.New(found, result, report.Options{Base: &report.Base{Layers: 1}})
	r := a.Remediate(matcher.High)
	var lines []string
	for _, x := range r.Remedies {
		lines = append(lines, fmt.Sprintf("%s %d: %s", x.Type, x.Closes, x.Command))
		for _, u := range x.Upgrades {
			lines = append(lines, fmt.Sprintf("  %s to %s fixes %d, %d open, %v %s", u.Subject.Name, u.To, u.Fixes, u.Open, u.Packages, u.Unsure))
		}
	}
	const want = `deb 5: apt-get update && apt-get install -y --only-upgrade libesm libssl3 libx openssl
  openssl to 1.10 fixes 3, 1 open, [libssl3 openssl] 
  libesm to 1.0-1esm2 fixes 1, 0 open, [libesm] the version is for subscribers of extended maintenance
  other to 2.0 fixes 1, 1 open, [libx] no advisory of deb debian 12 names the version
npm 4: npm install './-g@2.0' 'x; rm -rf /@2'\''0' lodash@4.17.21
  lodash to 4.17.21 fixes 2, 0 open, [lodash] 
  -g to 2.0 fixes 1, 0 open, [-g] 
  x; rm -rf / to 2'0 fixes 1, 0 open, [x; rm -rf /] 
deb 1: 
  zlib to 1.3 fixes 1, 0 open, [] 
maven 1: 
  log4j to 2.17.1 fixes 1, 0 open, [log4j] 
npm 1: 
  jquery to 3.5.0 fixes 1, 0 open, [] `
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Base != 1 || r.Open != 1 {
		t.Errorf("%d for the base, %d open", r.Base, r.Open)
	}
	if low := a.Remediate(matcher.Unknown); low.Remedies[0].Upgrades[0].To != "1.11" {
		t.Errorf("to %s with low ones", low.Remedies[0].Upgrades[0].To)
	}
}
