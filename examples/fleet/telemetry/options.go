package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Options say where spans go. Without an Endpoint, no spans are made.
type Options struct {
	Endpoint    string            // URL of a collector for OTLP over HTTP, to which "v1/traces" is added
	Service     string            // name of the service; "fleet" if empty
	Headers     map[string]string // of each export
	CA          string            // file of the authorities that may sign the certificate of the collector; those of the system if empty
	Certificate string            // file of the certificate of this client; "" for none
	Key         string            // file of the key of the certificate
	Timeout     time.Duration     // of an export with its retries; 10 seconds if zero
	Compress    bool              // by gzip
	Log         *slog.Logger

	traces string // address for spans that needs no path, from the environment
}

const defaultTimeout = 10 * time.Second

// Environment fills the empty values with those of OpenTelemetry's variables for exporters. The SDK reads its own ones, such as
// OTEL_TRACES_SAMPLER. Errors do not have values, which may be secrets.
func (o *Options) Environment(getenv func(string) string) error {
	var errs []error
	fail := func(name, text string) { errs = append(errs, fmt.Errorf("telemetry: %s: %s", name, text)) }
	// one returns the value for spans, or else that for all signals.
	one := func(suffix string) (name, value string) {
		name = "OTEL_EXPORTER_OTLP_TRACES_" + suffix
		if value = getenv(name); value == "" {
			name = "OTEL_EXPORTER_OTLP_" + suffix
			value = getenv(name)
		}
		return name, value
	}
	if o.Endpoint == "" {
		o.traces = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
		o.Endpoint = getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	exporter := getenv("OTEL_TRACES_EXPORTER")
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || exporter == "none" {
		o.Endpoint, o.traces = "", ""
	}
	if !o.On() {
		return nil
	}
	if exporter != "" && exporter != "otlp" {
		fail("OTEL_TRACES_EXPORTER", "want otlp or none")
	}
	if name, value := one("PROTOCOL"); value != "" && value != "http/protobuf" {
		fail(name, "want http/protobuf")
	}
	if name, value := one("HEADERS"); o.Headers == nil && value != "" {
		var err error
		if o.Headers, err = parseHeaders(value); err != nil {
			fail(name, err.Error())
		}
	}
	if name, value := one("TIMEOUT"); o.Timeout == 0 && value != "" {
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil || n == 0 {
			fail(name, "want a number of milliseconds")
		}
		o.Timeout = time.Duration(n) * time.Millisecond
	}
	switch name, value := one("COMPRESSION"); value {
	case "", "none":
	case "gzip":
		o.Compress = true
	default:
		fail(name, "want gzip or none")
	}
	for suffix, field := range map[string]*string{"CERTIFICATE": &o.CA, "CLIENT_CERTIFICATE": &o.Certificate, "CLIENT_KEY": &o.Key} {
		if _, value := one(suffix); *field == "" {
			*field = value
		}
	}
	if o.Service == "" {
		o.Service = getenv("OTEL_SERVICE_NAME")
	}
	return errors.Join(errs...)
}

// On reports whether spans are made.
func (o *Options) On() bool { return o.Endpoint != "" || o.traces != "" }

// parseHeaders reads "name=value,name=value", with values in percent-encoding.
func parseHeaders(text string) (map[string]string, error) {
	list := make(map[string]string)
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || name == "" || err != nil {
			return nil, errors.New("want NAME=VALUE, with commas between headers and values in percent-encoding")
		}
		list[name] = value
	}
	return list, CheckHeaders(list)
}

// CheckHeaders returns an error if a request cannot have the headers, without their values.
func CheckHeaders(headers map[string]string) error {
	for name, value := range headers {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
			return errors.New("the name of a header is malformed")
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("the header %s has control characters", name)
		}
	}
	return nil
}

// CheckEndpoint returns an error unless a text is the URL of a web server. It may have no user, whose password logs would show.
func CheckEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("want http://HOST:PORT or https://HOST:PORT, with a path or none")
	}
	return nil
}

// address returns the URL to which spans are sent.
func (o *Options) address() (string, error) {
	if o.traces != "" {
		return o.traces, CheckEndpoint(o.traces)
	}
	return strings.TrimSuffix(o.Endpoint, "/") + "/v1/traces", CheckEndpoint(o.Endpoint)
}

// transport returns a transport that trusts the authorities of the options.
func (o *Options) transport() (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		b, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s has no certificates in PEM", o.CA)
		}
	}
	if o.Certificate != "" || o.Key != "" {
		pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        1,
		IdleConnTimeout:     90 * time.Second,
	}, nil
}
