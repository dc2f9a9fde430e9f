package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	everything "github.com/hullmark/hullmark/db/feed/all"

	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/certificate"
	"github.com/hullmark/hullmark/examples/fleet/config"
	"github.com/hullmark/hullmark/examples/fleet/feeds"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
)

// list is a repeatable flag. The first value replaces the list of the configuration file.
type list[T any] struct {
	values *[]T
	parse  func(string) (T, error)
	own    bool
}

func (l *list[T]) String() string { return "" }

func (l *list[T]) Set(s string) error {
	v, err := l.parse(s)
	if err != nil {
		return err
	}
	if !l.own {
		*l.values, l.own = nil, true
	}
	*l.values = append(*l.values, v)
	return nil
}

func text(s string) (string, error) { return s, nil }

// serveFlags adds the flags of serve, which change a configuration. It returns the name of the configuration file.
func serveFlags(f *flag.FlagSet, c *config.File) *string {
	name := f.String("config", "", "read the configuration from `FILE`; flags override it")
	f.StringVar(&c.Data, "data", c.Data, "`DIR` of the database, objects and keys")
	f.StringVar(&c.Database, "database", c.Database, "`ADDRESS` of a PostgreSQL database, postgres://...; default SQLite in the data directory, or $FLEET_DATABASE")
	f.StringVar(&c.Listen, "listen", c.Listen, "`ADDRESS` of the API")
	f.StringVar(&c.TLS.Certificate, "tls-cert", c.TLS.Certificate, "`FILE` of the certificate of the API, in PEM, which may be replaced while the service runs")
	f.StringVar(&c.TLS.Key, "tls-key", c.TLS.Key, "`FILE` of the key of the certificate")
	f.StringVar(&c.Role, "role", c.Role, "`ROLE` of the process: api, worker or all")
	f.StringVar(&c.Advisories.File, "db", c.Advisories.File, "`FILE` of advisories that another program replaces; by default, the service updates advisories itself")
	f.StringVar(&c.Advisories.Mirror, "mirror", c.Advisories.Mirror, "fetch advisories from this `URL` or directory, as https://HOST/PATH in URL/HOST/PATH")
	f.DurationVar(&c.Advisories.Every, "update-every", c.Advisories.Every, "update advisories after this `TIME`")
	f.StringVar(&c.Objects, "objects", c.Objects, "keep objects in the bucket s3://BUCKET/PREFIX?endpoint=`URL`, whose credentials are in $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY")
	f.StringVar(&c.Key, "key", c.Key, "`FILE` of the key that encrypts credentials (default key in the data directory)")
	n := &c.Neighbours
	f.StringVar(&n.Tenant, "neighbours-tenant", n.Tenant, "Kubernetes and clients of Clair see the images of the tenant `NAME`")
	f.StringVar(&n.Admission, "admission", n.Admission, "answer Kubernetes' admission webhooks by the rules in `FILE`")
	f.BoolVar(&n.Harbor, "harbor", n.Harbor, "answer Harbor's scanner API")
	f.StringVar(&n.Clair, "clair", n.Clair, "answer clients of Clair v4, whose tokens are signed with the key in `FILE`")
	f.BoolVar(&n.Falco, "falco", n.Falco, "take alerts of Falco")
	f.Func("memory", "collect garbage so that the process takes about `MIB` of memory (default 384); $GOMEMLIMIT takes precedence", func(s string) error {
		mib, err := strconv.ParseUint(s, 10, 32)
		c.Memory = config.Size(mib << 20)
		return err
	})
	f.BoolVar(&c.NoPage, "no-page", c.NoPage, "serve the API without the web page")
	f.IntVar(&c.Daily, "daily", c.Daily, "let a token submit `N` images a day (default no limit)")
	f.IntVar(&c.Workers, "workers", c.Workers, "work on `N` images at once")
	f.Int64Var((*int64)(&c.MaxUpload), "max-upload", int64(c.MaxUpload), "refuse uploads of more than `N` bytes")
	f.Var(&list[string]{&c.Registries.Allow, text, false}, "registry", "allow tenants without a list of their own to submit images of registries that match `PATTERN` (repeatable; default all)")
	f.Var(&list[string]{&c.Registries.Insecure, text, false}, "insecure-registry", "reach the registry `HOST` without TLS (repeatable)")
	f.Var(&list[netip.Prefix]{&c.Registries.Addresses, netip.ParsePrefix, false}, "allow-address", "allow registries to have addresses in `PREFIX` though they are not public, such as 10.0.0.0/8 (repeatable)")
	f.Var(&list[netip.Prefix]{&c.Webhooks.Addresses, netip.ParsePrefix, false}, "allow-receiver", "allow receivers of events to have addresses in `PREFIX` though they are not public (repeatable)")
	f.StringVar(&c.Telemetry.Endpoint, "telemetry", c.Telemetry.Endpoint, "send spans to the collector of OpenTelemetry at `URL`, by OTLP over HTTP; default $OTEL_EXPORTER_OTLP_ENDPOINT, or none")
	f.StringVar(&c.Telemetry.Service, "telemetry-service", c.Telemetry.Service, "`NAME` of the service in spans (default $OTEL_SERVICE_NAME, or fleet)")
	f.TextVar(&c.Log.Level, "log-level", c.Log.Level, "log messages of this `LEVEL` and above: debug, info, warn or error")
	f.StringVar(&c.Log.Format, "log-format", c.Log.Format, "`FORMAT` of log messages: text or json")
	return name
}

