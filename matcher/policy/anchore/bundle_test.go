package anchore_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBundle evaluates a bundle with every construct.
func TestBundle(t *testing.T) {
	b := read(t, file(t, "testdata/bundle.json"), anchore.Options{})
	if b.ID != "shop" || !slices.Equal(b.Policies, []string{"base", "hard", "empty"}) || b.Rules != 8 || b.Entries != 2 || len(b.Notes) != 0 {
		t.Errorf("%+v", b)
	}
	for _, c := range []struct{ image, digest, mapping, action, rules string }{
		{"registry.example/team/app:v1", "", "mapping 3, line 30", "stop", "b1 b2 b3 b5 b6 b6 b6"},
		{"debian:jessie", "", "mapping 1, line 28", "stop", "b1 b2 b3 b5 b6 b6 b6 h1 h1"},
		{"docker.io/library/debian:jessie-slim", "", "mapping 1, line 28", "stop", "b1 b2 b3 b5 b6 b6 b6 h1 h1"},
		{"docker.io/library/debian:12", "", "mapping 3, line 30", "stop", "b1 b2 b3 b5 b6 b6 b6"},
		{"rootfs:/", "", "mapping 3, line 30", "stop", "b1 b2 b3 b5 b6 b6 b6"},
		{"registry.example/team/app:v1", "sha256:77", "mapping 2, line 29", "warn", "h1 h1"},
		{"registry.example/team/app@sha256:77", "", "mapping 2, line 29", "warn", "h1 h1"},
		{"other.example/team/app:v1", "sha256:77", "mapping 3, line 30", "stop", "b1 b2 b3 b5 b6 b6 b6"},
		{"alpine", "", "mapping 3, line 30", "stop", "b1 b2 b3 b5 b6 b6 b6"}, // no tag: not known to be latest
		{"alpine:latest", "", "mapping 3, line 30", "go", "b1 b2 b3 b5 b6 b6 b6"},
		{"alpine:latest", "sha256:66", "mapping 3, line 30", "stop", "blacklisted_images b1 b2 b3 b5 b6 b6 b6"},
	} {
		in := input()
		in.Reference, in.Report.Image.Digest = c.image, c.digest
		v := evaluate(t, b, in)
		var rules []string
		for i := range v.Decisions {
			rules = append(rules, v.Decisions[i].Rule)
		}
		slices.SortFunc(rules, func(a, b string) int {
			return strings.Compare(strings.TrimPrefix(a, "blacklisted_images"), strings.TrimPrefix(b, "blacklisted_images"))
		})
		if got := strings.Join(rules, " "); v.Mapping != c.mapping || v.Action.String() != c.action || got != c.rules {
			t.Errorf("%s %s: %s, %v by %s\n%s", c.image, c.digest, v.Mapping, v.Action, got, describe(v))
		}
		if (v.Denied != nil) != (c.digest == "sha256:66") || (v.Passed != nil) != (c.action == "go") {
			t.Errorf("%s: denied %v, passed %v", c.image, v.Denied, v.Passed)
		}
	}
}

// TestAll loads a bundle with all 40 triggers and every parameter. The bundle was made from the table once, so that a parameter that
// the table loses is missed.
func TestAll(t *testing.T) {
	all := file(t, "testdata/all.json")
	b := read(t, all, anchore.Options{})
	if b.Rules != 40 || len(b.Notes) > 0 {
		t.Errorf("%d rules, %v", b.Rules, b.Notes)
	}
	triggers, parameters := 0, 0
	for _, g := range anchore.Gates() {
		for _, trigger := range g.Triggers {
			triggers++
			at := strings.Index(all, `"gate": "`+g.Name+`", "trigger": "`+trigger.Name+`"`)
			if at < 0 {
				t.Errorf("no rule for %s.%s", g.Name, trigger.Name)
				continue
			}
			rule, _, _ := strings.Cut(all[at:], `"gate": "x`)
			rule, _, _ = strings.Cut(rule, "]}")
			for _, p := range trigger.Parameters {
				if parameters++; !strings.Contains(rule, `"name": "`+p.Name+`"`) {
					t.Errorf("no parameter %s of %s.%s", p.Name, g.Name, trigger.Name)
				}
			}
			if n := strings.Count(rule, `"name": "`); n != len(trigger.Parameters) {
				t.Errorf("%s.%s has %d parameters, the table %d", g.Name, trigger.Name, n, len(trigger.Parameters))
			}
		}
	}
	if triggers != 40 || parameters != 70 {
		t.Errorf("%d triggers, %d parameters", triggers, parameters)
	}
	v := evaluate(t, b, input())
	if v.Action != report.Stop || v.Count(report.Stop) < 25 {
		t.Errorf("%v, %d decisions to stop", v.Action, v.Count(report.Stop))
	}
}

