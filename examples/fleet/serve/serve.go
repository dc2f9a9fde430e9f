// Package serve joins the parts of the service to one process: an API server, a worker, or both.
package serve

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db/feed"
	everything "github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/falco"
	"github.com/hullmark/hullmark/examples/fleet/feeds"
	"github.com/hullmark/hullmark/examples/fleet/follow"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/metrics"
	"github.com/hullmark/hullmark/examples/fleet/neighbours"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/page"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/examples/fleet/watcher"
	"github.com/hullmark/hullmark/examples/fleet/webhooks"
	"github.com/hullmark/hullmark/examples/fleet/work"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A Role is the task of a process.
type Role string

const (
	API    Role = "api"
	Worker Role = "worker"
	All    Role = "all"
)

// Options configure a process. A single process needs only Data.
type Options struct {
	Data         string                    // directory of the database, objects and keys
	Database     string                    // "postgres://..."; "" for SQLite in Data
	Objects      objects.Store             // see LocalObjects if nil
	Role         Role                      // All if empty
	Advisories   string                    // file that another program replaces; if it is empty, the service updates Feeds
	Feeds        []feed.Feed               // all feeds of the library if it is nil
	FeedEvery    time.Duration             // between updates; 6 hours if zero
	Schedules    map[string]feeds.Schedule // of feeds that differ
	Mirror       string                    // of the feeds' publishers, see feed.UpdateOptions
	Daily        int                       // submissions of a token in a day; no limit if zero
	Neighbours   Neighbours                // other systems that the service answers
	ReviewTime   time.Duration             // for an admission review, after which the rule decides; 80 ms if zero
	Operators    []string                  // tenants that may change what all tenants share; "default" if nil
	Key          string                    // file of the key that encrypts credentials; "key" in Data, which is made, if empty
	Registries   []string                  // patterns of the registries that tenants without a list of their own may use; all if empty
	Allow        []netip.Prefix            // addresses that registries may have although they are not public
	Receivers    []netip.Prefix            // addresses that receivers of events may have although they are not public
	Insecure     []string                  // registries without TLS
	Archive      []archive.Rule            // of images to archive
	ArchiveEvery time.Duration             // 24 hours if zero
	Proxy        *api.Proxy                // that authenticates users; nil without one
	TLS          *tls.Config               // of the API; nil without TLS
	KeepEvents   time.Duration             // 90 days if zero
	Keep         archive.Keep              // submissions and the audit
	Workers      int                       // jobs at once; 4 if zero
	MaxUpload    int64
	Concurrent   int // requests at once, and Lasting those that last, see api.Server
	Lasting      int
	NoPage       bool            // serve the API without the web page
	Lease        time.Duration   // of a layer, see work.Layers
	Pauses       []time.Duration // before further attempts, see work.Worker
	Telemetry    telemetry.Options
	Look         time.Duration // between looks at new advisories, images and events; 5 seconds if zero
	Log          *slog.Logger
}

const (
	tidyEvery    = time.Minute
	gather       = 100 * time.Millisecond // from the first event until events are sent
	collectEvery = time.Hour
	archiveEvery = 24 * time.Hour
	keepEvents   = 90 * 24 * time.Hour // by default
	maxLayers    = 10 << 30            // bytes of results of layers
	stopTime     = 30 * time.Second
	flushTime    = 5 * time.Second // to send the last spans
	headerTime   = 10 * time.Second
	idleTime     = 2 * time.Minute
	maxHeader    = 64 << 10
	workerMemory = 128 << 20 // of file contents, for all scans of a process
)

// A Service is an open process.
type Service struct {
	Store      *store.Store
	objects    objects.Store
	handler    http.Handler
	worker     *work.Worker
	queue      *work.Queue
	index      *index.Index
	archiver   *archive.Archiver
	files      *advisories.File
	verdicts   *verdict.Evaluator
	watcher    *watcher.Watcher
	webhooks   *webhooks.Webhooks
	updater    *feeds.Updater // nil with a file of another program
	follower   *follow.Follower
	neighbours *neighbours.Service
	alerts     *falco.Intake // nil without Falco
	options    atomic.Pointer[Options]
	transport  []*http.Transport // whose connections depend on the options
	tracer     *telemetry.Tracer // nil without telemetry
	log        *slog.Logger
	look       time.Duration
	collected  time.Time     // when unused parts were deleted last
	changed    chan struct{} // an image was analyzed, or something else that maintain looks at
	events     chan struct{} // there may be new events
}

