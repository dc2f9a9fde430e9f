package plugin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/plugin"
)

func TestParseCommand(t *testing.T) {
	dir := t.TempDir()
	manifest := `{"name": "versions", "version": "1", "command": "exe", "patterns": ["**/*.versions"]}`
	if err := os.WriteFile(filepath.Join(dir, "plugin.json"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, c := range []struct {
		text string
		want plugin.Command // Path, Name and SHA256
		err  string
	}{
		{"./exe", plugin.Command{Path: "./exe"}, ""},
		{"./user@host", plugin.Command{Path: "./user@host"}, ""},
		{"./a@b@" + digest, plugin.Command{Path: "./a@b", SHA256: digest}, ""},
		{"./exe@" + digest, plugin.Command{Path: "./exe", SHA256: digest}, ""},
		{dir, plugin.Command{Path: filepath.Join(dir, "exe"), Name: "versions"}, ""},
		{dir + "@" + digest, plugin.Command{Path: filepath.Join(dir, "exe"), Name: "versions", SHA256: digest}, ""},
		{"./exe@sha256:1234", plugin.Command{}, "64 hexadecimal digits"},
		{"./exe@" + strings.ToUpper(digest[:7]) + digest[7:], plugin.Command{Path: "./exe@" + strings.ToUpper(digest[:7]) + digest[7:]}, ""},
		{"./exe@sha256:" + strings.Repeat("0A", 32), plugin.Command{}, "lower case"},
		{t.TempDir(), plugin.Command{}, "no such file"},
	} {
		got, err := plugin.ParseCommand(c.text)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.text, err, c.err)
			}
		case err != nil || got.Path != c.want.Path || got.Name != c.want.Name || got.SHA256 != c.want.SHA256:
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
}

func TestStartAll(t *testing.T) {
	missing := plugin.Command{Path: filepath.Join(t.TempDir(), "none")}
	analyzers, stop, err := plugin.StartAll(t.Context(), missing, missing)
	if err != nil {
		t.Fatal(err)
	}
	if len(analyzers) != 2 || analyzers[0].Info().Name != "plugin none" || analyzers[0].Info().Unavailable == "" {
		t.Errorf("analyzers %+v", analyzers)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := plugin.StartAll(ctx, missing); err == nil {
		t.Error("started with a cancelled context")
	}
}
