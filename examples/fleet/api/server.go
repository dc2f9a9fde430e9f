// Package api serves the REST API. openapi.yaml comes first: the server takes routes, scopes and parameters from it.
package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/metrics"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/stream"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/examples/fleet/webhooks"
	"github.com/hullmark/hullmark/examples/fleet/work"
)

const (
	maxReceived   = 64 << 20         // bytes of all bodies that are held, except for uploads
	maxJSON       = 1 << 20          // bytes of the body of a request, except for uploads
	bodyTime      = 30 * time.Second // to read it
	queueTime     = 2 * time.Second  // that a request waits for others
	defaultUpload = 10 << 30
)

// A Server serves the API.
type Server struct {
	Store      *store.Store
	Objects    objects.Store
	Queue      *work.Queue
	Answers    *answer.Answerer
	Index      *index.Index
	Advisories *advisories.Provider
	Verdicts   *verdict.Evaluator
	Webhooks   *webhooks.Webhooks
	Archiver   *archive.Archiver
	Alerts     http.Handler // of Falco, which knows the tenant by Tenant; nil without
	Key        *seal.Key    // for credentials
	Metrics    *metrics.Set
	Log        *slog.Logger

	Settings   func() *Settings
	MaxUpload  int64         // bytes; 10 GiB if zero
	UploadTime time.Duration // 30 minutes if zero
	received   atomic.Int64

	Concurrent int // requests at once, without those that last; 64 if zero
	Lasting    int // uploads, streams, and requests that wait for an event; 2,000 if zero

	tail  *stream.Tail[int64, catalog.Notice]
	views views
	waits waits

	Changed func() // called after a change that may make events or verdicts; may be nil
}

// Settings may change while the server runs.
type Settings struct {
	Daily      int      // submissions of a token in a day; no limit if zero
	Operators  []string // tenants that may change what all tenants share
	Registries []string // allowed to tenants that have no list of their own
	Proxy      *Proxy   // nil without one
	Archive    []archive.Rule
	FeedEvery  time.Duration // between updates of a feed that has no time of its own
}

// Handler returns the handler of all routes in the document.
func (s *Server) Handler() (http.Handler, error) {
	list, err := operations()
	if err != nil {
		return nil, err
	}
	if s.Concurrent == 0 {
		s.Concurrent = 64
	}
	if s.Lasting == 0 {
		s.Lasting = 2000
	}
	slots, lasting := make(chan struct{}, s.Concurrent), make(chan struct{}, s.Lasting)
	s.tail = s.newTail()
	handlers := s.handlers()
	mux := http.NewServeMux()
	for _, o := range list {
		run := handlers[o.ID]
		if run == nil {
			return nil, fmt.Errorf("api: the operation %q has no handler", o.ID)
		}
		delete(handlers, o.ID)
		mux.Handle(o.method+" "+o.path, &route{s, &o, run, slots, lasting})
	}
	for id := range handlers {
		return nil, fmt.Errorf("api: the handler %q has no operation", id)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c := s.newCall(w, r, &operation{ID: "none"})
		c.fail(c.other(mux))
	})
	return mux, nil
}

// other returns the problem of a request that no route fits.
func (c *call) other(mux *http.ServeMux) error {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		r := c.r.Clone(c.r.Context())
		r.Method = method
		if _, pattern := mux.Handler(r); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		c.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return &problem{Status: http.StatusMethodNotAllowed, Code: "method", Detail: "the path has no such method"}
	}
	return &problem{Status: http.StatusNotFound, Code: "not-found", Detail: "no such path"}
}

// A call is a request with its token.
type call struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	op    *operation
	query url.Values
	token *store.Token
	id    string // of the request, in the log and in the header Fleet-Request
	sent  int    // status

	received []byte // the body, unless it is an upload
}

// newCall returns a call with an ID of its own. An ID that the client sends does not count, because it could look like another's.
func (s *Server) newCall(w http.ResponseWriter, r *http.Request, op *operation) *call {
	c := &call{s: s, w: w, r: r, op: op, id: store.NewID()}
	w.Header().Set("Fleet-Request", c.id)
	telemetry.Current(r.Context()).Set(attribute.String("fleet.request", c.id), attribute.String("fleet.operation", op.ID))
	return c
}

// log returns a log whose lines have the ID of the request.
func (c *call) log() *slog.Logger { return c.s.Log.With("request", c.id, "operation", c.op.ID) }

func (c *call) ctx() context.Context { return c.r.Context() }

// tenant returns the tenant of the token.
func (c *call) tenant() string { return c.token.Tenant }

func (c *call) int(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.query.Get(name)); err == nil { // the document has the limits
		return n
	}
	return otherwise
}