// again returns a call with the same line, whose flags are not parsed.
func (c *call) again() *call {
	a := &call{command: c.command, args: c.args, flags: flag.NewFlagSet(c.name, flag.ContinueOnError)}
	a.flags.SetOutput(io.Discard)
	return a
}

// configure reads the configuration file that the flags name, if any, and applies the flags.
func (p *program) configure(c *call) (*config.File, error) {
	file := config.Default()
	name := serveFlags(c.flags, file)
	if _, err := c.parse(0); err != nil {
		return nil, err
	}
	if *name != "" {
		var err error
		if file, err = config.Load(*name, p.lookup, feedNames()); err != nil {
			return nil, err
		}
		again := c.again()
		serveFlags(again.flags, file)
		if _, err := again.parse(0); err != nil {
			return nil, err
		}
	}
	if file.Database == "" {
		file.Database = p.getenv("FLEET_DATABASE")
	}
	if (file.TLS.Certificate == "") != (file.TLS.Key == "") {
		return nil, usageError("--tls-cert and --tls-key need each other")
	}
	if file.Telemetry.Endpoint != "" {
		if err := telemetry.CheckEndpoint(file.Telemetry.Endpoint); err != nil {
			return nil, usageError("--telemetry: " + err.Error())
		}
	}
	if file.Log.Format != "text" && file.Log.Format != "json" {
		return nil, usageError("unknown format of log messages; the formats are text and json")
	}
	return file, nil
}

func (p *program) lookup(name string) (string, bool) {
	v := p.getenv(name)
	return v, v != ""
}

func feedNames() (names []string) {
	for _, f := range everything.Feeds() {
		names = append(names, f.Name)
	}
	return names
}

// options returns the options of a process for a configuration.
func options(f *config.File) serve.Options {
	o := serve.Options{Data: f.Data, Database: f.Database, Role: serve.Role(f.Role), Advisories: f.Advisories.File, FeedEvery: f.Advisories.Every, Mirror: f.Advisories.Mirror,
		Daily: f.Daily, Operators: f.Operators, Key: f.Key, Registries: f.Registries.Allow, Allow: f.Registries.Addresses, Receivers: f.Webhooks.Addresses,
		Insecure: f.Registries.Insecure, Workers: f.Workers, MaxUpload: int64(f.MaxUpload), KeepEvents: f.KeepEvents, Keep: archive.Keep{Submissions: f.KeepSubmissions, Audit: f.KeepAudit}, Neighbours: serve.Neighbours(f.Neighbours), NoPage: f.NoPage, Proxy: proxy(f), Archive: f.Archive.Rules, ArchiveEvery: f.Archive.Every, Schedules: make(map[string]feeds.Schedule)}
	for _, name := range feedNames() {
		s, named := f.Advisories.Feeds[name]
		if !named && !f.Has("advisories.every") {
			continue // as the API set it
		}
		o.Schedules[name] = feeds.Schedule{Off: !s.On(), Every: s.Every}
	}
	return o
}

