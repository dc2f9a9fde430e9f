package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// pluginFlags are the flags that name plugins.
type pluginFlags struct {
	plugins []string
	dir     string
}

func (f *pluginFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.plugins, "plugin", nil, "also run the plugin `PATH[@sha256:HEX]`, an executable or a directory; repeatable")
	flags.StringVar(&f.dir, "plugin-dir", "", "also run all plugins of `DIR`, each in a directory with a plugin.json")
}

// commands returns how the plugins that the flags name are started.
func (f *pluginFlags) commands() ([]plugin.Command, error) {
	var list []plugin.Command
	for _, s := range f.plugins {
		c, err := pluginCommand(s)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if f.dir != "" {
		manifests, err := plugin.Manifests(f.dir)
		if err != nil {
			return nil, fmt.Errorf("--plugin-dir: %w", err)
		}
		for _, m := range manifests {
			list = append(list, m.Start())
		}
	}
	return list, nil
}

// pluginCommand reads PATH[@sha256:HEX].
func pluginCommand(s string) (plugin.Command, error) {
	path, digest, pinned := strings.Cut(s, "@sha256:")
	if pinned && (len(digest) != 64 || strings.Trim(digest, "0123456789abcdef") != "") {
		return plugin.Command{}, fmt.Errorf("plugin %s: the digest is not sha256: and 64 hexadecimal digits in lower case", s)
	}
	c := plugin.Command{Path: path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		m, err := plugin.ReadManifest(path)
		if err != nil {
			return plugin.Command{}, fmt.Errorf("plugin %s: %w", path, err)
		}
		c = m.Start()
	}
	if pinned {
		c.SHA256 = digest
	}
	return c, nil
}

// start starts the plugins. One that does not start is part of the scan all the same, whose report then says why it has no
// answers. The plugins run until close is called.
func (f *pluginFlags) start(ctx context.Context, a *app) (analyzers []analyzer.Analyzer, close func() error, err error) {
	commands, err := f.commands()
	if err != nil {
		return nil, nil, err
	}
	var started []*plugin.Process
	close = func() (err error) {
		for _, p := range started {
			err = errors.Join(err, p.Close())
		}
		return err
	}
	for _, c := range commands {
		name := c.Name
		if name == "" {
			name = filepath.Base(c.Path)
		}
		c.Output = func(line string) { a.say("plugin %s: %s", terminal.Escape(name), terminal.Escape(line)) }
		p, err := plugin.Start(ctx, c)
		if err != nil && ctx.Err() != nil {
			return nil, nil, errors.Join(err, close())
		}
		if err != nil {
			analyzers = append(analyzers, plugin.Unavailable("plugin "+name, err))
			continue
		}
		started = append(started, p)
		analyzers = append(analyzers, p.Analyzers()...)
	}
	return analyzers, close, nil
}

func (a *app) pluginCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Look at plugins: analyzers in other programs",
		Long: `A plugin is a program, in whatever language, that analyzes files for scan --plugin and sbom --plugin. PLUGIN is an
executable, or a directory with a plugin.json; with @sha256:HEX, the executable must have that digest.`,
	}
	group(c)
	c.AddCommand(a.pluginListCommand(), a.pluginRunCommand(), a.pluginVerifyCommand())
	return c
}

func (a *app) pluginListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list DIR",
		Short:   "List the plugins of a directory, without starting them",
		Example: `  hullmark plugin list /usr/lib/hullmark/plugins`,
		Args:    one("DIR"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.pluginList(args[0]) },
	}
}

func (a *app) pluginList(dir string) error {
	manifests, err := plugin.Manifests(dir)
	if err != nil {
		return err
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	table := terminal.Grid{Columns: []terminal.Column{{Title: "NAME"}, {Title: "VERSION"}, {Title: "DIGEST"}, {Title: "WANTS", Min: 10, Shrink: 1}, {Title: "REPORTS"}}}
	for _, m := range manifests {
		have, err := plugin.Digest(filepath.Join(m.Dir, m.Command))
		digest := "sha256:" + have
		switch {
		case err != nil:
			digest = "cannot be read"
		case m.Digest == "":
			digest = "not pinned"
		case m.Digest != digest:
			digest = "WRONG"
		default:
			digest = digest[:19]
		}
		reports := "anything"
		if m.Types != nil {
			reports = strings.Join(m.Types, ", ")
		}
		table.Add(m.Name, m.Version, digest, strings.Join(m.Patterns, " "), reports)
	}
	width, _ := terminalWidth(a.stdout)
	table.Write(out, terminal.Style{Width: width})
	return out.commit()
}

func (a *app) pluginRunCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run PLUGIN DIR",
		Short: "Let a plugin look at the files of a directory, and print what it says",
		Long: `Run scans a directory as a root file system with one plugin and nothing else, and prints what it says: packages,
findings and diagnostics, a line each.`,
		Example: `  hullmark plugin run ./myplugin testdata/root`,
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.pluginRun(c.Context(), args[0], args[1]) },
	}
}

func (a *app) pluginRun(ctx context.Context, name, dir string) (err error) {
	f := pluginFlags{plugins: []string{name}}
	analyzers, stop, err := f.start(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a directory: run takes a root file system, as in testdata/root", dir)
	}
	report, err := scan.Scanner{Analyzers: analyzers}.ScanFS(ctx, os.DirFS(dir))
	if err != nil {
		return err
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	if d := report.Distro; d != nil {
		fmt.Fprintf(out, "distro %s %s\n", terminal.Escape(d.ID), terminal.Escape(d.VersionID))
	}
	for i := range report.Components {
		c := &report.Components[i]
		fmt.Fprintf(out, "package %s in %s\n", terminal.Escape(c.PURL), terminal.Escape(c.Path))
	}
	for _, f := range report.Findings {
		fmt.Fprintf(out, "finding %s in %s: %s\n", terminal.Escape(strings.TrimSpace(f.Severity+" "+f.Rule)), terminal.Escape(f.Path), terminal.Escape(f.Title))
	}
	if err := out.commit(); err != nil {
		return err
	}
	a.diagnose(report.Diagnostics)
	for _, d := range report.Diagnostics {
		if d.Code == analyzer.Unavailable {
			return errors.New("the plugin did not answer")
		}
	}
	return nil
}

func (a *app) pluginVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify PLUGIN [DIR]",
		Short: "Test whether a plugin does what a plugin must",
		Long: `Verify starts a plugin, feeds it the files of a directory that it knows what to make of, and files that it does not
expect, and says for each check whether it passed. It exits with 1 if one did not.`,
		Example: `  hullmark plugin verify ./myplugin testdata/root`,
		Args:    cobra.RangeArgs(1, 2),
		RunE:    func(c *cobra.Command, args []string) error { return a.pluginVerify(c.Context(), args) },
	}
}

func (a *app) pluginVerify(ctx context.Context, args []string) error {
	command, err := pluginCommand(args[0])
	if err != nil {
		return err
	}
	command.Output = func(line string) { a.say("%s", terminal.Escape(line)) }
	var fixtures fs.FS
	if len(args) == 2 {
		fixtures = os.DirFS(args[1])
	}
	v := plugintest.Verify(ctx, command, fixtures)
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	for line := range strings.Lines(v.String()) {
		fmt.Fprintln(out, terminal.Escape(strings.TrimSuffix(line, "\n")))
	}
	if err := out.commit(); err != nil {
		return err
	}
	if !v.OK() {
		return fmt.Errorf("%s is not what a plugin must be", args[0])
	}
	return nil
}
