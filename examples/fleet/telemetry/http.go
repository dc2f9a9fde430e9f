package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// maxState is the most bytes of the header tracestate that a span keeps. W3C Trace Context wants at least as many.
const maxState = 512

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace}

// method returns a method of HTTP as an attribute may have it. A client may send any text as one.
func method(r *http.Request) string {
	if slices.Contains(methods, r.Method) {
		return r.Method
	}
	return "_OTHER"
}

// incoming are the headers of a request that name the span of the client.
type incoming http.Header

func (h incoming) Get(name string) string {
	values := http.Header(h).Values(name)
	if len(values) != 1 || len(values[0]) > maxState {
		return ""
	}
	return values[0]
}

func (h incoming) Set(string, string) {}
func (h incoming) Keys() []string     { return nil }

// Handler returns a handler that makes a span for each request, named by the pattern of its route. It continues the trace of the client. A nil
// Tracer returns next.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(t.Context(r.Context()), incoming(r.Header))
		ctx, span := t.tracer.Start(ctx, method(r), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", method(r))))
		recorded := &recorder{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(ctx)
		s, returned := &Span{span}, false
		defer func() {
			if route := r.Pattern[strings.IndexByte(r.Pattern, ' ')+1:]; route != "" { // without the method
				span.SetName(method(r) + " " + route)
				s.Set(attribute.String("http.route", route))
			}
			if !returned { // it panicked
				recorded.status = http.StatusInternalServerError
			}
			s.Set(attribute.Int("http.response.status_code", recorded.status))
			if recorded.status >= 500 {
				s.Fail(strconv.Itoa(recorded.status))
			}
			s.End()
		}()
		next.ServeHTTP(recorded, r)
		returned = true
	})
}

// A recorder keeps the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if status >= 200 { // the others come before the final one
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the methods of the inner writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Transport returns a transport that makes a span for each request, with a name, and the host of the server. The span ends when the body
// has been read.
func Transport(name string, next http.RoundTripper) http.RoundTripper { return &transport{name, next} }

type transport struct {
	name string
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	tracer := of(r.Context())
	if tracer == nil {
		return t.next.RoundTrip(r)
	}
	ctx, span := tracer.start(r.Context(), t.name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", method(r)), attribute.String("server.address", r.URL.Hostname())))
	response, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		span.Fail(kind(err))
		span.End()
		return nil, err
	}
	span.Set(attribute.Int("http.response.status_code", response.StatusCode))
	if response.StatusCode >= 400 {
		span.Fail(strconv.Itoa(response.StatusCode))
	}
	response.Body = &body{ReadCloser: response.Body, span: span}
	return response, nil
}

// CloseIdleConnections closes those of the inner transport.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// kind returns a code for an error of a connection.
func kind(err error) string {
	switch timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case ok && timeout.Timeout():
		return "timeout"
	}
	return "connection"
}

// A body ends a span at its own end.
type body struct {
	io.ReadCloser
	span *Span
	size int64
	once sync.Once
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size += int64(n)
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.end(nil)
	return err
}

func (b *body) end(err error) {
	b.once.Do(func() {
		b.span.Set(attribute.Int64("http.response.body.size", b.size))
		if err != nil && err != io.EOF {
			b.span.Fail(kind(err))
		}
		b.span.End()
	})
}