// TestShared reads the bundle that a page of facts about the language shows.
func TestShared(t *testing.T) {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set")
	}
	text := file(t, filepath.Join(root, "anchore-policy.md"))
	_, text, _ = strings.Cut(text, "```jsonc\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the page shows no bundle")
	}
	text = regexp.MustCompile(`(?m)(^|\s)//.*$`).ReplaceAllString(text, "")
	b := read(t, text, anchore.Options{})
	if b.Rules != 8 || b.Entries != 2 {
		t.Errorf("%+v", b)
	}
	in := input()
	in.Reference = "docker.io/library/debian:jessie"
	if v := evaluate(t, b, in); v.Mapping != "mapping 1, line 24" || v.Action != report.Stop {
		t.Errorf("%s, %v", v.Mapping, v.Action)
	}
}

// TestNoMapping shows that an image without a mapping does not pass, unless that is asked for.
func TestNoMapping(t *testing.T) {
	bundle := bundleOf(oneRule("r", "STOP", "always.always"))
	bundle["mappings"] = []any{}
	text := encode(t, bundle)
	if v, err := read(t, text, anchore.Options{}).Evaluate(t.Context(), input()); v != nil || !errors.Is(err, anchore.ErrNoMapping) {
		t.Errorf("%v, %v", v, err)
	}
	for _, o := range []anchore.Options{{AllowUnmapped: true}, {Compat: true}} {
		if v := evaluate(t, read(t, text, o), input()); v.Action != report.Go || v.Mapping != "none" {
			t.Errorf("%+v: %v by %s", o, v.Action, v.Mapping)
		}
	}
	bundle["blacklisted_images"] = []any{map[string]any{"name": "x", "registry": "*", "repository": "*", "image": map[string]any{"type": "tag", "value": "*"}}}
	if v := evaluate(t, read(t, encode(t, bundle), anchore.Options{AllowUnmapped: true}), input()); v.Action != report.Stop {
		t.Errorf("a blacklisted image without a mapping: %v", v.Action)
	}
}

// TestErrors shows the errors of faulty bundles, with their lines.
func TestErrors(t *testing.T) {
	var got strings.Builder
	for _, c := range []struct{ name, text string }{
		{"nothing", ""},
		{"not JSON", "version: 1"},
		{"half a document", `{"id": "x",`},
		{"more than one document", `{"id": "x"} {}`},
		{"a key twice", "{\"id\": \"x\",\n\"id\": \"y\"}"},
		{"too deep", strings.Repeat("[", 40)},
		{"a list", "[]"},
		{"an empty object", "{}"},
		{"Anchore Enterprise", `{"id": "x", "version": "2", "rule_sets": []}`},
		{"another version", `{"id": "x", "version": "1", "policies": [{"id": "p", "version": "2_0"}], "whitelists": [{"id": "w", "version": "1"}], "mappings": []}`},
		{"other types", `{"id": 1, "version": "1_0", "policies": {}, "mappings": [1, {"name": true, "registry": null, "repository": "*", "image": "latest", "policy_ids": "p"}]}`},
		{"references", `{"id": "x", "version": "1_0", "policies": [{"id": "base", "version": "1_0"}, {"id": "base", "version": "1_0"}], "mappings": [
			{"name": "a", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_ids": ["bas"], "whitelist_ids": ["w"]},
			{"name": "b", "registry": "*", "repository": "*", "image": {"type": "name", "value": "*"}, "policy_id": "base", "policy_ids": ["base"]},
			{"name": "c", "registry": "*", "repository": "regexp:(", "image": {"type": "tag", "value": "*"}},
			{"name": "d", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_ids": []}]}`},
		{"items", `{"id": "x", "version": "1_0", "policies": [], "mappings": [], "whitelists": [{"id": "w", "version": "1_0", "items": [
			{"gate": "vulnerabilities"},
			{"gate": "vulnerabilities", "trigger_id": "regexp:(?<!a)b"},
			{"gate": "vulnerabilities", "trigger_id": "a", "expires_on": "tomorrow"}]}]}`},
		{"a gate", rules(t, "vulnerabilites.package package_type=all")},
		{"an ended gate", rules(t, "anchoresec.anchoresec")},
		{"a trigger", rules(t, "vulnerabilities.packages package_type=all")},
		{"a parameter", rules(t, "vulnerabilities.package package_type=all; sevrity=high")},
		{"no parameters", rules(t, "files.suid_or_guid_set path=/bin")},
		{"a missing parameter", rules(t, "vulnerabilities.package severity=high")},
		{"a parameter and its alias", rules(t, "passwd_file.blacklist_usernames user_names=a; usernameblacklist=b")},
		{"values", rules(t, "vulnerabilities.package package_type=any; severity=hgih; cvss_v3_base_score=seven; fix_available=yes; max_days_since_creation=-1; package_path_exclude=(")},
		{"more values", rules(t, "dockerfile.exposed_ports ports=22,http; type=blacklist", "files.attribute_match filename=/a; mode=999; checksum=abc", "metadata.attribute attribute=size; check=>; value=1 gib", "metadata.attribute attribute=layer_count; check=>; value=many", "licenses.blacklist_exact_match licenses=,")},
		{"no value to compare with", rules(t, "dockerfile.instruction instruction=RUN; check=like")},
		{"expressions that RE2 does not have", rules(t, `files.name_match regex=(?!/etc)/.*`, `files.name_match regex=(a)\1`, `files.name_match regex=(?P<x>a)(?P=x)`, `files.name_match regex=*\.pem`, `files.name_match regex=)(`)},
		{"an action", strings.Replace(rules(t, "always.always"), "STOP", "BLOCK", 1)},
		{"a number for a value", strings.Replace(rules(t, "dockerfile.exposed_ports ports=22; type=blacklist"), `"22"`, "22", 1)},
	} {
		_, err := anchore.Read(strings.NewReader(c.text), "b.json", anchore.Options{})
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		var one *anchore.Error
		if !errors.As(err, &one) {
			t.Errorf("%s: %T", c.name, err)
		}
		got.WriteString("# " + c.name + "\n" + err.Error() + "\n")
	}
	golden.Check(t, "testdata/errors.txt", []byte(got.String()))

	large := strings.NewReader(`{"id": "` + strings.Repeat("x", 17<<20) + `"}`)
	if _, err := anchore.Read(large, "b.json", anchore.Options{}); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("a large bundle: %v", err)
	}
	many := `{"id": "x", "policies": [` + strings.Repeat("0,", 1_000_001) + `0]}`
	if _, err := anchore.Read(strings.NewReader(many), "b.json", anchore.Options{}); err == nil || !strings.Contains(err.Error(), "more than 1000000 values") {
		t.Errorf("a bundle of many values: %v", err)
	}
}