// A reply is a successful answer.
type reply struct {
	status   int
	value    any    // written as JSON, or
	body     []byte // written unchanged
	kind     string // of the body
	location string
	database string
	etag     string // a hash of the body if empty
	volatile bool   // without ETag
}

// changed says that there may be new events or verdicts to compute.
func (s *Server) changed() {
	if s.Changed != nil {
		s.Changed()
	}
}

func ok(value any) *reply { return &reply{status: http.StatusOK, value: value} }

type handler func(*call) (*reply, error)

type tenantKey struct{}
type actorKey struct{}

// Actor returns the name of the token of a request that the server passes on, for the audit.
func Actor(ctx context.Context) string {
	actor, _ := ctx.Value(actorKey{}).(string)
	return actor
}

// Tenant returns the tenant of a request that the server passes on.
func Tenant(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}

// pass answers a request by another handler, after it was authenticated and its parameters were checked. A stream ends with the token.
func (c *call) pass(h http.Handler) (*reply, error) {
	ctx := c.ctx()
	if c.streams() {
		lasting, cancel := c.lasting()
		defer cancel()
		ctx = lasting
	}
	if c.op.Body != "upload" {
		c.r.Body = io.NopCloser(bytes.NewReader(c.received))
	}
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	c.w.Header().Set("Cache-Control", "no-store")
	ctx = context.WithValue(context.WithValue(ctx, tenantKey{}, c.tenant()), actorKey{}, c.token.Name)
	h.ServeHTTP(&observed{c.w, &c.sent}, c.r.WithContext(ctx))
	return nil, nil
}

// observed is a ResponseWriter that keeps the status.
type observed struct {
	http.ResponseWriter
	status *int
}

func (o *observed) WriteHeader(status int) {
	*o.status = status
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// A route answers requests of an operation.
type route struct {
	s       *Server
	op      *operation
	run     handler
	slots   chan struct{}
	lasting chan struct{}
}

// ServeHTTP implements [http.Handler].
func (t *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := t.s.newCall(w, r, t.op)
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			c.log().ErrorContext(c.ctx(), "panic", "value", v)
			if c.sent == 0 {
				c.fail(errors.New("panic"))
			}
		}
		if log := c.log(); log.Enabled(c.ctx(), slog.LevelDebug) { // without the path and the query, which may have what clients keep secret
			tenant := ""
			if c.token != nil {
				tenant = c.token.Tenant
			}
			log.DebugContext(c.ctx(), "request", "method", r.Method, "status", c.sent, "tenant", tenant, "duration", time.Since(start))
		}
		c.s.Metrics.Observe("fleet_request_seconds", "Duration of requests.", time.Since(start), "operation", t.op.ID, "status", strconv.Itoa(c.sent))
	}()
	rep, err := t.answer(c)
	if err == nil && rep != nil {
		err = c.send(rep)
	}
	if err != nil {
		c.fail(err)
	}
}

func (t *route) answer(c *call) (*reply, error) {
	if err := c.authenticate(); err != nil {
		return nil, err
	}
	if t.op.Body != "upload" { // read before others have to wait for the request
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxJSON)
		done, err := c.receive()
		if err != nil {
			return nil, err
		}
		defer done()
	}
	var err error
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return nil, malformed("the query is malformed")
	}
	if fault := t.op.check(c.query); fault != "" {
		return nil, malformed(fault)
	}
	for _, values := range c.query {
		if !clean(values[0]) {
			return nil, malformed("the query is not UTF-8, or has NUL")
		}
	}
	if !clean(c.r.URL.Path) {
		return nil, malformed("the path is not UTF-8, or has NUL")
	}
	release, err := t.slot(c)
	if err != nil {
		return nil, err
	}
	defer release()
	return t.run(c)
}

// receive reads the body of a request, which takes as long as the client wants, within a deadline. All bodies together have a limit.
func (c *call) receive() (done func(), err error) {
	held := int64(0)
	done = func() { c.s.received.Add(-held) }
	if c.r.ContentLength == 0 {
		return done, nil
	}
	end := c.deadline(bodyTime) // stays after a failure, so that the server does not wait for the rest
	var b bytes.Buffer
	for part := make([]byte, 16<<10); ; {
		n, err := c.r.Body.Read(part)
		held += int64(n)
		if c.s.received.Add(int64(n)) > maxReceived {
			done()
			return nil, &problem{Status: http.StatusServiceUnavailable, Code: "busy", Detail: "too many requests at once", retry: time.Second}
		}
		b.Write(part[:n])
		if err == io.EOF {
			break
		}
		if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
			done()
			return nil, tooLarge(large.Limit)
		}
		if err != nil {
			done()
			return nil, malformed("the body cannot be read")
		}
	}
	end()
	c.received = b.Bytes()
	return done, nil
}

