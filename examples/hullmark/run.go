package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/examples/hullmark/advice"
	"github.com/hullmark/hullmark/internal/console"
	"github.com/hullmark/hullmark/internal/helppage"
	"github.com/hullmark/hullmark/internal/settings"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/version"
)

// Exit codes; README.md describes them.
const (
	exitOK         = 0
	exitFailed     = 1 // the scan failed, or the command line is wrong
	exitUncovered  = 3 // a part of the image could not be read, or has no advisories
	exitDisallowed = 4 // --fail-on or --policy disallows the image
)

// A verdict is an error that reports a result, not a failure.
type verdict struct {
	code int
	text string
}

func (v *verdict) Error() string { return v.text }

// An app is the environment of a command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	environ        []string // "NAME=VALUE"; names of the command's own begin with HULLMARK_

	args     []string // of the command line
	global   globalFlags
	version  bool
	settings *settings.Settings
	running  *cobra.Command
	registry registry.Options // of databases
	password string           // read from standard input
	waiting  waiting
	mu       sync.Mutex // of stderr
}

// run runs one command and returns its exit code. Results go to stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdin: os.Stdin, stdout: stdout, stderr: stderr, now: time.Now, environ: settings.Environ()}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	a.args = args
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	ran, err := root.ExecuteContextC(ctx)
	if err != nil {
		err = a.blame(ran, err)
	}
	var v *verdict
	var fault *policy.Error
	var faulty *anchore.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &v):
		a.say("%s", v.text)
		return v.code
	case console.Closed(err):
		return exitFailed // the reader of the results has closed them
	case ctx.Err() != nil:
		a.say("interrupted; no results were written")
	case errors.As(err, &fault), errors.As(err, &faulty): // one of several
		for line := range strings.Lines(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "policy: "), "anchore: ")) {
			a.say("%s", oneLine(strings.TrimSuffix(line, "\n")))
		}
	default:
		a.say("%s", oneLine(err.Error()))
	}
	return exitFailed
}

// say writes one line to standard error.
func (a *app) say(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(a.stderr, "hullmark: "+format+"\n", args...)
}

// oneLine joins the lines of a text and escapes it for a terminal.
func oneLine(text string) string {
	return terminal.Escape(strings.ReplaceAll(text, "\n", "; "))
}

// pages are the help texts.
//
//go:embed help
var pages embed.FS

// otherFlags are the flags of other tools, and ours.
//
//go:embed FLAGS.md
var otherFlags string

func command(page string, run func(ctx context.Context, args []string) error) *cobra.Command {
	return helppage.Command(pages, "help/"+page, run)
}

func group(page string, subcommands ...*cobra.Command) *cobra.Command {
	return helppage.Group(pages, "help/"+page, subcommands...)
}

func (a *app) rootCommand() *cobra.Command {
	c := group("hullmark", timed(a.scanCommand()), timed(a.matchCommand()), timed(a.explainCommand()), timed(a.sbomCommand()), timed(a.filesCommand()),
		a.policyCommand(), a.vexCommand(), timed(a.inBuildCommand()), a.dbCommand(), a.pluginCommand(), a.configCommand(), a.completionCommand(),
		a.schemaCommand(), a.versionCommand())
	c.SilenceUsage = true
	c.SilenceErrors = true
	c.CompletionOptions.DisableDefaultCmd = true
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w%s; see %s --help", err, advice.Flag(c, otherFlags, err), c.CommandPath())
	})
	const columns = 118 // of help texts
	c.SetUsageTemplate(strings.ReplaceAll(c.UsageTemplate(), "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", columns)))
	a.global.register(c)
	c.Flags().BoolVar(&a.version, "version", false, "print the version of hullmark")
	help := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if a.version && len(args) == 0 {
			return a.printVersion()
		}
		if len(args) > 0 && strings.ContainsAny(args[0], ":/.@") { // an image, as grype and syft take it
			return fmt.Errorf("unknown command %q; did you mean hullmark scan %[1]s?", args[0])
		}
		return help(c, args)
	}
	a.withSettings(c)
	complete(c)
	return c
}

// thisTool identifies the command in formats that name the program that scanned.
func thisTool() report.Tool {
	return report.Tool{Name: "hullmark", Version: buildVersion(), URL: "https://github.com/hullmark/hullmark"}
}

// buildVersion returns the version of this build, "" if it is unknown.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

func (a *app) versionCommand() *cobra.Command {
	c := group("version", command("version/compare", func(_ context.Context, args []string) error {
		return a.versionCompare(args[0], args[1], args[2])
	}))
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return helppage.Unknown(c, args[0])
		}
		return a.printVersion()
	}
	return c
}

func (a *app) printVersion() error {
	return a.print("hullmark %s, %s %s/%s", cmp.Or(buildVersion(), "of an unknown version"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (a *app) versionCompare(purlType, first, second string) error {
	if _, ok := version.For(purlType); !ok {
		return fmt.Errorf("unknown version type %q; known types are %s", purlType, strings.Join(version.Types(), ", "))
	}
	order, err := version.Compare(purlType, first, second)
	if err != nil {
		return err
	}
	return a.print("%s %s %s", terminal.Escape(first), [...]string{"<", "=", ">"}[order+1], terminal.Escape(second))
}

func (a *app) schemaCommand() *cobra.Command {
	return command("schema", func(context.Context, []string) error {
		return a.print("%s", strings.TrimSpace(string(json.Schema())))
	})
}
