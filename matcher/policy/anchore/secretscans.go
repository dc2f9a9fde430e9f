package anchore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// secretNames are the expressions of Anchore's default configuration, and the rules of package analyzer/secrets that find the same. A rule
// for API_KEY is one for every token, since Anchore's expression is one for 20 to 60 letters after "api key".
var secretNames = map[string]func(rule string) bool{
	"AWS_ACCESS_KEY": func(rule string) bool { return rule == "aws-access-key-id" },
	"AWS_SECRET_KEY": func(rule string) bool { return rule == "aws-secret-access-key" },
	"PRIV_KEY":       func(rule string) bool { return strings.HasSuffix(rule, "private-key") },
	"DOCKER_AUTH":    func(rule string) bool { return strings.HasPrefix(rule, "docker-") },
	"API_KEY": func(rule string) bool {
		return strings.HasSuffix(rule, "-key") && !strings.HasSuffix(rule, "private-key") || strings.HasSuffix(rule, "-token") || strings.HasSuffix(rule, "-secret")
	},
}

// A secret is a file with a secret, and the name of the rule or of the expression that found it.
type secret struct{ path, name string }

// secretScans is secret_scans.content_regex_checks.
func (e *evaluation) secretScans(r *rule) error {
	name, re, found := r.values["content_regex_name"].text, r.values["filename_regex"], r.values["match_type"].text == "found"
	seen := make(map[secret]bool)
	fire := func(s secret, f firing) {
		if seen[s] {
			return
		}
		if seen[s] = true; found {
			f.Message = fmt.Sprintf("Secret content search analyzer found regexp match in container: file=/%s regexp=%s", s.path, s.name)
			f.also = []string{r.trigger.Name + "+" + s.name + "+/" + s.path}
			e.fire(r, f)
		}
	}
	for i := range e.in.Report.Findings {
		f := &e.in.Report.Findings[i]
		id, ok := strings.CutPrefix(f.Rule, "secrets:")
		if ok && e.wantedSecret(name, id) && (re.Regexp == nil || re.MatchString("/"+f.Path)) && !(f.Hidden && e.options.Compat) {
			fire(secret{f.Path, id}, e.onFinding(i))
		}
	}
	for i := range e.in.Report.Records {
		rec := &e.in.Report.Records[i]
		if rec.Kind == kindMatch && e.wantedSecret(name, rec.Fields["expression"]) && (re.Regexp == nil || re.MatchString("/"+rec.Path)) && !(rec.Hidden && e.options.Compat) {
			fire(secret{rec.Path, rec.Fields["expression"]}, e.onRecord(i))
		}
	}
	if !found && len(seen) > 0 {
		return nil
	}
	if why := e.secretsMissing(name); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	if !found {
		f := onImage()
		names, files := name, re.text
		if names == "" {
			names = "all"
		}
		if files == "" {
			files = "*"
		}
		f.Message = fmt.Sprintf("Secret content search analyzer did not find regexp match in container: filename_regex=%s content_regex_name=%s", files, names)
		e.fire(r, f)
	}
	return nil
}

// wantedSecret reports whether a rule about a name is about what another name found.
func (e *evaluation) wantedSecret(name, found string) bool {
	if name == "" || name == found || e.options.Compat && strings.Contains(name, found) {
		return true
	}
	is := secretNames[name]
	return is != nil && is(found)
}

// secretsMissing returns why secrets of a name may have been missed, or "".
func (e *evaluation) secretsMissing(name string) string {
	secrets, search := e.examined("secrets"), e.missedSearch(name)
	switch {
	case name == "" && (secrets == "" || search == ""), secretNames[name] != nil && secrets == "":
		return ""
	case search == "":
		return ""
	case name != "" && secretNames[name] == nil && secrets == "" && slices.ContainsFunc(e.in.Report.Findings, func(f analyzer.FileFinding) bool { return f.Rule == "secrets:"+name }):
		return ""
	case name != "" && secretNames[name] == nil:
		return search
	}
	return secrets
}
