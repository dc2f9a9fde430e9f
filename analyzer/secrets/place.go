package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
)

// isSecretName reports whether a name is that of a secret.
func isSecretName(name string) bool {
	spans := redact.Spans(name + "=v7Qx2Lp9")
	return len(spans) > 0
}

// named are base names of configuration files whose values with the name of a secret are secrets, whatever their form.
var named = []string{
	".env", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".s3cfg", ".boto", ".git-credentials", ".dockercfg", ".vault-token", ".htpasswd", ".yarnrc.yml", ".terraformrc",
	"terraform.tfvars", "credentials.tfrc.json", "kubeconfig", ".condarc", "pip.conf", ".gitconfig", ".envrc", ".flaskenv", "wp-config.php", "rclone.conf", "wpa_supplicant.conf",
	"credentials.toml", "settings.xml", "auth.json", "gradle.properties",
}

// histories are base names of the histories of shells and clients.
var histories = []string{
	".bash_history", ".zsh_history", ".sh_history", ".ash_history", ".history", ".zhistory", "fish_history", ".python_history", ".psql_history", ".mysql_history", ".rediscli_history", ".node_repl_history", ".dbshell", ".sqlite_history", "ConsoleHost_history.txt",
}

// isConfiguration reports whether a file is configuration in which passwords stand under their names.
func isConfiguration(name string) bool {
	base := path.Base(name)
	dir := path.Base(path.Dir(name))
	switch {
	case strings.EqualFold(base, "nuget.config"):
		return true
	case slices.Contains(named, base), slices.Contains(histories, base):
		return true
	case strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env"):
		return !isSample(base)
	case strings.HasSuffix(base, ".tfstate"), strings.HasSuffix(base, ".tfstate.backup"), strings.HasSuffix(base, ".auto.tfvars"):
		return true
	}
	switch dir + "/" + base {
	case ".kube/config", ".docker/config.json", ".aws/credentials", ".aws/config", ".config/hub", "gh/hosts.yml", ".composer/auth.json", "composer/auth.json", ".m2/settings.xml",
		".gradle/gradle.properties", "rclone/rclone.conf", ".gem/credentials", ".bundle/config", ".cargo/credentials", ".cargo/credentials.toml", ".azure/accessTokens.json",
		"gcloud/application_default_credentials.json", "pip/pip.conf", ".ssh/environment":
		return true
	}
	return false
}

// isSample reports whether a name is that of a file for people to fill in.
func isSample(base string) bool {
	for _, s := range []string{"example", "sample", "template", "dist", "tmpl", "default", "schema"} {
		if strings.Contains(base, s) {
			return true
		}
	}
	return false
}

// maxConfiguration is the size in bytes of the largest configuration file in which names are looked at.
const maxConfiguration = 2 << 20

// passwords adds the values in a configuration file that have the name of a secret, unless a rule found them.
func (s *search) passwords(ctx context.Context, r *reading, t *text) error {
	if !t.config || t.value || t.binary && t.inside == "" {
		return nil
	}
	if t.size > maxConfiguration {
		r.skip("large-configuration", t.size)
		return nil
	}
	if err := r.file.Hold(ctx, 4*t.size); err != nil {
		return err
	}
	defer r.file.Hold(ctx, -4*t.size)
	data := make([]byte, t.size)
	if n, err := t.at.ReadAt(data, 0); int64(n) < t.size {
		return err
	}
	content := string(data)
	known := len(t.found)
	for _, p := range redact.Spans(content) {
		value := content[p.Start:p.End]
		value = strings.Trim(value, " \t\r\"'`;,")
		if len(value) > 400 || isExample([]byte(value)) || s.set.hasWrongChecksum([]byte(value)) || strings.ContainsAny(value, " \n") {
			continue
		}
		if slices.ContainsFunc(t.found[:known], func(f found) bool {
			return f.offset >= int64(p.Start)-600 && f.offset <= int64(p.End) && (f.offset >= int64(p.Start) || f.offset+int64(len(f.secret)) > int64(p.Start))
		}) {
			continue
		}
		t.found = append(t.found, found{rule: "configured-password", title: "password or token in configuration", severity: "high", offset: int64(p.Start), secret: []byte(value), password: true})
	}
	return nil
}

// instruction begins the place of a text in the history.
const instruction = "instruction"

// An image is the configuration of an image.
type image struct {
	Config struct {
		Env, Entrypoint, Cmd, OnBuild []string
		Labels                        map[string]string
		Healthcheck                   struct{ Test []string }
	}
	History []struct {
		CreatedBy string `json:"created_by"`
		Comment   string
	}
}

// configuration searches the image's configuration: environment, labels, commands and history.
func (s *search) configuration(ctx context.Context, r *reading) error {
	data, err := r.file.Bytes()
	if err != nil {
		return err
	}
	if len(data) > 16<<20 {
		return fmt.Errorf("configuration: %w", analyzer.ErrTooLarge)
	}
	var img image
	if err := json.Unmarshal(data, &img); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) {
			return fmt.Errorf("configuration: %w", err)
		}
		r.bad.Add(fmt.Errorf("a field has another type: %s is a JSON %s", wrong.Field, wrong.Value))
	}
	search := func(place, content string) {
		if err == nil && content != "" {
			t := &text{at: strings.NewReader(content), size: int64(len(content)), name: place, inside: place, origin: -1, config: true}
			err = s.text(ctx, r, t)
		}
	}
	for _, e := range img.Config.Env {
		name, _, _ := strings.Cut(e, "=")
		search("variable "+name, e)
	}
	labels := make([]string, 0, len(img.Config.Labels))
	for name := range img.Config.Labels {
		labels = append(labels, name)
	}
	slices.Sort(labels)
	for _, name := range labels {
		search("label "+name, name+"="+img.Config.Labels[name])
	}
	for i, h := range img.History {
		search(fmt.Sprintf("%s %d", instruction, i+1), h.CreatedBy)
		search(fmt.Sprintf("comment %d", i+1), h.Comment)
	}
	search("entrypoint", strings.Join(img.Config.Entrypoint, " "))
	search("command", strings.Join(img.Config.Cmd, " "))
	search("health check", strings.Join(img.Config.Healthcheck.Test, " "))
	for i, text := range img.Config.OnBuild {
		search(fmt.Sprintf("on-build %d", i+1), text)
	}
	return err
}
