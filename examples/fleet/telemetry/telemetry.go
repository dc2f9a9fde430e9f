// Package telemetry makes spans and sends them to a collector of OpenTelemetry.
//
// A context has the Tracer: [Start] in a context without one does nothing. The attributes of spans are codes, identifiers and numbers. They
// never have paths, queries, headers, references or texts of errors, which may all be secret.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	maxValue    = 256         // bytes of the value of an attribute, unless OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT says otherwise
	complain    = time.Minute // between log lines about exports that fail
	scope       = "github.com/hullmark/hullmark/examples/fleet"
	serviceName = attribute.Key("service.name")
)

// A Tracer makes spans and sends them in the background. If the collector does not take them, a limited number is held, and the others are
// lost. A nil Tracer makes no spans.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
	client   *client
	inner    sdk.SpanExporter
	log      *slog.Logger

	ended, sent atomic.Int64 // spans
	complained  time.Time    // used by one export at a time
}

// Open returns a tracer, or nil if the options name no collector. It does not connect.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	if !o.On() {
		return nil, nil
	}
	c, err := newClient(&o)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	attributes := []resource.Option{resource.WithTelemetrySDK(), resource.WithAttributes(serviceName.String("fleet")), resource.WithFromEnv()}
	if o.Service != "" {
		attributes = append(attributes, resource.WithAttributes(serviceName.String(o.Service)))
	}
	r, err := resource.New(ctx, attributes...)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	limits := sdk.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = maxValue
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.Warn("OpenTelemetry failed", "error", err) })) // one for the process
	t := &Tracer{client: c, inner: otlptrace.NewUnstarted(c), log: o.Log}
	t.provider = sdk.NewTracerProvider(sdk.WithResource(r), sdk.WithRawSpanLimits(limits), sdk.WithSpanProcessor(counter{&t.ended}), sdk.WithBatcher(exporter{t}))
	t.tracer = t.provider.Tracer(scope)
	return t, nil
}

// Close sends the spans that are held, until ctx ends, and logs how many were lost.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	err := t.provider.Shutdown(ctx)
	t.client.Stop(ctx) // ends an export that takes longer
	if lost := t.ended.Load() - t.sent.Load(); lost > 0 {
		t.log.Warn("spans were lost", "count", lost)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("telemetry: %w", err)
	}
	return nil
}

// A counter counts the spans that end.
type counter struct{ n *atomic.Int64 }

func (c counter) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (c counter) Shutdown(context.Context) error             { return nil }
func (c counter) ForceFlush(context.Context) error           { return nil }
func (c counter) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		c.n.Add(1)
	}
}

// An exporter logs failures, which the SDK would write to standard error.
type exporter struct{ *Tracer }

// ExportSpans implements sdk.SpanExporter.
func (e exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.inner.ExportSpans(ctx, spans)
	count := int64(len(spans))
	if partial, ok := errors.AsType[*rejectedError](err); ok {
		e.sent.Add(count - min(count, partial.spans))
	} else if err == nil {
		e.sent.Add(count)
	}
	if err != nil && time.Since(e.complained) > complain {
		e.complained = time.Now()
		e.log.Warn("sending spans failed", "count", count, "error", err)
	}
	return nil
}

// Shutdown implements sdk.SpanExporter.
func (e exporter) Shutdown(ctx context.Context) error { return e.inner.Shutdown(ctx) }

// key is that of the tracer in a context.
type key struct{}

// Context returns a context in which Start uses the tracer.
func (t *Tracer) Context(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, t)
}

// Of returns the tracer of a context, or nil.
func of(ctx context.Context) *Tracer {
	t, _ := ctx.Value(key{}).(*Tracer)
	return t
}

// Start starts a span in that of the context, or at the root of a trace. The caller ends it with End. Without a tracer, it does nothing.
func Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, *Span) {
	t := of(ctx)
	if t == nil {
		return ctx, nil
	}
	return t.start(ctx, name, trace.WithAttributes(attributes...))
}

// Job starts a span at the root of a trace. Cause is the result of Parent in the request that asked for the job, to which the span has a link.
func Job(ctx context.Context, name, cause string, attributes ...attribute.KeyValue) (context.Context, *Span) {
	t := of(ctx)
	if t == nil {
		return ctx, nil
	}
	options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...)}
	if cause != "" {
		from := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": cause})
		if c := trace.SpanContextFromContext(from); c.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: c}))
		}
	}
	return t.start(ctx, name, options...)
}

func (t *Tracer) start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, *Span) {
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, &Span{span}
}

// Current returns the span of a context, or nil.
func Current(ctx context.Context) *Span {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		return &Span{span}
	}
	return nil
}

// Parent returns the span of a context as the header traceparent of W3C Trace Context has it, or "".
func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	c := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, c)
	return c["traceparent"]
}

// A Span is part of a trace. A nil Span does nothing.
type Span struct{ span trace.Span }

// Set sets attributes.
func (s *Span) Set(attributes ...attribute.KeyValue) {
	if s != nil {
		s.span.SetAttributes(attributes...)
	}
}

// Fail marks the span as failed for a reason, a code without secrets.
func (s *Span) Fail(reason string) {
	if s != nil {
		s.span.SetStatus(codes.Error, reason)
		s.span.SetAttributes(attribute.String("error.type", reason))
	}
}

// Done ends the span, as failed if there is an error. It is for defer, so it takes the address of a named result.
func (s *Span) Done(err *error) {
	if *err != nil {
		s.Fail("error")
	}
	s.End()
}

// End ends the span.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// Log returns a handler that adds trace_id and span_id to lines whose context has a span.
func (t *Tracer) Log(h slog.Handler) slog.Handler {
	if t == nil {
		return h
	}
	return logHandler{h}
}

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		r = r.Clone() // which may be used by other handlers
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