func rules(t testing.TB, texts ...string) string {
	t.Helper()
	var list []map[string]any
	for _, text := range texts {
		list = append(list, oneRule("r", "STOP", text))
	}
	return encode(t, bundleOf(list...))
}

// TestLenient shows that a rule with an error stops the image, and that the others are evaluated.
func TestLenient(t *testing.T) {
	b := read(t, rules(t, `files.name_match regex=*\.pem`, "always.always", "nogate.notrigger", "vulnerabilities.package package_type=any", "npmcheck.npmcheck"), anchore.Options{Lenient: true})
	v := evaluate(t, b, input())
	if len(v.Decisions) != 5 || v.Action != report.Stop {
		t.Fatalf("%v\n%s", v.Action, describe(v))
	}
	for i, want := range []string{"missing argument to repetition operator", "Unconditional", `no gate "nogate"`, `"any" is not one of all, os, non-os`, "end of life"} {
		d := &v.Decisions[i]
		if !strings.Contains(d.Message, want) || (d.Action == report.Warn) != (want == "end of life") {
			t.Errorf("%v: %s, want %s", d.Action, d.Message, want)
		}
	}
	// A whitelist for everything does not allow what was not evaluated.
	bundle := listed(`files.name_match regex=*\.pem`, "*")
	if v := evaluate(t, read(t, encode(t, bundle), anchore.Options{Lenient: true}), input()); v.Action != report.Stop {
		t.Errorf("whitelisted: %v", v.Action)
	}
}

func TestNotes(t *testing.T) {
	bundle := bundleOf(oneRule("r", "STOP", "always.always"))
	bundle["whitelist"] = []any{}
	b := read(t, encode(t, bundle), anchore.Options{})
	if len(b.Notes) != 1 || !strings.Contains(b.Notes[0], `has a key "whitelist", which has no meaning; did you mean whitelists?`) {
		t.Errorf("%q", b.Notes)
	}
}

func TestRecognizes(t *testing.T) {
	for text, want := range map[string]bool{
		rules(t, "always.always"):                                     true,
		"\ufeff\n " + rules(t, "always.always"):                       true,
		`{"version": "1_0", "id": "x",`:                               true,
		`{"id": "x", "whitelists": []}`:                               true,
		`{"id": "x", "version": "2", "rule_sets": []}`:                true,
		`{"version": 1, "policies": [], "default": {"policies": []}}`: false,
		"version: 1\npolicies: []\n":                                  false,
		"":                                                            false,
		"{":                                                           false,
		"[]":                                                          false,
	} {
		if got := anchore.Recognizes([]byte(text)); got != want {
			t.Errorf("%.60q: %v, want %v", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(f, "testdata/bundle.json"))
	f.Add(file(f, "testdata/all.json"))
	f.Add(rules(f, `files.name_match regex=[]\u0041{,3}(?#x)\Z[^]]`))
	f.Add(`{"id":"x","version":"1_0","policies":[],"mappings":[{"name":"a","registry":"*","repository":"regexp:.*","image":{"type":"id","value":"1"},"policy_ids":[]}]}`)
	in := input()
	f.Fuzz(func(t *testing.T, text string) {
		anchore.Recognizes([]byte(text))
		for _, o := range []anchore.Options{{}, {Lenient: true}, {Compat: true}} {
			b, err := anchore.Read(strings.NewReader(text), "b.json", o)
			if (b == nil) == (err == nil) {
				t.Fatalf("%v, %v", b, err)
			}
			if err != nil {
				continue
			}
			v, err := b.Evaluate(t.Context(), in)
			if (v == nil) == (err == nil) {
				t.Fatalf("%v, %v", v, err)
			}
		}
	})
}
