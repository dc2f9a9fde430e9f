package anchore_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// result describes an outcome in a word: the error of Read or Evaluate, or the action and the subjects.
func result(t *testing.T, text string, o anchore.Options, change func(*report.PolicyInput)) string {
	t.Helper()
	b, err := anchore.Read(strings.NewReader(text), "b.json", o)
	if err != nil {
		return "unread: " + err.Error()
	}
	in := input()
	if change != nil {
		change(&in)
	}
	v, err := b.Evaluate(t.Context(), in)
	if err != nil {
		return "error: " + err.Error()
	}
	return v.Action.String() + " " + subjects(v, &in)
}

// TestDefects shows each documented defect of Anchore Engine, as it is by default and with Compat.
func TestDefects(t *testing.T) {
	byDigest := func() string {
		b := bundleOf(oneRule("r", "WARN", "always.always"))
		m := b["mappings"].([]any)
		first := map[string]any{"name": "d", "registry": "registry.example", "repository": "*", "image": map[string]any{"type": "digest", "value": "sha256:99"}, "policy_id": "p", "whitelist_ids": []string{}}
		b["mappings"] = append([]any{first}, m...)
		return encode(t, b)
	}
	unmapped := func() string {
		b := bundleOf(oneRule("r", "STOP", "always.always"))
		b["mappings"] = []any{}
		return encode(t, b)
	}
	withoutLists := func() string {
		b := bundleOf(oneRule("r", "WARN", "always.always"))
		delete(b["mappings"].([]any)[0].(map[string]any), "whitelist_ids")
		return encode(t, b)
	}
	nothing := func(in *report.PolicyInput) { in.Report.Records, in.Report.Examined = nil, nil }
	for _, c := range []struct {
		name, text        string
		change            func(*report.PolicyInput)
		byDefault, compat string
	}{
		{"a mapping by digest", byDigest(), nil, "warn image", "stop image"},
		{"an expression is bad", rules(t, `files.name_match regex=*\.pem`), nil, "unread: anchore: b.json:29: rule \"r\" of policy \"p\": parameter regex", "error: anchore: b.json:22: policy \"p\": rule r: parameter regex"},
		{"a name of secrets that contains another", rules(t, "secret_scans.content_regex_checks content_regex_name=MY_API_KEY"), nil, "go ", "stop content-match API_KEY:1:1 etc/key"},
		{"words, not lines", rules(t, "retrieved_files.content_regex path=/etc/ssh/sshd_config; regex=yes; check=match"), nil, "go ", "stop retrieved-file  etc/ssh/sshd_config"},
		{"lines, not words", rules(t, "retrieved_files.content_regex path=/etc/ssh/sshd_config; regex=PermitRootLogin yes; check=match"), nil, "stop retrieved-file  etc/ssh/sshd_config", "go "},
		{"port 0", rules(t, "dockerfile.exposed_ports ports=0; type=blacklist"), nil, "stop image, image", "go "},
		{"nothing was retrieved", rules(t, "retrieved_files.content_not_available path=/etc/x"), nothing, "stop image", "stop image, image"},
		{"a licence named AND", rules(t, "licenses.blacklist_exact_match licenses=AND"), nil, "go ", "stop image"},
		{"licences of npm", rules(t, "licenses.blacklist_exact_match licenses=MIT"), nil, "stop image", "go "},
		{"an age since publication", rules(t, "vulnerabilities.package package_type=os; severity=medium; max_days_since_creation=365"), nil, "stop CVE-2018-0001 in libc", "go "},
		{"no mapping", unmapped(), nil, "error: anchore: b.json: \"registry.example/team/app:v1.2\": no mapping fits", "go "},
		{"a size exists", rules(t, "metadata.attribute attribute=size; check=exists"), nil, "stop image", "error: anchore: b.json:22: policy \"p\": rule r: exists of size without a value"},
		{"units in upper case", rules(t, "metadata.attribute attribute=size; check=>; value=1GB"), nil, "stop image", "unread: anchore: b.json:37: rule \"r\" of policy \"p\": parameter value: \"1GB\": units are in lower case"},
		{"no whitelist_ids", withoutLists(), nil, "warn image", "unread: anchore: b.json:4: mapping 1, \"all\" has no whitelist_ids"},
		{"a comparison without a value", rules(t, "dockerfile.instruction instruction=RUN; check=like"), nil, "unread: anchore: b.json:22: rule \"r\" of policy \"p\": check=like needs the parameter value", "go "},
		{"versions as texts", rules(t, "metadata.attribute attribute=distro_version; check=<; value=9"), nil, "go ", "stop image"},
		{"not examined", rules(t, "malware.scans"), nothingFound, "stop image", "go image"},
		{"an ended gate", rules(t, "anchoresec.anchoresec"), nil, "unread: anchore: b.json:22: rule \"r\" of policy \"p\": the gate anchoresec reached its end", "go image"},
		{"a user by number", rules(t, "dockerfile.effective_user users=root; type=blacklist"), func(in *report.PolicyInput) { in.Config.Config.User = "0:0" }, "stop image", "go "},
		{"a base image without a Dockerfile", rules(t, "dockerfile.instruction instruction=FROM; check==; value=scratch"), nil, "go ", "stop image"},
	} {
		if got := result(t, c.text, anchore.Options{}, c.change); !strings.HasPrefix(got, c.byDefault) || c.byDefault == "go " && got != "go " {
			t.Errorf("%s: got %q, want %q", c.name, got, c.byDefault)
		}
		if got := result(t, c.text, anchore.Options{Compat: true}, c.change); !strings.HasPrefix(got, c.compat) || c.compat == "go " && got != "go " {
			t.Errorf("%s with Compat: got %q, want %q", c.name, got, c.compat)
		}
	}
}

