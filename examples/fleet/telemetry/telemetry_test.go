package telemetry_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// open returns a tracer, and a function that closes it and returns what it logged.
func open(t *testing.T, o telemetry.Options) (tracer *telemetry.Tracer, end func() string) {
	t.Helper()
	var log bytes.Buffer
	var mu sync.Mutex
	o.Log = slog.New(slog.NewTextHandler(locked{&mu, &log}, nil))
	tracer, err := telemetry.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tracer, func() string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		return log.String()
	}
}

type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestHandler: a span has the pattern of the route, never the path, and continues the trace of the client.
func TestHandler(t *testing.T) {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /v1/images/{image}", func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})
	inner.HandleFunc("POST /v1/fail", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	inner.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	outer := http.NewServeMux()
	outer.Handle("/", inner)
	const long = "vendor=" // then 600 bytes
	tests := []struct {
		method, path  string
		headers       http.Header
		name          string
		route         string
		status        string
		failed        string
		parent, state string
	}{
		{"GET", "/v1/images/secret?token=secret", nil, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", "", ""},
		{"GET", "/v1/images/secret", http.Header{"Traceparent": {parent}, "Tracestate": {"a=b"}}, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", parent, "a=b"},
		{"GET", "/v1/images/secret", http.Header{"Traceparent": {parent}, "Tracestate": {long + strings.Repeat("x", 600)}}, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", parent, ""},
		{"GET", "/v1/images/secret", http.Header{"Traceparent": {parent, parent}}, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", "", ""},
		{"GET", "/v1/images/secret", http.Header{"Traceparent": {strings.Repeat("0", 4096)}}, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", "", ""},
		{"GET", "/v1/images/secret", http.Header{"Traceparent": {"00-00000000000000000000000000000000-b7ad6b7169203331-01"}}, "GET /v1/images/{image}", "/v1/images/{image}", "200", "", "", ""},
		{"POST", "/v1/fail", nil, "POST /v1/fail", "/v1/fail", "502", "502", "", ""},
		{"SECRET", "/panic", nil, "_OTHER /panic", "/panic", "500", "500", "", ""},
		{"GET", "/secret", nil, "GET", "", "404", "", "", ""},
	}
	for _, test := range tests {
		c := fleettest.NewCollector(t)
		tracer, end := open(t, telemetry.Options{Endpoint: c.URL})
		s := httptest.NewServer(tracer.Handler(outer))
		r, err := http.NewRequest(test.method, s.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.headers != nil {
			r.Header = test.headers
		}
		if response, err := http.DefaultClient.Do(r); err == nil {
			response.Body.Close()
		}
		s.Close()
		end()
		spans := c.Spans()
		if len(spans) != 1 {
			t.Errorf("%s %s: %d spans", test.method, test.path, len(spans))
			continue
		}
		got := spans[0]
		from := ""
		if got.Parent != "" {
			from = "00-" + got.Trace + "-" + got.Parent + "-01"
		}
		if got.Name != test.name || got.Attributes["http.route"] != test.route || got.Attributes["http.response.status_code"] != test.status || got.Failed != test.failed ||
			from != test.parent || got.State != test.state || got.Kind != "SERVER" || got.Service != "fleet" {
			t.Errorf("%s %s: %+v, want %+v", test.method, test.path, got, test)
		}
		if strings.Contains(strings.ToLower(got.Text), "secret") {
			t.Errorf("%s %s: the span has the path: %s", test.method, test.path, got.Text)
		}
	}
}

// TestJob: a job has a trace of its own, with a link to the request that asked for it.
func TestJob(t *testing.T) {
	for _, test := range []struct {
		cause string
		links []string
	}{
		{parent, []string{"0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"}},
		{"", nil},
		{"malformed", nil},
	} {
		c := fleettest.NewCollector(t)
		tracer, end := open(t, telemetry.Options{Endpoint: c.URL, Service: "workers"})
		ctx, job := telemetry.Job(tracer.Context(t.Context()), "job", test.cause)
		if !strings.HasPrefix(telemetry.Parent(ctx), "00-") {
			t.Errorf("traceparent %q", telemetry.Parent(ctx))
		}
		_, step := telemetry.Start(ctx, "step")
		err := errors.New("secret")
		step.Done(&err)
		job.End()
		end()
		spans := c.Spans()
		if len(spans) != 2 {
			t.Fatal(spans)
		}
		if s, j := spans[0], spans[1]; s.Trace != j.Trace || s.Parent != j.ID || s.Failed != "error" || j.Parent != "" || j.Failed != "" || !reflect.DeepEqual(j.Links, test.links) || j.Service != "workers" {
			t.Errorf("%q: %+v", test.cause, spans)
		}
	}
}

// TestTransport: a span has the host of a request, and no path, user or query. It ends with the body.
func TestTransport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret/missing" {
			http.NotFound(w, r)
			return
		}
		w.Write(make([]byte, 1000))
	}))
	defer server.Close()
	c := fleettest.NewCollector(t)
	tracer, end := open(t, telemetry.Options{Endpoint: c.URL})
	client := &http.Client{Transport: telemetry.Transport("request", http.DefaultTransport)}
	for _, url := range []string{server.URL + "/secret?secret=secret", server.URL + "/secret/missing", "http://user:secret@127.0.0.1:0/secret"} {
		r, err := http.NewRequestWithContext(tracer.Context(t.Context()), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(r); err == nil {
			new(bytes.Buffer).ReadFrom(response.Body)
			response.Body.Close()
		}
	}
	end()
	spans := c.Spans("request")
	if len(spans) != 3 {
		t.Fatal(spans)
	}
	for i, failed := range []string{"", "404", "connection"} {
		if s := spans[i]; s.Failed != failed || s.Kind != "CLIENT" || s.Attributes["server.address"] != "127.0.0.1" || strings.Contains(s.Text, "secret") {
			t.Errorf("%+v", s)
		}
	}
	if got := spans[0].Attributes["http.response.body.size"]; got != "1000" {
		t.Errorf("%s bytes", got)
	}
}

// TestExport: a collector may answer in many ways. Spans that it does not take are counted.
func TestExport(t *testing.T) {
	var other atomic.Int64 // requests to another host
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other.Add(1) }))
	defer elsewhere.Close()
	rejected := []byte{0x0a, 0x02, 0x08, 0x01} // partial_success {rejected_spans: 1}
	tests := []struct {
		name     string
		answer   func(w http.ResponseWriter, n int) // to the request with a number, from 1
		requests int
		log      string
	}{
		{"takes all", func(http.ResponseWriter, int) {}, 1, ""},
		{"is busy once", func(w http.ResponseWriter, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}, 2, ""},
		{"is busy for longer than the timeout", func(w http.ResponseWriter, n int) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1, "status 429"},
		{"refuses", func(w http.ResponseWriter, n int) { w.WriteHeader(http.StatusBadRequest) }, 1, "status 400"},
		{"redirects", func(w http.ResponseWriter, n int) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, 1, "status 307"},
		{"rejects a span", func(w http.ResponseWriter, n int) { w.Write(rejected) }, 1, "rejected 1 spans"},
		{"sends nonsense", func(w http.ResponseWriter, n int) { w.Write(bytes.Repeat([]byte{0x0a}, 1<<20)) }, 1, ""},
	}
	for _, test := range tests {
		c := fleettest.NewCollector(t)
		var n atomic.Int64
		c.Answer = func(w http.ResponseWriter, r *http.Request) { test.answer(w, int(n.Add(1))) }
		tracer, end := open(t, telemetry.Options{Endpoint: c.URL, Headers: map[string]string{"Api-Key": "secret"}, Timeout: 30 * time.Second})
		_, span := telemetry.Start(tracer.Context(t.Context()), "x")
		span.End()
		log := end()
		requests := c.Requests()
		if len(requests) != test.requests || !strings.Contains(log, test.log) || (log != "") != (test.log != "") {
			t.Errorf("a collector %s: %d requests, log %s", test.name, len(requests), log)
		}
		if test.log != "" && !strings.Contains(log, `msg="spans were lost" count=1`) {
			t.Errorf("a collector %s: the lost span is not counted: %s", test.name, log)
		}
		if strings.Contains(log, "secret") || requests[0].Get("Api-Key") != "secret" {
			t.Errorf("a collector %s: headers %v, log %s", test.name, requests[0], log)
		}
	}
	if other.Load() > 0 {
		t.Error("the tracer followed a redirect")
	}
}

