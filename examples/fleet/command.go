package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/hullmark/hullmark/examples/fleet/client"
)

// Exit codes are those of the command hullmark.
const (
	exitFailed     = 1 // the command failed, or its line is wrong
	exitUncovered  = 3 // a part of the image could not be read, or has no advisories
	exitDisallowed = 4 // the policy does not let the image pass
)

// exitError ends the program with a code, after its text.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// A program is a run of the program.
type program struct {
	stdout, stderr io.Writer
	stdin          io.Reader
	getenv         func(string) string
}

// A command is a command of the program.
type command struct {
	name  string // "image add"
	args  string // "REFERENCE"
	about string
	run   func(ctx context.Context, p *program, c *call) error
}

// A call is a call of a command: its flags and arguments.
type call struct {
	*command
	flags *flag.FlagSet
	args  []string

	server, tokenFile, ca string
}

var commandList = []command{
	{"serve", "", "run the service", serveCommand},
	{"config check", "FILE", "report all errors of a configuration file", configCheck},
	{"token create", "", "make a token in the database of the service and print it", tokenCommand},
	{"image add", "REFERENCE", "submit an image in a registry, an archive or an SBOM", imageAdd},
	{"image wait", "SUBMISSION", "wait until an image is analyzed", imageWait},
	{"image list", "", "list images", imageList},
	{"image get", "IMAGE", "print an image", imageGet},
	{"image delete", "IMAGE", "delete an image", imageDelete},
	{"import", "DIR", "submit every SBOM of a directory tree; exit code 3 if some fail", importCommand},
	{"archive run", "", "archive images by the rules of the service, or by one of the flags", archiveRun},
	{"archive list", "", "list the archived images", archiveList},
	{"archive restore", "IMAGE", "restore an archived image", archiveRestore},
	{"gc", "", "delete unused data from the database and the objects, and print counts", gcCommand},
	{"report", "IMAGE", "print the report about an image", reportCommand},
	{"sbom", "IMAGE", "print the SBOM of an image", sbomCommand},
	{"vuln", "IMAGE", "list the vulnerabilities of an image", vulnCommand},
	{"affected", "IDENTIFIER|PURL", "list the images that a vulnerability affects, or that have a package", affectedCommand},
	{"evaluate", "IMAGE", "print the verdict of a policy about an image; exit code 4 if the image does not pass", evaluateCommand},
	{"events", "", "list what happened to the images", eventsCommand},
	{"policy set", "NAME FILE", "add or replace a policy", policySet},
	{"policy list", "", "list the policies", policyList},
	{"policy map", "", "choose the policies of images, or print the choices", policyMap},
	{"mark add", "VULNERABILITY", "state how a vulnerability affects packages", markAdd},
	{"mark list", "", "list the marks", markList},
	{"mark end", "MARK", "end a mark", markEnd},
	{"subscription add", "URL", "send events to a receiver; prints the identifier and the secret of the signatures", subscriptionAdd},
	{"subscription list", "", "list the receivers", subscriptionList},
	{"subscription test", "SUBSCRIPTION", "send a test message", subscriptionTest},
	{"subscription delete", "SUBSCRIPTION", "send events no longer", subscriptionDelete},
	{"watch add", "REPOSITORY", "analyze the tags of a repository as they move", watchAdd},
	{"watch list", "", "list the repositories", watchList},
	{"watch delete", "REPOSITORY", "analyze them no longer", watchDelete},
	{"agent", "", "submit the images of this host's containers, and send the alerts of Falco", agentCommand},
	{"feed list", "", "list the feeds of advisories and their last updates", feedList},
	{"feed set", "FEED", "turn a feed on or off", feedSet},
	{"feed sync", "FEED", "update a feed now", feedSync},
	{"token list", "", "list the tokens", tokenList},
	{"token revoke", "TOKEN", "revoke a token", tokenRevoke},
}