func nothingFound(in *report.PolicyInput) {
	in.Report.Findings, in.Report.Examined = nil, nil
}

// TestHidden shows what a layer has and an upper layer deletes. Anchore does not see it.
func TestHidden(t *testing.T) {
	hide := func(in *report.PolicyInput) {
		for i := range in.Report.Findings {
			in.Report.Findings[i].Hidden = true
		}
	}
	text := rules(t, "malware.scans", "secret_scans.content_regex_checks content_regex_name=PRIV_KEY")
	if got := result(t, text, anchore.Options{}, hide); got != "stop clamav:Eicar-Test in tmp/eicar.com, secrets:private-key in srv/key.pem" {
		t.Errorf("got %q", got)
	}
	if got := result(t, text, anchore.Options{Compat: true}, hide); got != "go " {
		t.Errorf("with Compat: got %q", got)
	}
}

// TestDockerfile shows which instructions count: those of a Dockerfile, the history, or the configuration where the history is incomplete.
func TestDockerfile(t *testing.T) {
	squashed := func(in *report.PolicyInput) { in.Config.History = in.Config.History[:0] }
	incomplete := func(in *report.PolicyInput) { in.Config.History = in.Config.History[:1] }
	recordsOnly := func(in *report.PolicyInput) { in.Config = nil }
	dockerfile := func(in *report.PolicyInput) {
		for i, text := range []string{"FROM alpine:3", "RUN apk add curl", "USER app"} {
			kind, _, _ := strings.Cut(text, " ")
			r := analyzer.FileRecord{Record: analyzer.Record{Kind: "instruction", Line: i + 1, Fields: map[string]string{"kind": kind, "text": text}}, Path: "Dockerfile"}
			in.Report.Records = append(in.Report.Records, r)
		}
	}
	for _, c := range []struct {
		name, rule string
		change     func(*report.PolicyInput)
		want       string
	}{
		{"RUN of a squashed image", "dockerfile.instruction instruction=RUN; check=like; value=.*", squashed, "stop image: dockerfile.instruction was not examined: the image has no history"},
		{"no RUN, of an incomplete history", "dockerfile.instruction instruction=RUN; check=not_exists", incomplete, "stop image: dockerfile.instruction was not examined: the history of the image is incomplete"},
		{"USER of a squashed image", "dockerfile.instruction instruction=USER; check==; value=root", squashed, "stop image: Dockerfile directive 'USER' check '=' matched against 'root' for line 'root'"},
		{"no HEALTHCHECK, of a squashed image", "dockerfile.instruction instruction=HEALTHCHECK; check=not_exists", squashed, "stop image: Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check"},
		{"the user of a report without a configuration", "dockerfile.effective_user users=root; type=blacklist", recordsOnly, "stop image: User root found as effective user, which is explicity not allowed list"},
		{"a Dockerfile's user", "dockerfile.effective_user users=root; type=blacklist", func(in *report.PolicyInput) { dockerfile(in); in.Config = nil }, "go "},
		{"a Dockerfile's base", "dockerfile.instruction instruction=FROM; check=like; value=alpine; actual_dockerfile_only=true", dockerfile, "stop instruction  Dockerfile: Dockerfile directive 'FROM' check 'like' matched against 'alpine' for line 'alpine:3'"},
		{"a Dockerfile is given", "dockerfile.no_dockerfile_provided", dockerfile, "go "},
		{"a secret in an instruction", "dockerfile.instruction instruction=RUN; check=like; value=curl.*", func(in *report.PolicyInput) {
			in.Config.History[1].CreatedBy = "RUN /bin/sh -c curl -H 'Authorization: Bearer abcdefghijklmnopqrstuvwx' https://example.com # buildkit"
		}, "stop instruction 2 : Dockerfile directive 'RUN' check 'like' matched against 'curl.*' for line 'curl -H 'Authorization: [redacted]"},
	} {
		in := input()
		c.change(&in)
		v := evaluate(t, read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{}), in)
		got := v.Action.String() + " " + subjects(v, &in)
		if len(v.Decisions) > 0 {
			got += ": " + v.Decisions[0].Message
		}
		if !strings.HasPrefix(got, c.want) || len(v.Decisions) > 1 {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