// kick makes maintain and deliver look now.
func (s *Service) kick() {
	s.wake(s.changed)
	s.wake(s.events)
}

// wake ends the current wait for a channel, or the next one.
func (s *Service) wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Address returns the address of the database.
func (o *Options) Address() string {
	if o.Database != "" {
		return o.Database
	}
	return filepath.Join(o.Data, "fleet.db")
}

// LocalObjects returns the store of objects without a bucket: the data directory, or the PostgreSQL database, because processes may share no directory.
func (o *Options) LocalObjects(s *store.Store) objects.Store {
	if o.Database != "" {
		return objects.SQL{Store: s}
	}
	return objects.Dir(filepath.Join(o.Data, "objects"))
}

// defaults sets the options whose zero value means another one.
func (o *Options) defaults() {
	o.Log = cmp.Or(o.Log, slog.Default())
	o.Role = cmp.Or(o.Role, All)
	o.Look = cmp.Or(o.Look, 5*time.Second)
	o.Key = cmp.Or(o.Key, filepath.Join(o.Data, "key"))
	o.Workers = cmp.Or(o.Workers, 4)
	o.FeedEvery = cmp.Or(o.FeedEvery, 6*time.Hour)
	o.ArchiveEvery = cmp.Or(o.ArchiveEvery, archiveEvery)
	o.KeepEvents = cmp.Or(o.KeepEvents, keepEvents)
	if o.Operators == nil {
		o.Operators = []string{"default"}
	}
	if o.Feeds == nil {
		o.Feeds = everything.Feeds()
	}
	if len(o.Registries) == 0 {
		o.Registries = []string{"**"}
	}
	o.Keep.Defaults()
}

// settings returns the current options of the API.
func (s *Service) settings() *api.Settings {
	o := s.options.Load()
	return &api.Settings{Daily: o.Daily, Operators: o.Operators, Registries: o.Registries, Proxy: o.Proxy, Archive: o.Archive, FeedEvery: o.FeedEvery}
}

// addTenants adds the tenants of the proxy's users.
func (s *Service) addTenants(ctx context.Context, p *api.Proxy) error {
	if p == nil {
		return nil
	}
	for _, u := range p.Users {
		if err := s.Store.AddTenant(ctx, u.Tenant); err != nil {
			return err
		}
	}
	return nil
}

// Reload changes the options that a running service can change: Registries, Allow, Receivers, Operators, Daily, FeedEvery, Schedules, Proxy,
// Archive, ArchiveEvery, KeepEvents and Keep. It ignores the others.
func (s *Service) Reload(ctx context.Context, o Options) error {
	o.defaults()
	if err := s.addTenants(ctx, o.Proxy); err != nil {
		return err
	}
	if s.updater != nil {
		if err := s.updater.Set(ctx, o.Schedules); err != nil {
			return err
		}
	}
	o.TLS = s.options.Load().TLS
	s.options.Store(&o)
	for _, t := range s.transport {
		t.CloseIdleConnections() // to addresses that are no longer allowed
	}
	return nil
}

// client returns a transport that connects to public addresses and those that the current options allow. Spans of its requests have the name.
func (s *Service) client(name string, allow func(*Options) []netip.Prefix) http.RoundTripper {
	t := address.TransportFunc(func() []netip.Prefix { return allow(s.options.Load()) })
	s.transport = append(s.transport, t)
	if s.tracer == nil {
		return t
	}
	return telemetry.Transport(name, t)
}

// Open opens the database and prepares everything that Run needs.
func Open(ctx context.Context, o Options) (_ *Service, err error) {
	o.defaults()
	if o.Role != All && o.Role != API && o.Role != Worker {
		return nil, fmt.Errorf("serve: unknown role %q", o.Role)
	}
	o.Telemetry.Log = o.Log
	tracer, err := telemetry.Open(ctx, o.Telemetry)
	if err != nil {
		return nil, err
	}
	o.Log = slog.New(tracer.Log(o.Log.Handler()))
	s := &Service{log: o.Log, tracer: tracer, look: o.Look, changed: make(chan struct{}, 1), events: make(chan struct{}, 1)}
	s.options.Store(&o)
	if s.Store, err = store.Open(ctx, o.Address()); err != nil {
		return nil, errors.Join(err, s.flush())
	}
	if err := s.open(ctx, &o); err != nil {
		return nil, errors.Join(err, s.Store.Close(), s.flush())
	}
	return s, nil
}

