// Package serve joins the parts of the service to one process: an API server, a worker, or both.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync"
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
	"github.com/hullmark/hullmark/examples/fleet/falco"
	"github.com/hullmark/hullmark/examples/fleet/feeds"
	"github.com/hullmark/hullmark/examples/fleet/follow"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/metrics"
	"github.com/hullmark/hullmark/examples/fleet/neighbours"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
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

// Options say how to run a process. The zero value with a Data directory suits one process.
type Options struct {
	Data       string         // directory of the database, objects and keys
	Database   string         // "postgres://..."; "" for SQLite in Data
	Role       Role           // All if empty
	Advisories string         // file that another program replaces; if it is empty, the service updates Feeds
	Feeds      []feed.Feed    // all feeds of the library if it is nil
	FeedEvery  time.Duration  // between updates; 6 hours if zero
	Mirror     string         // of the feeds' publishers, see feed.UpdateOptions
	Daily      int            // submissions of a token in a day; no limit if zero
	Neighbours Neighbours     // other systems that the service answers
	Operators  []string       // tenants that may change what all tenants share; "default" if nil
	Key        string         // file of the key that encrypts credentials; "key" in Data, which is made, if empty
	Registries []string       // patterns of the registries that tenants without a list of their own may use; all if empty
	Allow      []netip.Prefix // addresses that registries may have although they are not public
	Insecure   []string       // registries without TLS
	Workers    int            // jobs at once; 4 if zero
	MaxUpload  int64
	Lease      time.Duration   // of a layer, see work.Layers
	Pauses     []time.Duration // before further attempts, see work.Worker
	Look       time.Duration   // between looks at new advisories, images and events; 5 seconds if zero
	Log        *slog.Logger
}

