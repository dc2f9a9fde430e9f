// Fleet is a service that scans images and answers questions about all of them.
//
// It is a reference for a team's own service, and shows that the library suffices to build one.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdout: os.Stdout, stderr: os.Stderr, stdin: os.Stdin, getenv: os.Getenv}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// common adds the flags that all commands have.
func common(f *flag.FlagSet, o *serve.Options) {
	f.StringVar(&o.Data, "data", "fleet-data", "`DIR` of the database, objects and keys")
	f.StringVar(&o.Database, "database", os.Getenv("FLEET_DATABASE"), "`ADDRESS` of a PostgreSQL database, postgres://...; default SQLite in the data directory, or $FLEET_DATABASE")
}

func serveCommand(ctx context.Context, p *program, c *call) error {
	var o serve.Options
	f := c.flags
	common(f, &o)
	listen := f.String("listen", "127.0.0.1:8080", "`ADDRESS` of the API")
	f.Func("role", "`ROLE` of the process: api, worker or all (default all)", func(s string) error {
		o.Role = serve.Role(s)
		return nil
	})
	f.StringVar(&o.Advisories, "db", "", "`FILE` of advisories that another program replaces; by default, the service updates advisories itself")
	f.StringVar(&o.Mirror, "mirror", "", "fetch advisories from this `URL` or directory, as https://HOST/PATH in URL/HOST/PATH")
	f.DurationVar(&o.FeedEvery, "update-every", 6*time.Hour, "update advisories after this `TIME`")
	f.StringVar(&o.Key, "key", "", "`FILE` of the key that encrypts credentials (default key in the data directory)")
	n := &o.Neighbours
	f.StringVar(&n.Tenant, "neighbours-tenant", "default", "Kubernetes and clients of Clair see the images of the tenant `NAME`")
	f.StringVar(&n.Admission, "admission", "", "answer Kubernetes' admission webhooks by the rules in `FILE`")
	f.BoolVar(&n.Harbor, "harbor", false, "answer Harbor's scanner API")
	f.StringVar(&n.Clair, "clair", "", "answer clients of Clair v4, whose tokens are signed with the key in `FILE`")
	f.BoolVar(&n.Falco, "falco", false, "take alerts of Falco")
	f.IntVar(&o.Daily, "daily", 0, "let a token submit `N` images a day (default no limit)")
	memory := f.Int64("memory", 384, "collect garbage so that the process takes about `MIB` of memory; $GOMEMLIMIT takes precedence")
	f.IntVar(&o.Workers, "workers", 4, "work on `N` images at once")
	f.Int64Var(&o.MaxUpload, "max-upload", 10<<30, "refuse uploads of more than `N` bytes")
	f.Func("registry", "allow tenants without a list of their own to submit images of registries that match `PATTERN` (repeatable; default all)", func(s string) error {
		o.Registries = append(o.Registries, s)
		return nil
	})
	f.Func("insecure-registry", "reach the registry `HOST` without TLS (repeatable)", func(s string) error {
		o.Insecure = append(o.Insecure, s)
		return nil
	})
	f.Func("allow-address", "allow registries to have addresses in `PREFIX` though they are not public, such as 10.0.0.0/8 (repeatable)", func(s string) error {
		p, err := netip.ParsePrefix(s)
		o.Allow = append(o.Allow, p)
		return err
	})
	if _, err := c.parse(0); err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(*memory << 20)
	}
	o.Log = slog.New(slog.NewTextHandler(p.stderr, nil))
	s, err := serve.Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	var l net.Listener
	if o.Role != serve.Worker {
		if l, err = net.Listen("tcp", *listen); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "listening on http://%s\n", l.Addr())
	}
	return s.Run(ctx, l)
}

func tokenCommand(ctx context.Context, p *program, c *call) error {
	var o serve.Options
	f := c.flags
	common(f, &o)
	t := &store.Token{Scopes: store.Scopes()}
	f.StringVar(&t.Tenant, "tenant", "default", "`NAME` of the tenant")
	f.StringVar(&t.Name, "name", "command line", "`NAME` of the token")
	days := f.Int("days", 0, "the token expires after `N` days (default never)")
	f.Func("scopes", "`LIST` of read, submit, decide and admin, with commas (default all)", func(s string) error {
		t.Scopes = nil
		for scope := range strings.SplitSeq(s, ",") {
			if !slices.Contains(store.Scopes(), store.Scope(scope)) {
				return fmt.Errorf("unknown scope %q", scope)
			}
			t.Scopes = append(t.Scopes, store.Scope(scope))
		}
		return nil
	})
	if _, err := c.parse(0); err != nil {
		return err
	}
	if *days > 0 {
		t.Expires = time.Now().AddDate(0, 0, *days)
	}
	if o.Database == "" {
		if err := os.MkdirAll(filepath.Clean(o.Data), 0o700); err != nil {
			return err
		}
	}
	s, err := store.Open(ctx, o.Address())
	if err != nil {
		return err
	}
	defer s.Close()
	secret, err := s.NewToken(ctx, t)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, secret)
	return err
}
