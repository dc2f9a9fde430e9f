package anchore_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestReports repeats situations that users of Anchore reported. The result is an error of Read, or the action and what decides.
func TestReports(t *testing.T) {
	images := func(list, repository string) string {
		b := bundleOf(oneRule("r", "WARN", "always.always"))
		b[list] = []any{map[string]any{"registry": "docker.io", "repository": repository, "image": map[string]any{"type": "tag", "value": "latest"}}}
		return encode(t, b)
	}
	named := func(name string) func(*report.PolicyInput) {
		return func(in *report.PolicyInput) { in.Reference = name }
	}
	base := func(name string) func(*report.PolicyInput) {
		return func(in *report.PolicyInput) { in.Base = &report.Base{Name: name} }
	}
	for _, c := range []struct {
		report, text string
		change       func(*report.PolicyInput)
		want         string
	}{
		{"anchore-engine 104: a blacklisted image of Docker Hub passes, and needs a name that the documentation does not show", images("blacklisted_images", "library/ubuntu"), named("ubuntu:latest"), "stop image, image"},
		{"anchore-engine 104: in the other spelling", images("blacklisted_images", "ubuntu"), named("docker.io/library/ubuntu:latest"), "stop image, image"},
		{"anchore-engine 127: an image on ubuntu passes a rule for two bases", rules(t, "dockerfile.instruction instruction=FROM; check=not_in; value=scratch,gcr.io/distroless/base:latest"), base("docker.io/library/ubuntu:22.04"), "stop image"},
		{"anchore-engine 127: one of the bases", rules(t, "dockerfile.instruction instruction=FROM; check=not_in; value=scratch,gcr.io/distroless/base:latest"), base("gcr.io/distroless/base:latest"), "go "},
		{"anchore-engine 127: nothing tells the base", rules(t, "dockerfile.instruction instruction=FROM; check=not_in; value=scratch,gcr.io/distroless/base:latest"), func(in *report.PolicyInput) { in.Base, in.Report.Image.BaseName = nil, "" }, "stop image"},
		{"anchore-engine 120: a parameter that only the description has", rules(t, "dockerfile.effective_user users=root; allowed=false"), nil, `unread: anchore: b.json:22: rule "r" of policy "p": parameter type is missing`},
		{"anchore-engine 124: a value of another attribute", rules(t, "metadata.attribute attribute=layer_count; check=>; value=10mb"), nil, `unread: anchore: b.json:37: rule "r" of policy "p": parameter value: "10mb" is not a whole number`},
		{"anchore-engine 151: an invalid bundle was an error of the server without a word", strings.Replace(rules(t, "always.always"), `"policy_ids"`, `"policies"`, 1), nil, `unread: anchore: b.json:4: mapping 1, "all" has neither policy_id nor policy_ids`},
		{"ci-tools 6: a quote is missing", `{"id": "entur_default,` + "\n" + `"version": "1_0"}`, nil, "unread: anchore: b.json:1: not JSON"},
		{"ci-tools 6: mappings without names", strings.Replace(rules(t, "always.always"), `"name": "all",`, "", 1), nil, "stop image"},
		{"anchore-engine 1395: an age of a fix that nobody recorded never fired", rules(t, "vulnerabilities.package package_type=non-os; severity=high; fix_available=true; max_days_since_fix=30"), nil, "stop CVE-2021-44228 in log4j"},
		{"anchore-engine 273: a vulnerability under two names, of which one is allowed", encode(t, listed("vulnerabilities.package package_type=non-os; severity=high; severity_comparison==", "GHSA-35jh-r3h4-6jhm+lodash")), nil, "go CVE-2021-23337 in lodash"},
		{"anchore 50: a comment and another stage before the stage that counts", rules(t, "dockerfile.effective_user users=root; type=blacklist", "dockerfile.exposed_ports ports=9; type=blacklist"), func(in *report.PolicyInput) {
			in.Config = nil
			for i, s := range []string{"FROM build AS b", "USER root", "EXPOSE 9", "FROM web", "USER app"} {
				kind, _, _ := strings.Cut(s, " ")
				in.Report.Records = append(in.Report.Records, analyzer.FileRecord{Analyzer: "dockerfile", Record: analyzer.Record{Kind: "instruction", Line: i + 2, Fields: map[string]string{"kind": kind, "text": s}}})
			}
		}, "go "},
		{"anchore-engine 315: a match that the distribution answers for", rules(t, "vulnerabilities.package package_type=non-os; severity=high"), func(in *report.PolicyInput) {
			in.Result.Matches = []matcher.Match{} // the matcher skipped the component, and says why
		}, "go "},
	} {
		if got := result(t, c.text, anchore.Options{}, c.change); !strings.HasPrefix(got, c.want) || c.want == "go " && got != "go " {
			t.Errorf("%s: got %q, want %q", c.report, got, c.want)
		}
	}
}
