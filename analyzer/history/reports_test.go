package history

import (
	"fmt"
	"strings"
	"testing"
)

// TestReports has configurations after faults that users reported of other programs.
func TestReports(t *testing.T) {
	const healthy = `"config": {"User": "app", "Healthcheck": {"Test": ["CMD-SHELL", "curl --fail http://localhost:3000 || exit 1"]}}`
	for _, c := range []struct{ report, text, want, hidden string }{
		{"trufflesecurity/trufflehog#2881: nothing looks for secrets in build arguments of the history",
			`{` + healthy + `, "history": [{"created_by": "RUN |2 V=v8.15.5 GITHUB_REGISTRY_TOKEN=ghp_ohmygodnessaleakedvalue /bin/sh -c unwise-command '${GITHUB_REGISTRY_TOKEN}' "}], "rootfs": {"diff_ids": [""]}}`,
			"secret-in-argument", "ohmygodness"},
		{"aquasecurity/trivy#9485: metadata of Buildah is read as a part of the instruction",
			`{"config": {"User": "app", "Healthcheck": {"Test": ["NONE"]}}, "history": [{"created_by": "/bin/sh -c #(nop) HEALTHCHECK NONE|force-mtime=10", "empty_layer": true}]}`,
			"no-healthcheck", "force-mtime"},
		{"aquasecurity/trivy#3814: the health check is reported although there is one, in BuildKit's form",
			`{` + healthy + `, "history": [{"created_by": "HEALTHCHECK &{[\"CMD-SHELL\" \"curl --fail http://localhost:3000 || exit 1\"] \"10s\" \"3s\" \"0s\" '\\x00'}", "empty_layer": true}]}`,
			"", "\x00"},
		{"aquasecurity/trivy#3814: ADD of the root of the base image is reported",
			`{` + healthy + `, "history": [{"created_by": "/bin/sh -c #(nop) ADD file:9bd7772ff507fb35 in / "}], "rootfs": {"diff_ids": [""]}}`, "", "\x00"},
		{"KKloudTarus/synapse-ce#960: root with a group is no root, and names of settings are secrets",
			`{"config": {"User": "0:1000", "Env": ["PASSWORD_MIN_LENGTH=12", "AUTH_MODE=ldap"], "Healthcheck": {"Test": ["CMD", "x"]}}}`, "root-user", "\x00"},
	} {
		r := analyzeText(t, c.text)
		var list []string
		for _, f := range r.Findings {
			list = append(list, f.Rule)
		}
		if got := strings.Join(list, " "); got != c.want || strings.Contains(fmt.Sprint(r), c.hidden) {
			t.Errorf("%s: got %s, want %s\n%s", c.report, got, c.want, describe(r))
		}
	}
}
