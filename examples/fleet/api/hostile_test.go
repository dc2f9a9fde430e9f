package api_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// raw sends bytes to a service and returns the status of the answer, 0 if the connection ends without one.
func raw(t *testing.T, s *fleettest.Service, text string) (int, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(c, text) // the service may answer before it has read all
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(a.Body, 4096))
	return a.StatusCode, string(body)
}

// TestMalformed sends requests that are wrong in each way: the answer is a 4xx problem, and never 5xx.
func TestMalformed(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, MaxUpload: 1 << 20})
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Layer(t, "a", "a")))
		c := s.Client(t, "team")
		c.Analyze(ref)
		c.Unchecked = true
		deep := strings.Repeat("[", 500_000)
		for _, test := range []struct {
			name, method, path string
			body               any
			headers            []string
			want               int // 0: any 4xx
		}{
			{"a limit that overflows", "GET", "/v1/images?limit=9223372036854775808", nil, nil, 400},
			{"a limit of 0", "GET", "/v1/images?limit=0", nil, nil, 400},
			{"a negative limit", "GET", "/v1/images?limit=-1", nil, nil, 400},
			{"a limit that is too large", "GET", "/v1/images?limit=1000000", nil, nil, 400},
			{"a limit with a plus", "GET", "/v1/images?limit=%2b5", nil, nil, 400},
			{"a wait that overflows", "GET", "/v1/events?wait=99999999999999999999", nil, nil, 400},
			{"a wait of a day", "GET", "/v1/events?wait=86400", nil, nil, 400},
			{"a negative cursor of events", "GET", "/v1/events?cursor=-1", nil, nil, 400},
			{"a cursor of events that overflows", "GET", "/v1/events?cursor=9223372036854775808", nil, nil, 400},
			{"a cursor of events that is text", "GET", "/v1/events?cursor=abc", nil, nil, 400},
			{"a cursor that is not hexadecimal", "GET", "/v1/images?cursor=zz", nil, nil, 400},
			{"a cursor with NUL", "GET", "/v1/images?cursor=0000", nil, nil, 400},
			{"a cursor that is not UTF-8", "GET", "/v1/images?cursor=ffff", nil, nil, 400},
			{"a priority that overflows", "POST", "/v1/submissions", `{"reference":"` + ref + `","priority":99999999999999999999}`, nil, 400},
			{"a priority of 10", "POST", "/v1/submissions", `{"reference":"` + ref + `","priority":10}`, nil, 400},
			{"a priority that is a fraction", "POST", "/v1/submissions", `{"reference":"` + ref + `","priority":1.5}`, nil, 400},
			{"deep JSON", "POST", "/v1/submissions", deep, nil, 400},
			{"deep JSON of an advisory", "PUT", "/v1/advisories/X-1", deep + strings.Repeat("]", 500_000), nil, 0},
			{"JSON with NUL", "POST", "/v1/submissions", `{"reference":"a\u0000b"}`, nil, 400},
			{"a name of an annotation with NUL", "POST", "/v1/submissions", `{"reference":"` + ref + `","annotations":{"a\u0000":"b"}}`, nil, 400},
			{"half a surrogate in an annotation", "POST", "/v1/submissions", `{"reference":"` + ref + `","annotations":{"a":"\ud800"}}`, nil, 202},
			{"an annotation that is not UTF-8", "POST", "/v1/submissions", "{\"reference\":\"" + ref + "\",\"annotations\":{\"a\":\"\xff\"}}", nil, 0},
			{"two values", "POST", "/v1/submissions", `{"reference":"` + ref + `"} {}`, nil, 400},
			{"an unknown field", "POST", "/v1/submissions", `{"reference":"` + ref + `","tenant":"other"}`, nil, 400},
			{"null", "POST", "/v1/submissions", `null`, nil, 400},
			{"an empty body", "POST", "/v1/submissions", ``, nil, 400},
			{"a body of 2 MB", "POST", "/v1/submissions", `{"reference":"` + strings.Repeat("a", 2<<20) + `"}`, nil, 413},
			{"an upload that is too large", "POST", "/v1/uploads", make([]byte, 2<<20), nil, 413},
			{"an upload with a malformed platform", "POST", "/v1/uploads?platform=a/b/c/d/e", []byte("x"), nil, 400},
			{"an upload with a priority of 10", "POST", "/v1/uploads?priority=10", []byte("x"), nil, 400},
			{"a key that is too long", "POST", "/v1/submissions", `{"reference":"` + ref + `"}`, []string{"Idempotency-Key", strings.Repeat("k", 300)}, 400},
			{"a key that is not UTF-8", "POST", "/v1/submissions", `{"reference":"` + ref + `"}`, []string{"Idempotency-Key", "\xff"}, 400},
			{"If-Match without number", "PATCH", "/v1/images/" + digest, `{"annotations":{}}`, []string{"If-Match", `"rx"`}, 412},
			{"If-Match that overflows", "PATCH", "/v1/images/" + digest, `{"annotations":{}}`, []string{"If-Match", `"r99999999999999999999-1"`}, 412},
			{"If-Match with a list", "PATCH", "/v1/images/" + digest, `{"annotations":{}}`, []string{"If-Match", `"r1-1", "r2-1"`}, 412},
			{"a weak If-Match", "PATCH", "/v1/images/" + digest, `{"annotations":{}}`, []string{"If-Match", `W/"r1-1"`}, 412},
			{"If-Match of a policy that is not there", "PUT", "/v1/policies/none", map[string]any{"document": policy}, []string{"If-Match", "*"}, 412},
			{"dots in a path", "GET", "/v1/images/..%2f..%2ftokens", nil, nil, 404},
			{"encoded dots in a path", "GET", "/v1/images/%2e%2e%2ftokens", nil, nil, 404},
			{"a slash twice encoded", "GET", "/v1/images/a%252f..%252fb", nil, nil, 404},
			{"an empty name", "GET", "/v1/images/%20", nil, nil, 404},
			{"NUL in a path", "GET", "/v1/images/a%00b", nil, nil, 400},
			{"a path that is not UTF-8", "GET", "/v1/images/%ff%fe", nil, nil, 400},
			{"NUL in the name of a policy", "PUT", "/v1/policies/a%00b", map[string]any{"document": policy}, nil, 400},
			{"a slash in the name of a policy", "PUT", "/v1/policies/a%2fb", map[string]any{"document": policy}, nil, 400},
			{"NUL in a query", "GET", "/v1/affected?id=a%00b", nil, nil, 400},
			{"a query that is not UTF-8", "GET", "/v1/affected?purl=pkg:npm/%ff", nil, nil, 400},
			{"a query that is malformed", "GET", "/v1/affected?id=%zz", nil, nil, 400},
			{"semicolons in a query", "GET", "/v1/affected?id=a;purl=b", nil, nil, 400},
			{"a parameter twice", "GET", "/v1/affected?id=a&id=b", nil, nil, 400},
			{"an unknown parameter", "GET", "/v1/images?tenant=other", nil, nil, 400},
			{"an unknown method", "BREW", "/v1/images", nil, nil, 405},
			{"TRACE", "TRACE", "/v1/images", nil, nil, 405},
			{"a purl with a huge range", "GET", "/v1/affected?purl=" + url.QueryEscape("pkg:npm/left@vers:npm/"+strings.Repeat(">=1|", 5000)), nil, nil, 0},
			{"a mark for a purl that is malformed", "POST", "/v1/marks", `{"vulnerability":"CVE-1","packages":["%"],"status":"fixed"}`, nil, 400},
			{"a repository to watch with NUL", "PUT", "/v1/watches", `{"repository":"a\u0000"}`, nil, 0},
		} {
			a := c.Do(test.method, test.path, test.body, test.headers...)
			ok := a.Status == test.want || test.want == 0 && a.Status >= 400 && a.Status < 500
			if !ok && test.name == "an annotation that is not UTF-8" {
				ok = a.Status == 202
			}
			if !ok {
				t.Errorf("%s: status %d, want %d: %.300s", test.name, a.Status, test.want, a.Body)
			}
			if a.Status >= 400 && a.Status < 500 && a.Header.Get("Content-Type") != "application/problem+json" && a.Status != 301 {
				t.Errorf("%s: no problem: %s", test.name, a.Header.Get("Content-Type"))
			}
		}
		head := "Host: fleet.example\r\nAuthorization: Bearer " + c.Secret + "\r\n"
		for _, test := range []struct {
			name, text string
			want       []int
		}{
			{"a header of a megabyte", "GET /v1/images HTTP/1.1\r\n" + head + "X: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", []int{431, 0}},
			{"100,000 headers", "GET /v1/images HTTP/1.1\r\n" + head + strings.Repeat("X: a\r\n", 100_000) + "\r\n", []int{431, 0}},
			{"a path of a megabyte", "GET /v1/images/" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\n" + head + "\r\n", []int{431, 414, 0}},
			{"two lengths", "POST /v1/submissions HTTP/1.1\r\n" + head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", []int{400}},
			{"a negative length", "POST /v1/submissions HTTP/1.1\r\n" + head + "Content-Length: -1\r\n\r\n{}", []int{400}},
			{"a length and chunks", "POST /v1/submissions HTTP/1.1\r\n" + head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", []int{400}},
			{"an unknown coding", "POST /v1/submissions HTTP/1.1\r\n" + head + "Transfer-Encoding: gzip\r\n\r\n{}", []int{501}},
			{"a malformed chunk", "POST /v1/uploads HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
			{"a chunk whose size overflows", "POST /v1/uploads HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", []int{400}},
			{"chunks without end", "POST /v1/uploads HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat("a", 1<<16)+"\r\n", 64), []int{413}},
			{"JSON in chunks without end", "POST /v1/submissions HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat(" ", 1<<16)+"\r\n", 64), []int{413}},
			{"no host", "GET /v1/images HTTP/1.1\r\n\r\n", []int{400}},
			{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", []int{400, 0}},
			{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + head + "\r\n", []int{200, 404, 405}},
			{"an absolute URL", "GET http://other.example/v1/images HTTP/1.1\r\n" + head + "\r\n", []int{200}},
			{"a folded header", "GET /v1/images HTTP/1.1\r\n" + head + "X: a\r\n b\r\n\r\n", []int{200, 400}},
			{"a body that ends early", "", nil},
		} {
			if test.want == nil {
				continue
			}
			status, body := raw(t, s, test.text)
			found := false
			for _, w := range test.want {
				found = found || w == status
			}
			if !found {
				t.Errorf("%s: status %d, want one of %v: %.200s", test.name, status, test.want, body)
			}
		}
		c.Get("/v1/images", nil) // it still answers
	})
}

// TestShortBody sends less than the length that it announces, and closes its side: the answer is 400, and nothing is submitted.
func TestShortBody(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	c := s.Client(t, "team")
	for _, path := range []string{"/v1/submissions", "/v1/uploads", "/v1/sboms"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: fleet.example\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{}", path, c.Secret)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v, %v", path, a, err)
		}
		conn.Close()
	}
	var list struct{ Items []any }
	if c.Get("/v1/submissions", &list); len(list.Items) != 0 {
		t.Errorf("submissions: %v", list.Items)
	}
}

// TestIdempotencyKeys: a key belongs to a request with all that it says, of one tenant.
func TestIdempotencyKeys(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		c, other := s.Client(t, "team"), s.Client(t, "other")
		body := func(more string) string { return `{"reference":"registry.example/team/app:1"` + more + `}` }
		send := func(c *fleettest.Client, body string, key string) (string, int) {
			var m fleettest.Submission
			a := c.Do("POST", "/v1/submissions", body, "Idempotency-Key", key)
			if a.Status == 202 {
				a.Into(&m)
			}
			return m.ID, a.Status
		}
		id, _ := send(c, body(""), "k")
		if again, status := send(c, body(""), "k"); again != id || status != 202 {
			t.Errorf("the same request: %q %d, want %q", again, status, id)
		}
		for _, more := range []string{`,"again":true`, `,"priority":0`, `,"platform":"linux/arm64"`, `,"annotations":{"a":"b"}`} {
			if _, status := send(c, body(more), "k"); status != 422 {
				t.Errorf("another request, %s: status %d", more, status)
			}
		}
		if theirs, status := send(other, body(""), "k"); theirs == id || status != 202 {
			t.Errorf("another tenant: %q %d", theirs, status)
		}
		var wg sync.WaitGroup
		ids := make([]string, 20)
		for i := range ids {
			wg.Go(func() { ids[i], _ = send(c, body(""), "at once") })
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == "" {
				t.Errorf("at once: %v", ids)
				break
			}
		}
	})
}

// TestSlowClients: clients that send a byte now and then, or read none, hold back nothing, and the service ends their connections.
func TestSlowClients(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Log: slog.New(slog.DiscardHandler)})
	c := s.Client(t, "team")
	before := runtime.NumGoroutine()
	var conns []net.Conn
	const clients = 500
	for i := range clients {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		switch i % 2 {
		case 0: // headers that never end
			io.WriteString(conn, "GET /v1/images HTTP/1.1\r\nHost: a\r\nX: ")
		case 1: // a body that never ends
			fmt.Fprintf(conn, "POST /v1/submissions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{", c.Secret)
		}
		conns = append(conns, conn)
	}
	start := time.Now()
	c.Get("/v1/images", nil)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("a request beside slow clients took %v", d)
	}
	for i, conn := range conns[:2] {
		conn.SetReadDeadline(time.Now().Add(40 * time.Second))
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("client %d: the connection stays: %v", i, err)
		}
	}
	for _, conn := range conns {
		conn.Close()
	}
	fleettest.Eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() < before+50 })
}