// TestTLS: the collector needs a certificate that the options trust.
func TestTLS(t *testing.T) {
	c := new(fleettest.Collector)
	server := httptest.NewUnstartedServer(c)
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(t.Output(), nil), slog.LevelInfo)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []bool{false, true} {
		o := telemetry.Options{Endpoint: server.URL, Compress: true, Timeout: 10 * time.Second}
		if trusted {
			o.CA = ca
		} else {
			o.Timeout = 100 * time.Millisecond // which ends the repetitions
		}
		tracer, end := open(t, o)
		_, span := telemetry.Start(tracer.Context(t.Context()), "x")
		span.End()
		if log := end(); strings.Contains(log, "lost") == trusted || len(c.Spans()) != map[bool]int{true: 1}[trusted] {
			t.Errorf("trusted %v: %d spans, %s", trusted, len(c.Spans()), log)
		}
	}
	for _, name := range []string{"missing.pem", os.Args[0]} {
		if _, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: server.URL, CA: name}); err == nil || !strings.HasPrefix(err.Error(), "telemetry: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHanging: a collector that does not answer delays nothing. The tracer holds a limited number of spans, and loses the others.
func TestHanging(t *testing.T) {
	const spans, held = 10_000, 2048 + 2*512 // a queue, a batch that is sent, and one that is collected
	c := fleettest.NewCollector(t)
	answer := make(chan struct{})
	var hanging sync.Once
	asked := make(chan struct{})
	inner := new(fleettest.Collector)
	c.Answer = func(w http.ResponseWriter, r *http.Request) {
		hanging.Do(func() { close(asked) })
		<-answer
		inner.ServeHTTP(w, r)
	}
	tracer, end := open(t, telemetry.Options{Endpoint: c.URL, Timeout: time.Minute})
	ctx := tracer.Context(t.Context())
	for range spans {
		_, span := telemetry.Start(ctx, "x")
		span.End()
	}
	<-asked
	close(answer)
	log := end()
	got := len(inner.Spans())
	if got == 0 || got > held {
		t.Errorf("%d of %d spans arrived", got, spans)
	}
	if want := slog.Int("count", spans-got).String(); !strings.Contains(log, `msg="spans were lost" `+want) {
		t.Errorf("%d spans arrived, and the log has no %s: %s", got, want, log)
	}
}

// TestClose: a collector that never answers, and one that is not there, do not keep a tracer from closing.
func TestClose(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, address := range []net.Addr{l.Addr(), closed.Addr()} {
		var log bytes.Buffer
		var mu sync.Mutex
		tracer, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: "http://" + address.String(), Timeout: time.Hour, Log: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil))})
		if err != nil {
			t.Fatal(err)
		}
		_, span := telemetry.Start(tracer.Context(t.Context()), "x")
		span.End()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
		mu.Lock()
		if !strings.Contains(log.String(), `msg="spans were lost" count=1`) {
			t.Error(log.String())
		}
		mu.Unlock()
	}
}