const (
	tidyEvery    = time.Minute
	collectEvery = time.Hour
	keepEvents   = 90 * 24 * time.Hour
	keepAnswers  = 24 * time.Hour // to requests with an Idempotency-Key
	maxLayers    = 10 << 30       // bytes of results of layers
	stopTime     = 30 * time.Second
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
	files      *advisories.File
	verdicts   *verdict.Evaluator
	watcher    *watcher.Watcher
	webhooks   *webhooks.Webhooks
	updater    *feeds.Updater // nil with a file of another program
	follower   *follow.Follower
	neighbours *neighbours.Service
	alerts     *falco.Intake // nil without Falco
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

// wake ends a wait for a channel, now or the next one.
func (s *Service) wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Address returns the address of the database that options name.
func (o *Options) Address() string {
	if o.Database != "" {
		return o.Database
	}
	return filepath.Join(o.Data, "fleet.db")
}

// Open opens the database and prepares everything that Run needs.
func Open(ctx context.Context, o Options) (_ *Service, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Role == "" {
		o.Role = All
	}
	if o.Role != All && o.Role != API && o.Role != Worker {
		return nil, fmt.Errorf("serve: unknown role %q", o.Role)
	}
	if o.Look == 0 {
		o.Look = 5 * time.Second
	}
	s := &Service{log: o.Log, look: o.Look, changed: make(chan struct{}, 1), events: make(chan struct{}, 1)}
	if s.Store, err = store.Open(ctx, o.Address()); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Store.Close())
		}
	}()
	var kept objects.Store = objects.Dir(filepath.Join(o.Data, "objects"))
	if o.Database != "" {
		kept = objects.SQL{Store: s.Store} // processes share no directory
	}
	s.objects = kept
	if o.Key == "" {
		o.Key = filepath.Join(o.Data, "key")
	}
	key, err := seal.Load(o.Key, o.Database == "")
	if err != nil {
		return nil, err
	}
	if o.Operators == nil {
		o.Operators = []string{"default"}
	}
	if o.Feeds == nil {
		o.Feeds = everything.Feeds()
	}
	if len(o.Registries) == 0 {
		o.Registries = []string{"**"}
	}
	s.files = &advisories.File{Name: o.Advisories, Log: o.Log}
	if o.Advisories == "" {
		s.files.Find = advisories.Published(s.Store, kept, filepath.Join(o.Data, "advisories"))
		s.updater = &feeds.Updater{Store: s.Store, Objects: kept, Dir: filepath.Join(o.Data, "feeds"), Feeds: o.Feeds, Every: o.FeedEvery, Options: feed.UpdateOptions{Mirror: o.Mirror}, Log: o.Log}
		if err := s.updater.Prepare(ctx); err != nil {
			return nil, err
		}
	}
	s.index = &index.Index{Store: s.Store, Objects: kept}
	counts := new(metrics.Set)
	if o.Role != API {
		s.worker = newWorker(&o, s, kept, key, counts)
	}
	provider := &advisories.Provider{File: s.files, Own: &advisories.Own{Store: s.Store}}
	s.verdicts = &verdict.Evaluator{Store: s.Store, Answers: answer.New(s.Store.Catalog), Advisories: provider}
	s.watcher = &watcher.Watcher{Store: s.Store, Objects: kept, Index: s.index, Advisories: provider, Journal: s.verdicts.Journal}
	s.webhooks = &webhooks.Webhooks{Store: s.Store, Index: s.index, Key: key, Sender: &webhook.Sender{Client: webhook.NewClient(o.Allow...)}, Journal: s.verdicts.Journal}
	s.webhooks.Init()
	if err := s.notify(&o.Neighbours, o.Allow); err != nil {
		return nil, err
	}
	s.neighbours = &neighbours.Service{Store: s.Store, Answers: s.verdicts.Answers, Verdicts: s.verdicts, Advisories: provider, Key: key, Submit: s.Submit, State: s.analyzersState(), Version: "1", Log: o.Log}
	if s.worker != nil {
		s.worker.Secret, s.worker.Client = s.neighbours.Secret, &http.Client{Transport: address.Transport(o.Allow...)}
	}
	if s.queue, err = work.OpenQueue(ctx, s.Store, s.worker, o.Log.With("part", "queue")); err != nil {
		return nil, err
	}
	if s.worker != nil {
		s.follower = &follow.Follower{Store: s.Store, Queue: s.queue, Registry: s.worker.Registry, Log: o.Log, Keychain: s.worker.Keychain, Registries: s.worker.Registries}
	}
	if o.Role != Worker {
		server := &api.Server{Operators: o.Operators, Daily: o.Daily, Store: s.Store, Objects: kept, Queue: s.queue, Answers: s.verdicts.Answers, Index: s.index, Advisories: provider,
			Verdicts: s.verdicts, Webhooks: s.webhooks, Key: key, Metrics: counts, Log: o.Log, Registries: o.Registries, MaxUpload: o.MaxUpload, Changed: s.kick}
		if s.handler, err = server.Handler(); err != nil {
			return nil, err
		}
		if s.handler, err = s.answers(ctx, &o.Neighbours, s.neighbours, s.handler); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func newWorker(o *Options, s *Service, kept objects.Store, key *seal.Key, counts *metrics.Set) *work.Worker {
	if o.Workers == 0 {
		o.Workers = 4
	}
	return &work.Worker{
		Store:   s.Store,
		Objects: kept,
		Scanner: scan.Scanner{
			Analyzers: analyzers(),
			Cache:     &work.Layers{Store: s.Store, Log: o.Log, Lease: o.Lease},
			Budget:    &scan.Budget{Memory: workerMemory, Parallel: runtime.GOMAXPROCS(0)},
		},
		Registry:   registry.Options{Transport: address.Transport(o.Allow...), Insecure: o.Insecure},
		Parallel:   o.Workers,
		Keychain:   (&keys{s.Store, key}).of,
		Registries: s.registries(o.Registries),
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
func (s *Service) registries(otherwise []string) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, tenant string) ([]string, error) {
		list, err := s.Store.Registries(ctx, tenant)
		if err == nil && list == nil {
			list = otherwise
		}
		return list, err
	}
}

// Run serves the API on a listener and works on jobs until ctx ends. Then it ends all requests and jobs. A worker needs no listener.
func (s *Service) Run(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
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
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
			ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), BaseContext: func(net.Listener) context.Context { return ctx }}
		start(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
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
		s.log.Warn(what+" failed", "error", err)
	}
}

// empty deletes the objects in the trash whose time has ended.
func (s *Service) empty(ctx context.Context) error {
	list, err := s.Store.Waste(ctx, 1000)
	for _, object := range list {
		if err := s.objects.Delete(ctx, object); err != nil {
			return err
		}
		if err := s.Store.Emptied(ctx, object); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) tidy(ctx context.Context) error {
	_, err := s.Store.TrimLayers(ctx, maxLayers)
	err = errors.Join(err, s.empty(ctx))
	tenants, listErr := s.Store.TenantNames(ctx)
	for _, t := range tenants {
		err = errors.Join(err, s.verdicts.Journal(t).Expire(ctx))
	}
	if now := time.Now(); now.Sub(s.collected) > collectEvery {
		s.collected = now
		_, collectErr := s.Store.Catalog.Collect(ctx, now.Add(-keepEvents))
		// An event that is queued again must find its deliveries, so they are kept longer.
		_, purgeErr := s.Store.Catalog.Outbox().Purge(ctx, now.Add(-keepEvents-7*24*time.Hour))
		err = errors.Join(err, collectErr, purgeErr)
	}
	return errors.Join(err, listErr, s.Store.ForgetAnswers(ctx, time.Now().Add(-keepAnswers)))
}

// Submit adds submissions.
func (s *Service) Submit(ctx context.Context, list ...*store.Submission) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return s.queue.Submit(ctx, tx, list...) })
}

// Close closes everything that Open opened.
func (s *Service) Close() error {
	return errors.Join(s.index.Close(), s.files.Close(), s.Store.Close())
}