// open prepares the parts of a service, whose database is open.
func (s *Service) open(ctx context.Context, o *Options) (err error) {
	if err := s.addTenants(ctx, o.Proxy); err != nil {
		return err
	}
	if s.objects = o.Objects; s.objects == nil {
		s.objects = o.LocalObjects(s.Store)
	}
	key, err := seal.Load(o.Key, o.Database == "")
	if err != nil {
		return err
	}
	if err := s.openAdvisories(ctx, o); err != nil {
		return err
	}
	provider := &advisories.Provider{File: s.files, Own: &advisories.Own{Store: s.Store}}
	s.index = &index.Index{Store: s.Store, Objects: s.objects, Dir: filepath.Join(o.Data, "index")}
	s.archiver = &archive.Archiver{Store: s.Store, Objects: s.objects}
	s.verdicts = &verdict.Evaluator{Store: s.Store, Answers: answer.New(s.Store.Catalog), Advisories: provider}
	s.watcher = &watcher.Watcher{Store: s.Store, Objects: s.objects, Index: s.index, Advisories: provider, Journal: s.verdicts.Journal}
	receivers := &http.Client{Transport: s.client("webhook delivery", func(o *Options) []netip.Prefix { return o.Receivers })}
	s.webhooks = &webhooks.Webhooks{Store: s.Store, Index: s.index, Key: key, Sender: &webhook.Sender{Client: receivers}, Journal: s.verdicts.Journal}
	s.webhooks.Init()
	if err := s.notify(&o.Neighbours, o.Receivers); err != nil {
		return err
	}
	s.neighbours = &neighbours.Service{Store: s.Store, Answers: s.verdicts.Answers, Verdicts: s.verdicts, Advisories: provider, Key: key, Submit: s.Submit, State: s.analyzersState(), Version: "1", Log: o.Log, ReviewTime: o.ReviewTime}
	counts := new(metrics.Set)
	if o.Role != API {
		s.worker = s.newWorker(o, key, counts)
	}
	if s.queue, err = work.OpenQueue(ctx, s.Store, s.worker, o.Log.With("part", "queue")); err != nil {
		return err
	}
	if s.worker != nil {
		s.follower = &follow.Follower{Store: s.Store, Queue: s.queue, Registry: s.worker.Registry, Log: o.Log, Keychain: s.worker.Keychain, Registries: s.worker.Registries}
	}
	if o.Role == Worker {
		return nil
	}
	return s.openAPI(ctx, o, &api.Server{Settings: s.settings, Store: s.Store, Objects: s.objects, Queue: s.queue, Answers: s.verdicts.Answers, Index: s.index, Advisories: provider,
		Verdicts: s.verdicts, Webhooks: s.webhooks, Archiver: s.archiver, Key: key, Metrics: counts, Log: o.Log, MaxUpload: o.MaxUpload, Concurrent: o.Concurrent, Lasting: o.Lasting,
		Changed: s.kick})
}

// openAdvisories prepares the file of advisories, and the updates of feeds unless another program replaces the file.
func (s *Service) openAdvisories(ctx context.Context, o *Options) error {
	s.files = &advisories.File{Name: o.Advisories, Log: o.Log}
	if o.Advisories != "" {
		return nil
	}
	s.files.Find = advisories.Published(s.Store, s.objects, filepath.Join(o.Data, "advisories"))
	s.updater = &feeds.Updater{Store: s.Store, Objects: s.objects, Dir: filepath.Join(o.Data, "feeds"), Feeds: o.Feeds, Every: func() time.Duration { return s.options.Load().FeedEvery }, Options: feed.UpdateOptions{Mirror: o.Mirror}, Log: o.Log}
	if err := s.updater.Prepare(ctx); err != nil {
		return err
	}
	return s.updater.Set(ctx, o.Schedules)
}

// openAPI prepares the handler of requests: the API, the page, and the paths of neighbours.
func (s *Service) openAPI(ctx context.Context, o *Options, server *api.Server) error {
	if o.Neighbours.Falco {
		alerts, err := falco.OpenSQL(ctx, s.Store.DB, s.Store.Dialect)
		if err != nil {
			return err
		}
		alerts.Audit = func(ctx context.Context, tx *sql.Tx, tenant, action, subject string) error {
			return s.Store.Within(tx).Audit(ctx, tenant, api.Actor(ctx), action, subject)
		}
		s.alerts, server.Alerts = s.neighbours.Falco(alerts, api.Tenant)
	}
	handler, err := server.Handler()
	if err == nil && !o.NoPage {
		handler, err = page.Handler(handler)
	}
	if err == nil {
		handler, err = s.answers(&o.Neighbours, s.neighbours, handler)
	}
	if err != nil {
		return err
	}
	s.handler = s.tracer.Handler(handler)
	return nil
}