// TestLog: lines have the identifiers of the span in their context.
func TestLog(t *testing.T) {
	c := fleettest.NewCollector(t)
	tracer, end := open(t, telemetry.Options{Endpoint: c.URL})
	defer end()
	var b bytes.Buffer
	log := slog.New(tracer.Log(slog.NewTextHandler(&b, nil))).With("request", "1")
	ctx, span := telemetry.Start(tracer.Context(t.Context()), "x")
	defer span.End()
	log.InfoContext(ctx, "in")
	log.InfoContext(t.Context(), "out")
	in, out, _ := strings.Cut(b.String(), "\n")
	fields := strings.Split(telemetry.Parent(ctx), "-")
	if !strings.HasSuffix(in, "msg=in request=1 trace_id="+fields[1]+" span_id="+fields[2]) || strings.Contains(out, "trace_id") {
		t.Error(b.String())
	}
}

// TestOff: without a collector there are no spans, and they cost nothing.
func TestOff(t *testing.T) {
	tracer, end := open(t, telemetry.Options{})
	if tracer != nil {
		t.Fatal("a tracer without a collector")
	}
	end()
	ctx := tracer.Context(t.Context())
	if n := testing.AllocsPerRun(100, func() {
		inner, span := telemetry.Start(ctx, "x")
		span.Fail("y")
		span.End()
		_, job := telemetry.Job(inner, "x", parent)
		job.End()
		telemetry.Current(inner).Set()
		if inner != ctx || telemetry.Parent(inner) != "" {
			t.Error("a span without a tracer")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	handler := slog.DiscardHandler
	if tracer.Log(handler) != handler {
		t.Error("another log")
	}
	mux := http.NewServeMux()
	if tracer.Handler(mux) != http.Handler(mux) {
		t.Error("another handler")
	}
}

// TestEnvironment: OpenTelemetry's variables fill what the configuration lacks. Errors name variables and have no values.
func TestEnvironment(t *testing.T) {
	type env = map[string]string
	const e, te = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	tests := []struct {
		env     env
		options telemetry.Options
		want    string // service, headers, timeout, compression, authorities; "off", or an error
	}{
		{nil, telemetry.Options{}, "off"},
		{env{"OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, telemetry.Options{}, "off"},
		{env{e: "http://a:1"}, telemetry.Options{}, "on"},
		{env{te: "http://a:1/x"}, telemetry.Options{}, "on"},
		{env{e: "http://a:1", "OTEL_SDK_DISABLED": "true"}, telemetry.Options{}, "off"},
		{env{"OTEL_SDK_DISABLED": "TRUE"}, telemetry.Options{Endpoint: "http://a"}, "off"},
		{env{te: "http://a:1", "OTEL_TRACES_EXPORTER": "none"}, telemetry.Options{}, "off"},
		{env{e: "http://a:1", "OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x = y", "OTEL_EXPORTER_OTLP_TIMEOUT": "2000", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
			"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem"}, telemetry.Options{}, "on x map[api-key:a b x:y] 2s true ca.pem"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "2000", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "3000"}, telemetry.Options{}, "on 3s"},
		{env{e: "http://a:1", "OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, telemetry.Options{Endpoint: "http://b", Service: "y", Headers: env{"c": "d"}}, "on y map[c:d]"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, telemetry.Options{}, "telemetry: OTEL_EXPORTER_OTLP_PROTOCOL: want http/protobuf"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, telemetry.Options{}, "on"},
		{env{e: "http://a:1", "OTEL_TRACES_EXPORTER": "zipkin"}, telemetry.Options{}, "telemetry: OTEL_TRACES_EXPORTER: want otlp or none"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_HEADERS": "secret"}, telemetry.Options{}, "telemetry: OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE, with commas between headers and values in percent-encoding"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_HEADERS": "a=secret%0a"}, telemetry.Options{}, "telemetry: OTEL_EXPORTER_OTLP_HEADERS: the header a has control characters"},
		{env{e: "http://a:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "5s", "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, telemetry.Options{},
			"telemetry: OTEL_EXPORTER_OTLP_TIMEOUT: want a number of milliseconds\ntelemetry: OTEL_EXPORTER_OTLP_COMPRESSION: want gzip or none"},
	}
	for _, test := range tests {
		o := test.options
		var got []string
		err := o.Environment(func(name string) string { return test.env[name] })
		switch {
		case err != nil:
			got = []string{err.Error()}
		case !o.On():
			got = []string{"off"}
		default:
			got = []string{"on"}
			for _, v := range []any{o.Service, o.Headers, o.Timeout, o.Compress, o.CA} {
				if !reflect.ValueOf(v).IsZero() {
					got = append(got, slog.AnyValue(v).String())
				}
			}
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%v:\n%s, want\n%s", test.env, text, test.want)
		}
	}
}

// TestEndpoint: an endpoint gets a path, and the one for spans alone does not.
func TestEndpoint(t *testing.T) {
	for _, test := range []struct{ env, path, want string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "", "/v1/traces"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "/otlp/", "/otlp/v1/traces"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/spans", "/spans"},
	} {
		paths := make(chan string, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { paths <- r.URL.Path }))
		var o telemetry.Options
		if err := o.Environment(func(name string) string { return map[string]string{test.env: server.URL + test.path}[name] }); err != nil {
			t.Fatal(err)
		}
		tracer, end := open(t, o)
		_, span := telemetry.Start(tracer.Context(t.Context()), "x")
		span.End()
		end()
		server.Close()
		if got := <-paths; got != test.want {
			t.Errorf("%s%s: %s, want %s", test.env, test.path, got, test.want)
		}
	}
	for _, text := range []string{"collector:4318", "ftp://a", "http://", "http://user:secret@a", "http://a?b", "http://a#b", "http://a b", "%"} {
		err := telemetry.CheckEndpoint(text)
		if _, openErr := telemetry.Open(t.Context(), telemetry.Options{Endpoint: text}); err == nil || openErr == nil || strings.Contains(err.Error()+openErr.Error(), "secret") {
			t.Errorf("%s: %v, %v", text, err, openErr)
		}
	}
}