// slot waits until few other requests are at work. Requests that last have slots of their own, and do not wait for one.
func (t *route) slot(c *call) (release func(), err error) {
	busy := &problem{Status: http.StatusServiceUnavailable, Code: "busy", Detail: "too many requests at once", retry: time.Second}
	if t.op.Body == "upload" || c.int("wait", 0) > 0 || c.streams() {
		select {
		case t.lasting <- struct{}{}:
			return func() { <-t.lasting }, nil
		default:
			busy.retry = 5 * time.Second
			return nil, busy
		}
	}
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	default:
	}
	timer := time.NewTimer(queueTime)
	defer timer.Stop()
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	case <-timer.C:
	case <-c.ctx().Done():
	}
	return nil, busy
}

// deadline limits the time to read the body, until the function that it returns is called. Afterwards, a deadline would end the request.
func (c *call) deadline(d time.Duration) (end func()) {
	set := func(t time.Time) {
		if err := http.NewResponseController(c.w).SetReadDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
			c.log().WarnContext(c.ctx(), "setting a deadline failed", "error", err)
		}
	}
	set(time.Now().Add(d))
	return func() { set(time.Time{}) }
}

// authenticate finds the token of the request.
func (c *call) authenticate() (err error) {
	if c.op.public() {
		return nil
	}
	if c.token, err = c.identify(); err != nil {
		return err
	}
	telemetry.Current(c.ctx()).Set(attribute.String("fleet.tenant", c.token.Tenant))
	return nil
}

// identify returns the token of the request, which has the scope of the operation.
func (c *call) identify() (*store.Token, error) {
	denied := func(detail string) error {
		return &problem{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: detail}
	}
	now := time.Now()
	token, err := c.s.Settings().Proxy.user(c.r)
	if err != nil {
		return nil, err
	}
	if token == nil {
		scheme, secret, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return nil, denied("the request has no token")
		}
		if token, err = c.s.Store.TokenOf(c.ctx(), strings.TrimSpace(secret), now); errors.Is(err, store.ErrNotFound) {
			return nil, denied("the token is unknown")
		}
	}
	switch {
	case err != nil:
		return nil, err
	case !token.Expires.IsZero() && !now.Before(token.Expires):
		return nil, denied("the token has expired")
	case !c.op.any() && !token.Has(c.op.scope()):
		return nil, &problem{Status: http.StatusForbidden, Code: "forbidden", Detail: "the token lacks the scope " + string(c.op.scope())}
	}
	return token, nil
}

func clean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// decode reads the body of a request, strictly.
func (c *call) decode(into any) error {
	return decode(c.received, into)
}

func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	for { // PostgreSQL stores no NUL
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return malformed("the body is not JSON: " + err.Error())
		}
		if s, ok := t.(string); ok && strings.Contains(s, "\x00") {
			return malformed("a text in the body has NUL")
		}
	}
	d = json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return malformed("the body: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	if d.More() {
		return malformed("the body has more than one JSON value")
	}
	return nil
}

func tooLarge(limit int64) error {
	return &problem{Status: http.StatusRequestEntityTooLarge, Code: "too-large", Detail: fmt.Sprintf("the body has more than %d bytes", limit)}
}

// encoded returns a value as JSON.
func encoded(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return b.Bytes(), err
}

// send writes a reply.
func (c *call) send(rep *reply) error {
	body, h := rep.body, c.w.Header()
	if rep.value != nil {
		var err error
		if body, err = encoded(rep.value); err != nil {
			return err
		}
		rep.kind = "application/json"
	}
	if rep.location != "" {
		h.Set("Location", rep.location)
	}
	if rep.database != "" {
		h.Set("Fleet-Database", rep.database)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
	if rep.kind == "text/html; charset=utf-8" {
		h.Set("Content-Security-Policy", "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:")
	}
	if rep.status == http.StatusOK && !rep.volatile {
		if rep.etag == "" {
			sum := sha256.Sum256(body)
			rep.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
		}
		h.Set("ETag", rep.etag)
		if c.r.Method == http.MethodGet && slices.Contains(strings.Split(strings.ReplaceAll(c.r.Header.Get("If-None-Match"), " ", ""), ","), rep.etag) {
			c.sent = http.StatusNotModified
			c.w.WriteHeader(c.sent)
			return nil
		}
	}
	if rep.kind != "" {
		h.Set("Content-Type", rep.kind)
	}
	c.sent = rep.status
	c.w.WriteHeader(c.sent)
	c.w.Write(body) // the client may be gone
	return nil
}

// A problem is an error of a request, in the form of RFC 9457.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Errors []fault `json:"errors,omitempty"`

	Code  string        `json:"-"`
	retry time.Duration // for Retry-After
}

