package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/examples/hullmark/newplugin"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// pluginFlags name plugins.
type pluginFlags struct {
	plugins []string
	dir     string
}

func (f *pluginFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.plugins, "plugin", nil, "run the plugin `PATH[@sha256:HEX]`, an executable or a directory; repeatable")
	flags.StringVar(&f.dir, "plugin-dir", "", "run all plugins in `DIR`, each in a directory with a plugin.json")
}

// start starts the plugins, which run until stop is called.
func (f *pluginFlags) start(ctx context.Context, a *app) (analyzers []analyzer.Analyzer, stop func() error, err error) {
	var commands []plugin.Command
	for _, s := range f.plugins {
		c, err := plugin.ParseCommand(s)
		if err != nil {
			return nil, nil, err
		}
		commands = append(commands, c)
	}
	if f.dir != "" {
		manifests, err := plugin.Manifests(f.dir)
		if err != nil {
			return nil, nil, fmt.Errorf("--plugin-dir: %w", err)
		}
		for _, m := range manifests {
			commands = append(commands, m.Start())
		}
	}
	for i := range commands {
		name := cmp.Or(commands[i].Name, filepath.Base(commands[i].Path))
		commands[i].Output = func(line string) { a.say("plugin %s: %s", terminal.Escape(name), terminal.Escape(line)) }
	}
	return plugin.StartAll(ctx, commands...)
}

func (a *app) pluginCommand() *cobra.Command {
	return group("plugin", command("plugin/list", a.pluginList), newplugin.Command(command("plugin/new", nil), a.stdout), command("plugin/digest", a.pluginDigest),
		timed(command("plugin/run", a.pluginRun)), command("plugin/verify", a.pluginVerify))
}

func (a *app) pluginList(_ context.Context, args []string) error {
	manifests, err := plugin.Manifests(args[0])
	if err != nil {
		return err
	}
	g := terminal.Grid{Columns: []terminal.Column{{Title: "NAME"}, {Title: "VERSION"}, {Title: "DIGEST"}, {Title: "WANTS", Min: 10, Shrink: 1}, {Title: "REPORTS"}}}
	for _, m := range manifests {
		digest := cmp.Or(m.Digest[:min(19, len(m.Digest))], "not pinned")
		if have, err := plugin.Digest(m.Dir); m.Digest != "" && err != nil {
			digest = "cannot be read"
		} else if m.Digest != "" && m.Digest != "sha256:"+have {
			digest = "WRONG"
		}
		types := "anything"
		if m.Types != nil {
			types = strings.Join(m.Types, ", ")
		}
		g.Add(m.Name, m.Version, digest, strings.Join(m.Patterns, " "), types)
	}
	return a.writeGrid(&g)
}

func (a *app) pluginDigest(_ context.Context, args []string) error {
	digest, err := plugin.Digest(args[0])
	if err != nil {
		return err
	}
	return a.print("sha256:%s", digest)
}

func (a *app) pluginRun(ctx context.Context, args []string) (err error) {
	f, dir := pluginFlags{plugins: args[:1]}, args[1]
	analyzers, stop, err := f.start(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a directory; run takes a root file system, such as testdata/root", dir)
	}
	found, err := scan.Scanner{Analyzers: analyzers}.ScanFS(ctx, os.DirFS(dir))
	if err != nil {
		return err
	}
	err = a.write("", func(out *output) error {
		if d := found.Distro; d != nil {
			fmt.Fprintf(out, "distro %s %s\n", terminal.Escape(d.ID), terminal.Escape(d.VersionID))
		}
		for _, c := range found.Components {
			if c.Nested {
				continue
			}
			fmt.Fprintf(out, "package %s in %s\n", terminal.Escape(c.Label()), terminal.Escape(c.Path))
		}
		for _, f := range found.Findings {
			fmt.Fprintf(out, "finding %s in %s: %s\n", terminal.Escape(words(f.Severity, f.Rule)), terminal.Escape(f.Path), terminal.Escape(f.Title))
		}
		for _, r := range found.Records {
			fmt.Fprintf(out, "record %s in %s\n", terminal.Escape(recordWords(r.Record)), terminal.Escape(r.Path))
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.diagnose(found.Diagnostics)
	if slices.ContainsFunc(found.Diagnostics, func(d analyzer.FileDiagnostic) bool { return d.Code == analyzer.Unavailable }) {
		return errors.New("the plugin did not answer")
	}
	return nil
}

// recordWords returns a record on one line: its kind, key and fields.
func recordWords(r analyzer.Record) string {
	s := words(r.Kind, r.Key)
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		s += " " + name + "=" + r.Fields[name]
	}
	return s
}

func (a *app) pluginVerify(ctx context.Context, args []string) error {
	command, err := plugin.ParseCommand(args[0])
	if err != nil {
		return err
	}
	command.Output = func(line string) { a.say("%s", terminal.Escape(line)) }
	var fixtures fs.FS
	if len(args) > 1 {
		fixtures = os.DirFS(args[1])
	}
	v := plugintest.Verify(ctx, command, fixtures)
	if err := ctx.Err(); err != nil {
		return err
	}
	err = a.write("", func(out *output) error {
		for line := range strings.Lines(v.String()) {
			fmt.Fprintln(out, terminal.Escape(strings.TrimSuffix(line, "\n")))
		}
		return nil
	})
	if err == nil && !v.OK() {
		return fmt.Errorf("plugin %s failed a check", args[0])
	}
	return err
}
