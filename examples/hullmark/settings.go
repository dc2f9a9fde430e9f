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
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/internal/helppage"
	"github.com/hullmark/hullmark/internal/settings"
	"github.com/hullmark/hullmark/internal/terminal"
)

// globalFlags are the flags of every command.
type globalFlags struct {
	config  string
	verbose bool
}

func (f *globalFlags) register(c *cobra.Command) {
	c.PersistentFlags().StringVar(&f.config, "config", "", "read settings from the YAML `FILE` (default the user's config.yaml)")
	c.PersistentFlags().BoolVarP(&f.verbose, "verbose", "v", false, "report each request, and where settings come from")
}

// env returns a variable of the environment.
func (a *app) env(name string) string {
	for _, line := range slices.Backward(a.environ) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

// configFile returns the file of settings, and whether the user named it.
func (a *app) configFile() (name string, named bool) {
	if name = cmp.Or(a.global.config, a.env("HULLMARK_CONFIG")); name != "" {
		return name, true
	}
	dir := a.env("XDG_CONFIG_HOME")
	switch home := a.env("HOME"); {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		dir = a.env("APPDATA")
	case home == "":
		return "", false
	case runtime.GOOS == "darwin":
		dir = filepath.Join(home, "Library", "Application Support")
	default:
		dir = filepath.Join(home, ".config")
	}
	if dir == "" {
		return "", false
	}
	return filepath.Join(dir, "hullmark", "config.yaml"), false
}

// withSettings makes every command take its flags from the environment and the file of settings, too.
func (a *app) withSettings(c *cobra.Command) {
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := helppage.Detached(c, a.args); err != nil {
			return err
		}
		if err := a.applySettings(c); err != nil {
			return err
		}
		if err := chooseFormat(c); err != nil {
			return err
		}
		return check(c, args)
	}
	for _, sub := range c.Commands() {
		a.withSettings(sub)
	}
}

// applySettings sets the flags that the command line leaves to the environment and the file of settings.
func (a *app) applySettings(c *cobra.Command) error {
	file, named := a.configFile()
	if _, err := os.Stat(file); !named && err != nil && !errors.Is(err, fs.ErrNotExist) { // the home of another user, or none
		a.say("warning: no settings are read: %v", err)
		file = ""
	}
	s, err := settings.Load(c.Root(), a.environ, file, named)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	a.settings, a.running = s, c
	if err := s.Apply(c); err != nil {
		return err
	}
	unknown := s.Unknown(c.Root())
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		a.say("warning: %s is not the variable of a flag; did you mean %s?", name, unknown[name])
	}
	if a.global.verbose {
		for _, f := range a.changedFlags(c) {
			a.say("--%s is %s, from %s", f.Name, terminal.Escape(f.Value.String()), terminal.Escape(s.Origin(f)))
		}
	}
	return nil
}

// changedFlags returns the flags of a command that are not at their default.
func (a *app) changedFlags(c *cobra.Command) []*pflag.Flag {
	var list []*pflag.Flag
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if a.settings.Origin(f) != "default" {
			list = append(list, f)
		}
	})
	return list
}

// origin tells where the value of a flag comes from, as a person writes it: "--exclude", "HULLMARK_EXCLUDE", "config.yaml:3".
func (a *app) origin(c *cobra.Command, flag string) string {
	if f := c.Flags().Lookup(flag); f != nil {
		if origin := a.settings.Origin(f); origin != "command line" && origin != "default" {
			return origin
		}
	}
	return "--" + flag
}

// blame adds to an error which place other than the command line set the flags that its text names.
func (a *app) blame(c *cobra.Command, err error) error {
	if c == nil || a.settings == nil {
		return err
	}
	for _, f := range a.changedFlags(c) {
		origin := a.settings.Origin(f)
		if origin != "command line" && !strings.Contains(err.Error(), origin) && strings.Contains(strings.ReplaceAll(err.Error(), ":", " ")+" ", "--"+f.Name+" ") {
			err = fmt.Errorf("%w (%s sets --%s)", err, origin, f.Name)
		}
	}
	return err
}

func (a *app) configCommand() *cobra.Command {
	show := command("config/show", nil)
	show.RunE = func(c *cobra.Command, args []string) error { return a.configShow(c.Context(), c.Root(), args) }
	return group("config", show)
}

// configShow lists the flags that the environment and the file set, or all flags of one command.
func (a *app) configShow(_ context.Context, root *cobra.Command, words []string) error {
	g := terminal.Grid{Columns: []terminal.Column{{Title: "COMMAND"}, {Title: "FLAG"}, {Title: "VALUE", Min: 12, Shrink: 1}, {Title: "ORIGIN"}}}
	add := func(c *cobra.Command, all bool) error {
		if err := a.settings.Apply(c); err != nil {
			return err
		}
		_, name, _ := strings.Cut(c.CommandPath(), " ")
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if origin := a.settings.Origin(f); settings.Settable(f) && (all || origin != "default") {
				g.Add(name, "--"+f.Name, f.Value.String(), origin)
			}
		})
		return nil
	}
	if len(words) > 0 {
		c, rest, err := root.Find(words)
		if err != nil || len(rest) > 0 || !c.Runnable() || c == root {
			return fmt.Errorf("no command %q; see hullmark --help", strings.Join(words, " "))
		}
		c.InheritedFlags() // joins the flags of every command
		if err := add(c, true); err != nil {
			return err
		}
	} else {
		var walk func(c *cobra.Command) error
		walk = func(c *cobra.Command) error {
			c.InheritedFlags()
			err := add(c, false)
			for _, sub := range c.Commands() {
				err = errors.Join(err, walk(sub))
			}
			return err
		}
		for _, c := range root.Commands() {
			if err := walk(c); err != nil {
				return err
			}
		}
	}
	switch file, named := a.configFile(); {
	case a.settings.File() != "":
		a.say("settings are read from %s", terminal.Escape(file))
	case file != "" && !named:
		a.say("there is no %s", terminal.Escape(file))
	}
	if g.Empty() {
		a.say("no settings: every flag is at its default")
		return nil
	}
	return a.writeGrid(&g)
}
