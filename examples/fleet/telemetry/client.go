package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const (
	maxAnswer  = 64 << 10 // bytes of an answer of the collector that are read
	firstPause = 500 * time.Millisecond
)

// A client sends spans to a collector. It implements otlptrace.Client in place of the package otlptracehttp, which would link gRPC.
type client struct {
	url      string
	header   http.Header
	http     *http.Client
	timeout  time.Duration
	compress bool

	ended context.Context // ends exports that still run when the tracer is closed
	end   context.CancelFunc
}

func newClient(o *Options) (*client, error) {
	address, err := o.address()
	if err == nil {
		err = CheckHeaders(o.Headers)
	}
	if err != nil {
		return nil, err
	}
	transport, err := o.transport()
	if err != nil {
		return nil, err
	}
	c := &client{url: address, header: make(http.Header), timeout: o.Timeout, compress: o.Compress,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}} // another host must not get the headers
	for name, value := range o.Headers {
		c.header.Set(name, value)
	}
	c.header.Set("Content-Type", "application/x-protobuf")
	c.header.Set("User-Agent", "fleet")
	if c.compress {
		c.header.Set("Content-Encoding", "gzip")
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	c.ended, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.end()
	c.http.CloseIdleConnections()
	return nil
}

// A statusError reports an answer other than 200.
type statusError struct {
	status int
	wait   time.Duration // the collector asked for; 0 if it did not
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the collector answered with status %d", e.status)
}

// passes reports whether another attempt may succeed.
func passes(err error) bool {
	e, answered := errors.AsType[*statusError](err)
	if !answered {
		_, partial := errors.AsType[*rejectedError](err)
		return !partial
	}
	switch e.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// A rejectedError reports spans that the collector did not take of a request.
type rejectedError struct{ spans int64 }

func (e *rejectedError) Error() string {
	return fmt.Sprintf("the collector rejected %d spans", e.spans)
}

// UploadTraces implements otlptrace.Client. It repeats failures that may pass until the timeout.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans}) // encoded as ExportTraceServiceRequest, whose package imports gRPC
	if err != nil {
		return err
	}
	if c.compress {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err = z.Write(body)
		if err = errors.Join(err, z.Close()); err != nil {
			return err
		}
		body = b.Bytes()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	for pause := firstPause; ; pause *= 2 {
		err := c.send(ctx, body)
		if err == nil || !passes(err) {
			return err
		}
		wait := pause
		if e, ok := errors.AsType[*statusError](err); ok && e.wait > 0 {
			wait = e.wait
		}
		if deadline, _ := ctx.Deadline(); time.Until(deadline) < wait {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// send sends a request once.
func (c *client) send(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = c.header.Clone()
	response, err := c.http.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode/100 != 2 {
		e := &statusError{status: response.StatusCode}
		if n, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 16); err == nil {
			e.wait = time.Duration(n) * time.Second
		}
		return e
	}
	if err != nil {
		return nil // the collector has taken the spans
	}
	if n := rejected(answer); n > 0 {
		return &rejectedError{n}
	}
	return nil
}

// rejected returns the number of rejected spans in an ExportTraceServiceResponse: field 1 of the message in field 1. It returns 0 for a
// malformed answer.
func rejected(answer []byte) (n int64) {
	fields(answer, func(number protowire.Number, kind protowire.Type, value []byte) {
		if number != 1 || kind != protowire.BytesType {
			return
		}
		message, _ := protowire.ConsumeBytes(value)
		fields(message, func(number protowire.Number, kind protowire.Type, value []byte) {
			if number == 1 && kind == protowire.VarintType {
				v, _ := protowire.ConsumeVarint(value)
				n = int64(v)
			}
		})
	})
	return max(n, 0)
}

// fields calls do for each field of a message, up to the first malformed one.
func fields(message []byte, do func(protowire.Number, protowire.Type, []byte)) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return
		}
		do(number, kind, message[:n])
		message = message[n:]
	}
}
