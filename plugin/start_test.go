package plugin_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
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

// TestStartScript names the reason why the operating system does not run a file.
func TestStartScript(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows runs no scripts")
	}
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"fatihtokus/scan2html#44: an interpreter that is not installed", "#!/opt/none/python3 -B\nprint(1)\n", 0o755, `its interpreter "/opt/none/python3" does not exist`},
		{"lines with carriage returns", "#!/bin/sh\r\necho hi\r\n", 0o755, `its interpreter "/bin/sh\r" does not exist`},
		{"no interpreter", "print(1)\n", 0o755, "neither a program for this machine nor a script with an interpreter (#!)"},
		{"an empty file", "", 0o755, "neither a program for this machine nor a script"},
		{"not executable", "#!/bin/sh\n", 0o644, "permission denied: the file is not executable"},
		{"a program that env does not find", "#!/usr/bin/env none-such\n", 0o755, "none-such"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(name, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			p, err := plugin.Start(t.Context(), plugin.Command{Path: name})
			if err == nil {
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
