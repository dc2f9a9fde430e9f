// Fleet is a service that scans images and answers questions about all of them.
//
// It is a reference for a team's own service, and shows that the library suffices to build one.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/config"
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

// storeFlags adds the flags of commands that use the database of the service themselves, and returns a function that opens it.
func (p *program) storeFlags(c *call) func(context.Context) (*store.Store, *config.File, error) {
	name := c.flags.String("config", "", "read data and database from the configuration `FILE`; flags override it")
	data := c.flags.String("data", "", "`DIR` of the database, objects and keys (default fleet-data)")
	database := c.flags.String("database", "", "`ADDRESS` of a PostgreSQL database, postgres://...; default SQLite in the data directory, or $FLEET_DATABASE")
	return func(ctx context.Context) (*store.Store, *config.File, error) {
		file := config.Default()
		if *name != "" {
			var err error
			if file, err = config.Load(*name, p.lookup, feedNames()); err != nil {
				return nil, nil, err
			}
		}
		o := serve.Options{Data: cmp.Or(*data, file.Data), Database: cmp.Or(*database, file.Database, p.getenv("FLEET_DATABASE"))}
		file.Data, file.Database = o.Data, o.Database
		s, err := store.Open(ctx, o.Address())
		return s, file, err
	}
}

func tokenCommand(ctx context.Context, p *program, c *call) error {
	f := c.flags
	open := p.storeFlags(c)
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
	s, _, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	var secret string
	if err := s.Write(ctx, func(tx *store.Tx) (err error) {
		if secret, err = tx.NewToken(ctx, t); err != nil {
			return err
		}
		return tx.Audit(ctx, t.Tenant, "command", "create-token", t.ID)
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, secret)
	return err
}
