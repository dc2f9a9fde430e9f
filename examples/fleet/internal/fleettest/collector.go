package fleettest

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A Collector is a receiver of OTLP over HTTP in this process.
type Collector struct {
	URL string

	// Answer, if not nil, answers a request instead of taking its spans.
	Answer http.HandlerFunc

	mu       sync.Mutex
	spans    []Span
	requests []http.Header
}

// A Span is a received span.
type Span struct {
	Service, Name     string
	Trace, ID, Parent string
	Kind              string   // "SERVER"
	Failed            string   // the reason
	Links             []string // trace and span: "TRACE-SPAN"
	Attributes        map[string]string
	State             string // the header tracestate
	Text              string // all of the span, to look for secrets
}

// NewCollector starts a collector.
func NewCollector(t testing.TB) *Collector {
	c := new(Collector)
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

// ServeHTTP implements [http.Handler].
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r.Header)
	c.mu.Unlock()
	if c.Answer != nil {
		c.Answer(w, r)
		return
	}
	spans, err := decode(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, spans...)
}

// decode decodes the spans of a request.
func decode(r *http.Request) (list []Span, err error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/v1/traces") || r.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, fmt.Errorf("%s %s", r.Method, r.URL.Path)
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var data tracepb.TracesData
	if err := proto.Unmarshal(b, &data); err != nil {
		return nil, err
	}
	for _, resource := range data.ResourceSpans {
		service := attributes(resource.Resource.Attributes)["service.name"]
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				span := Span{Service: service, Name: s.Name, Trace: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId), Parent: hex.EncodeToString(s.ParentSpanId),
					Kind: strings.TrimPrefix(s.Kind.String(), "SPAN_KIND_"), Attributes: attributes(s.Attributes), State: s.TraceState, Text: s.String()}
				if s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR {
					span.Failed = s.Status.Message
				}
				for _, l := range s.Links {
					span.Links = append(span.Links, hex.EncodeToString(l.TraceId)+"-"+hex.EncodeToString(l.SpanId))
				}
				list = append(list, span)
			}
		}
	}
	return list, nil
}

func attributes(list []*commonpb.KeyValue) map[string]string {
	m := make(map[string]string)
	for _, a := range list {
		switch v := a.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			m[a.Key] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			m[a.Key] = fmt.Sprint(v.IntValue)
		case *commonpb.AnyValue_BoolValue:
			m[a.Key] = fmt.Sprint(v.BoolValue)
		default:
			m[a.Key] = a.Value.String()
		}
	}
	return m
}

// Spans returns the spans that were received, with those names if there are any.
func (c *Collector) Spans(names ...string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(s Span) bool { return len(names) > 0 && !slices.Contains(names, s.Name) })
}

// Requests returns the headers of all requests.
func (c *Collector) Requests() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}