// bucket returns the bucket of a configuration, nil without one.
func (p *program) bucket(f *config.File) (objects.Store, error) {
	if f.Objects == "" {
		return nil, nil
	}
	return objects.OpenS3(f.Objects, p.getenv)
}

// proxy returns the proxy of a configuration, nil without one.
func proxy(f *config.File) *api.Proxy {
	if len(f.Proxy.Users) == 0 {
		return nil
	}
	p := &api.Proxy{Addresses: f.Proxy.Addresses, Header: f.Proxy.Header}
	for _, u := range f.Proxy.Users {
		user := api.ProxyUser{Name: u.Name, Tenant: u.Tenant}
		for _, s := range u.Scopes {
			user.Scopes = append(user.Scopes, store.Scope(s))
		}
		p.Users = append(p.Users, user)
	}
	return p
}

func serveCommand(ctx context.Context, p *program, c *call) error {
	file, err := p.configure(c)
	if err != nil {
		return err
	}
	var level slog.LevelVar
	level.Set(file.Log.Level)
	var handler slog.Handler = slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: &level})
	if file.Log.Format == "json" {
		handler = slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: &level})
	}
	if p.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(file.Memory))
		if p.getenv("GOGC") == "" {
			debug.SetGCPercent(200) // within the limit, memory is cheaper than collections
		}
	}
	o := options(file)
	o.Log = slog.New(handler)
	o.Telemetry = telemetry.Options{Endpoint: file.Telemetry.Endpoint, Service: file.Telemetry.Service, Headers: file.Telemetry.Headers, CA: file.Telemetry.CA}
	if err := o.Telemetry.Environment(p.getenv); err != nil {
		return err
	}
	if o.Objects, err = p.bucket(file); err != nil {
		return err
	}
	scheme := "http"
	if file.TLS.Certificate != "" {
		files, err := certificate.Open(file.TLS.Certificate, file.TLS.Key, o.Log)
		if err != nil {
			return err
		}
		scheme, o.TLS = "https", &tls.Config{GetCertificate: files.Get, MinVersion: tls.VersionTLS12}
	}
	s, err := serve.Open(ctx, o)
	if err != nil {
		return err
	}
	var l net.Listener
	if o.Role != serve.Worker {
		if l, err = net.Listen("tcp", file.Listen); err != nil {
			return errors.Join(err, s.Close())
		}
		fmt.Fprintf(p.stdout, "listening on %s://%s\n", scheme, l.Addr())
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				p.reload(ctx, c, file, s, &level, o.Log)
			}
		}
	}()
	err = s.Run(ctx, l)
	cancel()
	signal.Stop(hangups)
	<-done
	return errors.Join(err, s.Close())
}

// reload reads the configuration again and applies the values that need no restart. Before is the configuration at the start. If the file
// has errors, nothing changes.
func (p *program) reload(ctx context.Context, c *call, before *config.File, s *serve.Service, level *slog.LevelVar, log *slog.Logger) {
	again := c.again()
	file, err := p.configure(again)
	if err == nil {
		err = s.Reload(ctx, options(file))
	}
	if err != nil {
		log.Error("the configuration was not reloaded", "error", err)
		return
	}
	level.Set(file.Log.Level)
	log.Info("the configuration was reloaded")
	if list := config.Restart(before, file); len(list) > 0 {
		log.Warn("some values change after a restart only", "values", strings.Join(list, " "))
	}
}

// configCheck reports all errors of a configuration file.
func configCheck(_ context.Context, p *program, c *call) error {
	args, err := c.parse(1)
	if err != nil {
		return err
	}
	_, err = config.Load(args[0], p.lookup, feedNames())
	if list, ok := errors.AsType[config.Errors](err); ok {
		for i := range list {
			fmt.Fprintln(p.stderr, printable(list[i].Error()))
		}
		return &exitError{exitFailed, fmt.Sprintf("%d errors in %s", len(list), args[0])}
	}
	return err
}