func (s *Service) newWorker(o *Options, key *seal.Key, counts *metrics.Set) *work.Worker {
	return &work.Worker{
		Store:   s.Store,
		Objects: s.objects,
		Scanner: scan.Scanner{
			Analyzers: analyzers(),
			Cache:     &work.Layers{Store: s.Store, Log: o.Log, Lease: o.Lease},
			Budget:    &scan.Budget{Memory: workerMemory, Parallel: runtime.GOMAXPROCS(0)},
		},
		Registry:   registry.Options{Transport: s.client("registry request", func(o *Options) []netip.Prefix { return o.Allow }), Insecure: o.Insecure},
		Parallel:   o.Workers,
		Keychain:   (&keys{s.Store, key}).of,
		Registries: s.registries,
		Secret:     s.neighbours.Secret,
		Client:     &http.Client{Transport: s.client("layer request", func(o *Options) []netip.Prefix { return o.Allow })},
		Pauses:     o.Pauses,
		Log:        o.Log,
		Done: func(m *store.Submission) {
			counts.Add("fleet_analyses_total", "Analyses that ended.", 1, "state", string(m.State), "reason", m.Reason)
			s.kick()
		},
	}
}

// analyzers returns those of images.
func analyzers() []analyzer.Analyzer { return append(all.All(), content.All()...) }

// registries returns the patterns of a tenant, or those of the service.
func (s *Service) registries(ctx context.Context, tenant string) ([]string, error) {
	list, err := s.Store.Registries(ctx, tenant)
	if err == nil && list == nil {
		list = s.options.Load().Registries
	}
	return list, err
}

// Run serves the API on a listener and works on jobs until ctx ends. Then it ends all requests and jobs. A worker needs no listener.
func (s *Service) Run(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(s.tracer.Context(ctx))
	defer cancel()
	var wg sync.WaitGroup
	failed := make(chan error, 8)
	start := func(run func() error) {
		wg.Go(func() {
			if err := run(); err != nil {
				failed <- err
				cancel()
			}
		})
	}
	if s.handler != nil && l != nil {
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, TLSConfig: s.options.Load().TLS,
			ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), BaseContext: func(net.Listener) context.Context { return ctx }}
		start(func() error {
			run := server.Serve
			if server.TLSConfig != nil {
				run = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
			}
			if err := run(stalling{l, writeTime}); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		start(func() error {
			<-ctx.Done()
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
			defer cancel()
			return server.Shutdown(end)
		})
	}
	if s.alerts != nil {
		start(func() error { return s.every(ctx, time.Minute, "joining alerts", s.rejoin) })
	}
	if s.worker != nil {
		start(func() error { return s.queue.Run(ctx, stopTime) })
		start(func() error { return s.maintain(ctx) })
		start(func() error { return s.deliver(ctx) })
		start(func() error {
			return s.every(ctx, s.look, "looking for dead workers", func(ctx context.Context) error { return s.queue.Sweep(ctx, s.Store) })
		})
		start(func() error { return s.every(ctx, tidyEvery, "tidying", s.tidy) })
		start(func() error { return s.every(ctx, s.look, "looking at repositories", s.follower.Look) })
		if s.updater != nil {
			start(func() error { return s.every(ctx, s.look, "updating advisories", s.updater.Update) })
		}
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// maintain updates the index, compares advisories, evaluates policies and sends events. Failures are repeated.
func (s *Service) maintain(ctx context.Context) error {
	look := time.NewTicker(s.look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
		case <-look.C:
		}
		_, err := s.index.Update(ctx)
		s.warn(ctx, "updating the index", err)
		s.warn(ctx, "comparing advisories", s.watcher.Look(ctx))
		s.warn(ctx, "evaluating policies", s.verdicts.Refresh(ctx))
		s.wake(s.events)
	}
}

// deliver sends events. Receivers may be slow, so nothing else waits for it.
func (s *Service) deliver(ctx context.Context) error {
	look := time.NewTicker(s.look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.events:
			select { // images are often analyzed one after the other
			case <-ctx.Done():
				return nil
			case <-time.After(gather):
			}
		case <-look.C:
		}
		s.warn(ctx, "sending events", s.webhooks.Deliver(ctx))
	}
}

