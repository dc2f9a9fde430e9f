package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes, as README.md describes them.
const (
	exitOK         = 0
	exitFailed     = 1 // could not scan, or was not understood
	exitUncovered  = 3 // asked to judge what there are no advisories for
	exitDisallowed = 4 // --fail-on, --policy
)

// A verdict is an error that says what was found, not that something went wrong.
type verdict struct {
	code int
	text string
}

func (v *verdict) Error() string { return v.text }

// An app is what commands need of the outside.
type app struct {
	stdout, stderr io.Writer
	now            func() time.Time
}

// run runs one command and returns its exit code. Results go to stdout, and everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, now: time.Now}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	var v *verdict
	var wrong *policyError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &v):
		a.say("%s", v.text)
		return v.code
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // whoever read the results has seen enough
	case ctx.Err() != nil:
		a.say("interrupted; no results were written")
	case errors.As(err, &wrong):
		for line := range strings.Lines(strings.TrimPrefix(wrong.Error(), "policy: ")) {
			a.say("%s", terminal.Escape(strings.TrimSuffix(line, "\n")))
		}
	default:
		a.say("%s", terminal.Escape(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return exitFailed
}

// say writes one line to standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.stderr, "hullmark: "+format+"\n", args...)
}

func (a *app) rootCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hullmark",
		Short: "What is inside a container image, and what is known to be wrong with it",
		Long: `Hullmark lists what is inside a container image and what is known to be wrong with it.

An IMAGE is written as one of

  demo:                      a small image that hullmark makes itself, to look around
  rootfs:/                   an unpacked root file system; this one is the machine itself
  debian:12                  an image in a registry, or registry:HOST/NAME:TAG
  daemon:NAME                an image of a Docker or Podman daemon, over its socket
  docker-archive:FILE        what docker save writes
  oci:DIR, oci-archive:FILE  an OCI image layout, as a directory or a tar file
  rootfs-archive:FILE        a tar file of a root file system
  sif:FILE                   an image of Singularity or Apptainer
  ./app.tar, /srv/layout     any of the local forms, recognised by content`,
		Example: `  hullmark scan demo:
  hullmark scan --fail-on high rootfs:/
  hullmark sbom -o app.cdx.json ./app.tar`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	group(c)
	c.CompletionOptions.DisableDefaultCmd = true
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	c.AddCommand(a.scanCommand(), a.matchCommand(), a.explainCommand(), a.sbomCommand(), a.policyCommand(), a.inBuildCommand(), a.dbCommand(), a.pluginCommand(), a.versionCommand())
	return c
}

// group makes a command that does nothing itself but show its help.
func group(c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	c.SuggestionsMinimumDistance = 2
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		meant := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			meant = ", but there is " + strings.Join(near, " and ")
		}
		return fmt.Errorf("there is no command %q%s; see %s --help", args[0], meant, c.CommandPath())
	}
}

// one is what commands with one argument take.
func one(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s needs the %s; see %s --help", c.CommandPath(), what, c.CommandPath())
		case len(args) > 1:
			return fmt.Errorf("%s takes one %s, not also %q; see %s --help", c.CommandPath(), what, args[1], c.CommandPath())
		}
		return nil
	}
}

// terminal returns the width of w in characters, and whether it is a terminal at all.
func terminalWidth(w io.Writer) (width int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}