// A fault is one of several errors in a document.
type fault struct {
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func malformed(detail string) error {
	return &problem{Status: http.StatusBadRequest, Code: "malformed", Detail: detail}
}

// fail writes the problem of an error. An unexpected error is logged, and its text is not sent.
func (c *call) fail(err error) {
	p, known := errors.AsType[*problem](err)
	switch {
	case known:
	case errors.Is(err, store.ErrNotFound), errors.Is(err, catalog.ErrNotFound):
		p = &problem{Status: http.StatusNotFound, Code: "not-found"}
	case errors.Is(err, store.ErrConflict):
		p = &problem{Status: http.StatusPreconditionFailed, Code: "changed", Detail: "another request has changed it meanwhile"}
	case errors.Is(err, store.ErrReused):
		p = &problem{Status: http.StatusUnprocessableEntity, Code: "key-reused", Detail: "the Idempotency-Key belongs to another request"}
	case errors.Is(err, advisories.ErrNone):
		p = &problem{Status: http.StatusServiceUnavailable, Code: "no-advisories", Detail: "the service has no advisories yet", retry: time.Minute}
	case errors.Is(err, objects.ErrUnavailable):
		c.log().WarnContext(c.ctx(), "the store of objects does not work", "error", err)
		p = &problem{Status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "the store of objects of the service does not work now", retry: 5 * time.Second}
	case c.ctx().Err() != nil:
		p = &problem{Status: http.StatusServiceUnavailable, Code: "canceled", retry: time.Second}
	case unavailable(err):
		c.log().WarnContext(c.ctx(), "the database does not work", "error", err)
		p = &problem{Status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "the database of the service does not work now", retry: time.Second}
	default:
		c.log().ErrorContext(c.ctx(), "request failed", "error", err)
		p = &problem{Status: http.StatusInternalServerError, Code: "internal"}
	}
	copied := *p
	copied.Type, copied.Title = "urn:fleet:problem:"+p.Code, http.StatusText(p.Status)
	h := c.w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(max(1, p.retry.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="fleet"`)
	}
	body, err := json.Marshal(&copied)
	if err != nil {
		c.log().ErrorContext(c.ctx(), "writing a problem failed", "error", err)
	}
	c.sent = p.Status
	c.w.WriteHeader(c.sent)
	c.w.Write(append(body, '\n')) // the client may be gone
}

// unavailable reports whether an error of a handler means that the database does not work now. Handlers have problems for errors of other servers,
// so an error of the network is one of the database.
func unavailable(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return store.Unavailable(err) || network || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// once answers a request in a transaction. If the request has an Idempotency-Key, the answer is stored with it, and a second request with
// the key gets the same. The hash is that of all that the request says.
func (c *call) once(hash []byte, run func(tx *store.Tx) (*reply, error)) (*reply, error) {
	key := c.r.Header.Get("Idempotency-Key")
	if len(key) > 200 || !clean(key) {
		return nil, malformed("the Idempotency-Key is malformed")
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q ", c.op.ID, c.r.URL.Path, c.r.URL.RawQuery)
	h.Write(hash)
	hash = h.Sum(nil)
	var rep *reply
	err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if key != "" {
			a, err := tx.Answered(c.ctx(), c.tenant(), key, hash)
			if err != nil {
				return err
			}
			if a != nil {
				rep = &reply{status: a.Status, body: a.Body, kind: "application/json", location: a.Location}
				return nil
			}
		}
		var err error
		if rep, err = run(tx); err != nil || key == "" {
			return err
		}
		body, err := json.Marshal(rep.value)
		if err != nil {
			return err
		}
		return tx.Answer(c.ctx(), c.tenant(), key, hash, &store.Answer{Status: rep.status, Location: rep.location, Body: body})
	})
	return rep, err
}

// A page is a list, and the cursor of the next one.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// cursor returns the key after which the page begins.
func (c *call) cursor() (string, error) {
	b, err := hex.DecodeString(c.query.Get("cursor"))
	if err != nil || !clean(string(b)) {
		return "", malformed("the cursor is malformed")
	}
	return string(b), nil
}

func (c *call) limit() int { return c.int("limit", 100) }

// paged returns a page of items that were read with one more than the limit.
func paged[T any](items []T, limit int, key func(*T) string) page[T] {
	p := page[T]{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = hex.EncodeToString([]byte(key(&p.Items[limit-1])))
	}
	if p.Items == nil {
		p.Items = []T{}
	}
	return p
}

// sorted returns a page of items in the order of keys, which differ.
func sorted[T any](c *call, items []T, key func(*T) string) (page[T], error) {
	after, err := c.cursor()
	if err != nil {
		return page[T]{}, err
	}
	keys := make([]string, len(items))
	order := make([]int, 0, len(items))
	for i := range items {
		if keys[i] = key(&items[i]); after == "" || keys[i] > after {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	n := min(len(order), c.limit()+1)
	list := make([]T, n)
	for i := range n {
		list[i] = items[order[i]]
	}
	return paged(list, c.limit(), key), nil
}