func (p *program) usage(w io.Writer) {
	fmt.Fprint(w, "usage: fleet COMMAND [FLAGS] [ARGUMENTS]\n\ncommands:\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range commandList {
		c := &commandList[i]
		fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
	t.Flush()
	fmt.Fprint(w, "\nAll but serve, config, token create and gc ask a service: --server URL or $FLEET_SERVER, and --token-file FILE or $FLEET_TOKEN.\nRun fleet COMMAND -h for the flags of a command.\n")
}

// run runs a command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		p.usage(p.stdout)
		return 0
	}
	for i := range commandList {
		words := strings.Fields(commandList[i].name)
		if len(args) < len(words) || strings.Join(args[:len(words)], " ") != commandList[i].name {
			continue
		}
		c := &call{command: &commandList[i], args: args[len(words):]}
		c.flags = flag.NewFlagSet("fleet "+c.name, flag.ContinueOnError)
		c.flags.SetOutput(p.stderr)
		c.flags.Usage = func() {
			fmt.Fprintf(p.stderr, "usage: fleet %s\n\nfleet %s: %s\n\nflags:\n", strings.TrimSpace(c.name+" [FLAGS] "+c.command.args), c.name, c.about)
			c.flags.PrintDefaults()
		}
		return p.code(c.run(ctx, p, c))
	}
	fmt.Fprintf(p.stderr, "fleet: there is no command %q. Run: fleet help\n", strings.Join(args[:min(2, len(args))], " "))
	return exitFailed
}

// code prints an error and returns the exit code.
func (p *program) code(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if usage, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(p.stderr, "fleet: %s\n", string(usage))
		return exitFailed
	}
	code := exitFailed
	if exit, ok := errors.AsType[*exitError](err); ok {
		code = exit.code
	}
	fmt.Fprintf(p.stderr, "fleet: %s\n", printable(err.Error()))
	return code
}

// usageError reports a wrong command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// parse parses flags, which may stand after arguments, too, and returns the arguments: exactly n.
func (c *call) parse(n int) ([]string, error) {
	var list []string
	rest := c.args
	for {
		if err := c.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError(fmt.Sprintf("%v. Run: fleet %s -h", err, c.name))
		}
		if rest = c.flags.Args(); len(rest) == 0 {
			break
		}
		list, rest = append(list, rest[0]), rest[1:]
	}
	if len(list) != n {
		return nil, usageError(fmt.Sprintf("%s takes %d arguments, and not %d. Run: fleet %s -h", c.name, n, len(list), c.name))
	}
	return list, nil
}

// ask parses a line of a command that asks a service, and returns the client.
func (p *program) ask(c *call, n int) (*client.Client, []string, error) {
	c.flags.StringVar(&c.server, "server", p.getenv("FLEET_SERVER"), "`URL` of the service (default $FLEET_SERVER, or http://127.0.0.1:8080)")
	c.flags.StringVar(&c.tokenFile, "token-file", "", "`FILE` of the token (default: the token is in $FLEET_TOKEN)")
	c.flags.StringVar(&c.ca, "ca", p.getenv("FLEET_CA"), "`FILE` of the certificates, in PEM, that the service's certificate may come from (default $FLEET_CA, or those of the system)")
	args, err := c.parse(n)
	if err != nil {
		return nil, nil, err
	}
	if c.server == "" {
		c.server = "http://127.0.0.1:8080"
	}
	token := p.getenv("FLEET_TOKEN")
	if c.tokenFile != "" {
		text, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return nil, nil, err
		}
		token = string(text)
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return nil, nil, usageError("there is no token. Set $FLEET_TOKEN, or pass --token-file FILE. Run: fleet token create")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if c.ca != "" {
		text, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, nil, fmt.Errorf("%s has no certificate in PEM", c.ca)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &client.Client{URL: c.server, Token: token, HTTP: &http.Client{Transport: transport}}, args, nil
}

// printable replaces characters that would control a terminal, except line breaks and tabs.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// table prints rows of texts, each a line.
func (p *program) table(rows [][]string) error {
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = strings.NewReplacer("\n", " ", "\t", " ").Replace(printable(row[i]))
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return t.Flush()
}