// every calls run now and then until ctx ends.
func (s *Service) every(ctx context.Context, d time.Duration, what string, run func(context.Context) error) error {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		s.warn(ctx, what, run(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (s *Service) warn(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, what+" failed", "error", err)
	}
}

// empty deletes the objects in the trash whose time has ended. One that cannot be deleted stays there, and does not keep the others.
func (s *Service) empty(ctx context.Context) error {
	list, err := s.Store.Waste(ctx, 1000)
	for _, object := range list {
		failed := s.objects.Delete(ctx, object)
		if failed == nil {
			failed = s.Store.Emptied(ctx, object)
		} else {
			failed = errors.Join(failed, s.Store.Trash(ctx, object, time.Hour)) // behind the others
		}
		err = errors.Join(err, failed)
	}
	return err
}

func (s *Service) tidy(ctx context.Context) error {
	_, err := s.Store.TrimLayers(ctx, maxLayers)
	err = errors.Join(err, s.empty(ctx), s.Store.Sum(ctx), s.Store.Resume(ctx))
	tenants, listErr := s.Store.TenantNames(ctx)
	for _, t := range tenants {
		err = errors.Join(err, s.verdicts.Journal(t).Expire(ctx))
	}
	if now := time.Now(); now.Sub(s.collected) > collectEvery {
		s.collected = now
		keep := s.options.Load().KeepEvents
		_, collectErr := s.Store.Catalog.Collect(ctx, now.Add(-keep))
		// An event that is queued again must find its deliveries, so they are kept longer.
		_, purgeErr := s.Store.Catalog.Outbox().Purge(ctx, now.Add(-keep-7*24*time.Hour))
		err = errors.Join(err, collectErr, purgeErr, s.retain(ctx, now))
	}
	err = errors.Join(err, s.archive(ctx, tenants))
	return errors.Join(err, listErr, s.Store.ForgetAnswers(ctx, time.Now().Add(-store.AnswerTime)))
}

// retain deletes old submissions and entries of the audit.
func (s *Service) retain(ctx context.Context, now time.Time) error {
	counts, err := s.archiver.Retain(ctx, now, s.options.Load().Keep, false)
	if counts.Submissions+counts.Audit > 0 {
		s.log.InfoContext(ctx, "old rows were deleted", "submissions", counts.Submissions, "audit", counts.Audit)
	}
	return errors.Join(err, s.Store.ForgetUsage(ctx, now.AddDate(0, 0, -1)))
}

// archive archives the images of tenants that the rules select, if the time has come. One process does so.
func (s *Service) archive(ctx context.Context, tenants []string) error {
	if err := s.archiver.Continue(ctx); err != nil {
		return err
	}
	o := s.options.Load()
	if len(o.Archive) == 0 {
		return nil
	}
	holder := store.NewID()
	held, err := s.Store.Claim(ctx, "archive", holder, o.ArchiveEvery) // until the next time, unless archiving fails
	if err != nil || !held {
		return err
	}
	if err := s.archiveAll(ctx, tenants, o.Archive); err != nil {
		return errors.Join(err, s.Store.Release(context.WithoutCancel(ctx), "archive", holder))
	}
	return nil
}

// archiveAll archives the images of tenants that rules select.
func (s *Service) archiveAll(ctx context.Context, tenants []string, rules []archive.Rule) error {
	count := 0
	for _, t := range tenants {
		selected, err := s.archiver.Select(ctx, t, rules, time.Now())
		if err != nil {
			return err
		}
		for i := range selected {
			err := s.archiver.Archive(ctx, &selected[i], "rules")
			if err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
			if err == nil {
				count++
			}
		}
	}
	s.log.InfoContext(ctx, "images were archived", "count", count)
	return nil
}

// Submit adds submissions.
func (s *Service) Submit(ctx context.Context, list ...*store.Submission) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return s.queue.Submit(ctx, tx, list...) })
}

// flush sends the last spans.
func (s *Service) flush() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	return s.tracer.Close(ctx)
}

// Close closes everything that Open opened.
func (s *Service) Close() error {
	return errors.Join(s.index.Close(), s.files.Close(), s.Store.Close(), s.flush())
}
