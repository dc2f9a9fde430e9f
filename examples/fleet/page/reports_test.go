package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// The tests of this file have situations that people reported about other pages. Each names the report.

// many returns a service with an image that has so many findings of equal severity, in few packages, and a client.
func many(t *testing.T, findings int) (s *fleettest.Service, c *fleettest.Client, image string) {
	s = fleettest.Start(t, serve.Options{})
	var list []matcher.Advisory
	var components []string
	for i := range findings {
		p := fmt.Sprint("p", i/20)
		list = append(list, fleettest.NPM(fmt.Sprintf("X-%d", i%20), p, "2.0.0", matcher.High))
		if i%20 == 0 {
			components = append(components, `{"type": "library", "name": "`+p+`", "version": "1.0.0", "purl": "pkg:npm/`+p+`@1.0.0"}`)
		}
	}
	fleettest.WriteAdvisories(t, s.File, list...)
	c = s.Client(t, "team")
	var m fleettest.Submission
	c.Do("POST", "/v1/sboms", `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [`+strings.Join(components, ",")+`]}`).Want(http.StatusAccepted).Into(&m)
	return s, c, "/images/" + c.Wait(m.ID).Image
}

// rows returns the first two texts of each row: the vulnerability and the package of findings.
func rows(b *browser) (list []string) {
	for _, x := range b.eval(`[...document.querySelectorAll("tbody tr")].map((r) => r.cells[0].textContent + " " + r.cells[2].textContent)`).([]any) {
		list = append(list, x.(string))
	}
	return list
}

// TestPages walks through a list whose rows are equal in the order by severity. Each is on one page (DefectDojo/django-DefectDojo 9029: findings are
// repeated and others are missing; DependencyTrack/dependency-track 5417: pages and filters have no effect; 3970: no records of large projects).
// Reloading a page shows it again (reconmap/web-client 12), and going back shows the former one with the fields of its filter (beancount/fava
// 1248: the fields keep the later one).
func TestPages(t *testing.T) {
	s, c, image := many(t, 130)
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show(image)
	b.until(`document.querySelector("main").textContent.includes("130 vulnerabilities.")`)
	b.show(image + "?severity=high")
	var all []string
	for n := range 3 {
		list := rows(b)
		all = append(all, list...)
		if got := b.eval(`document.querySelector("#filter").elements.severity.value`); got != "high" {
			t.Errorf("page %d: the filter is %v", n, got)
		}
		b.load(fmt.Sprint(b.eval(`location.pathname + location.search`)))
		b.until(`document.querySelector("tbody tr") && !document.querySelector("[aria-busy]")`)
		if again := rows(b); !slices.Equal(again, list) {
			t.Errorf("page %d has other rows after it is loaded again", n)
		}
		if n < 2 {
			first := b.eval(`document.querySelector("tbody tr").textContent`)
			b.follow("a[rel=next]")
			b.until(`document.querySelector("tbody tr").textContent !== %s && !document.querySelector("[aria-busy]") && location.search.includes("cursor=")`, first)
			b.until(`document.querySelectorAll("tbody tr").length === %s`, min(50, 130-50*(n+1)))
		}
	}
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); len(all) != 130 || n != 130 {
		t.Errorf("the pages have %d rows, %d of them different; want 130", len(all), n)
	}
	b.show(image + "?severity=critical")
	b.until(`document.querySelector("main .empty").textContent === "No vulnerability fits."`)
	b.eval(`history.back()`)
	b.until(`document.querySelectorAll("tbody tr").length === 30 && document.querySelector("#filter").elements.severity.value === "high"`)
	b.quiet()
}

// TestReturn: after a decision, the reader is where the reader was (DefectDojo/django-DefectDojo 1237: filters are lost).
func TestReturn(t *testing.T) {
	s, c, image := many(t, 130)
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show(image + "?severity=high&type=non-os")
	b.follow("a[rel=next]")
	b.until(`location.search.includes("cursor=") && document.querySelector("tbody") && !document.querySelector("[aria-busy]")`)
	list := b.eval(`location.search`)
	before := rows(b)
	b.click(`a[aria-label^="Mark "]`)
	b.until(`document.querySelector("#mark")`)
	b.click(`main p > a`)
	b.until(`location.search === %s && document.querySelector("tbody")`, list)
	b.click(`a[aria-label^="Mark "]`)
	b.until(`document.querySelector("#mark")`)
	b.click("#mark-submit")
	b.until(`document.querySelector("#live").textContent === "The mark is stored." && location.search === %s`, list)
	b.until(`[...document.querySelectorAll("tbody tr")].filter((r) => r.textContent.includes("suppressed")).length === 1`)
	if after := rows(b); !slices.Equal(before, after) {
		t.Errorf("the rows were %q and are %q", before, after)
	}
	b.quiet()
}

// TestZones: a mark expires at the end of the day that the reader chose, in the reader's zone (nextcloud/server 38350 and filesender/filesender 2581: a
// day is lost).
func TestZones(t *testing.T) {
	s, c, image := many(t, 20)
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	for _, zone := range []string{"America/Vancouver", "Pacific/Kiritimati", "Asia/Kathmandu"} {
		b.call("Emulation.setTimezoneOverride", map[string]any{"timezoneId": zone}, nil)
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Skipf("no zones: %v", err)
		}
		b.show(image + "?show=mark&vulnerability=X-1&package=pkg:npm/p0@1.0.0")
		b.fill("#mark textarea", zone)
		b.eval(`(() => { document.querySelector("#mark input[type=date]").value = "2099-03-31" })()`)
		b.click("#mark-submit")
		b.until(`document.querySelector("#live").textContent === "The mark is stored."`)
		b.show("/marks")
		b.until(`[...document.querySelectorAll("tbody tr")].some((r) => r.textContent.includes(%s) && r.cells[6].textContent.startsWith("31 Mar 2099"))`, zone)
		var marks struct {
			Items []struct{ Expires time.Time }
		}
		c.Get("/v1/marks", &marks)
		if got, want := marks.Items[len(marks.Items)-1].Expires, time.Date(2099, 3, 31, 23, 59, 59, 0, at); !got.Equal(want) {
			t.Errorf("%s: expires %v, want %v", zone, got, want)
		}
	}
	b.quiet()
}

// A front is a proxy in front of a service, which changes Host.
type front struct {
	*httptest.Server
	streams atomic.Int64 // that are open
	user    atomic.Value // string, the user that the proxy has authenticated by its cookie; "" for its form at another host
	foreign atomic.Int64 // requests with the cookie that are from pages of others
}

func newFront(t *testing.T, s *fleettest.Service) *front {
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := new(front)
	f.user.Store("-")
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
		if user := f.user.Load().(string); user != "-" {
			r.Out.Header.Set("Remote-User", user)
		}
	}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := f.user.Load().(string)
		if r.URL.Path == "/login" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/", HttpOnly: true})
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		_, err := r.Cookie("session")
		if user == "" || user != "-" && err != nil {
			http.Redirect(w, r, "http://login.example/", http.StatusFound)
			return
		}
		if o := r.Header.Get("Origin"); err == nil && o != "" && o != f.URL {
			f.foreign.Add(1)
		}
		if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			f.streams.Add(1)
			defer f.streams.Add(-1)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// TestTabs: a page that cannot be seen holds no connection open, as browsers have six to a host for all tabs (glasskube/glasskube 789: the seventh tab
// does not load; argoproj/argo-cd 29448: views of hidden tabs keep theirs), and is up to date when it is seen again (argoproj/argo-cd 25340).
func TestTabs(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Neighbours: serve.Neighbours{Falco: true}})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	f, c := newFront(t, s), s.Client(t, "team")
	b := open(t, f.URL, 1280)
	b.signIn(c.Secret)
	open := func(n int64) {
		t.Helper()
		fleettest.Eventually(t, fmt.Sprintf("%d streams are open", n), func() bool { return f.streams.Load() == n })
	}
	b.show("/runtime")
	open(2)
	hide := func(hidden bool) {
		b.eval(`(() => { Object.defineProperty(document, "hidden", {value: %s, configurable: true}); document.dispatchEvent(new Event("visibilitychange")); })()`, hidden)
	}
	hide(true)
	open(0)
	c.Do("POST", "/v1/falco/alerts", []byte(alertOnHost)).Want(200)
	b.show("/runtime?rule=none") // a view that is drawn meanwhile opens no stream
	b.show("/runtime")
	open(0)
	c.Do("POST", "/v1/falco/alerts", []byte(alertOnHost)).Want(200)
	hide(false)
	b.until(`document.querySelectorAll("table:last-of-type tbody tr").length === 2`)
	open(2)
	b.show("/images")
	open(1)
	b.quiet()
}

const alertOnHost = `{"rule": "Shell on a host", "priority": "Notice", "time": "2026-11-01T00:00:00Z", "output": "a shell", "output_fields": {"container.id": "host"}}`

// TestRefresh: new data takes neither the focus (gigascience/gigadb-website 1564) nor the reader's unsent text (neuvector/neuvector 1718: each update
// clears the filter).
func TestRefresh(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.until(`document.documentElement.dataset.connection === "live"`)
	push := func(n int) {
		ref, _ := r.Push(t, fmt.Sprintf("team/app:%d", n), fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("libc6 2.36-%d glibc", n))))
		c.Analyze(ref)
	}
	b.fill("#save input", "mine")
	b.click("#save-submit")
	b.until(`document.querySelector('button[aria-label="Delete the search mine"]')`)
	b.eval(`document.querySelector('button[aria-label="Delete the search mine"]').focus()`)
	push(1)
	b.until(`document.querySelectorAll("main tbody tr").length === 1`)
	if got := b.eval(`document.activeElement.getAttribute("aria-label")`); got != "Delete the search mine" {
		t.Errorf("after new data, the focus is on %v", got)
	}
	b.fill("#filter input[name=name]", "half a na")
	b.eval(`document.activeElement.blur()`)
	push(2)
	b.until(`document.querySelector("#stale")`)
	if got := b.eval(`document.querySelector("#filter input[name=name]").value`); got != "half a na" {
		t.Errorf("after new data, the field is %q", got)
	}
	b.quiet()
}

// TestImpatient: a second click does not repeat the action of the first (goharbor/harbor 9425: each click counts again), and a slow answer to an
// earlier question does not replace a later one (OsiriX-Foundation/kheops 17, EBISPOT/ols4 653).
func TestImpatient(t *testing.T) {
	s, c, image := many(t, 20)
	b := open(t, s.URL, 1280)
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `{
		window.sent = [];
		const real = fetch;
		window.fetch = async (url, o) => {
			sent.push((o?.method || "GET") + " " + url);
			const late = String(url).includes("severity=critical"); // even after it was aborted
			const answer = await real(url, late ? {...o, signal: undefined} : o);
			if (late || o?.method === "POST") await new Promise((done) => setTimeout(done, 1500));
			return answer;
		};
	}`}, nil)
	b.signIn(c.Secret)
	c.Do("POST", "/v1/subscriptions", map[string]any{"url": "https://receiver.example/"}).Want(201)
	b.show("/subscriptions")
	for range 3 {
		b.click(`button[aria-label="Test https://receiver.example/"]`)
	}
	b.until(`document.querySelector("td .problem, td .action [role=status]").textContent.length > 1`)
	if n := b.eval(`sent.filter((x) => x.startsWith("POST") && x.endsWith("/test")).length`); n != 1.0 {
		t.Errorf("three clicks send %v requests", n)
	}
	b.eval(`import("/page/app.js").then(({go}) => { go(%s); setTimeout(() => go(%s), 300); })`, image+"?severity=critical", image+"?severity=high")
	b.until(`location.search === "?severity=high" && document.querySelectorAll("tbody tr").length === 20`)
	b.eval(`new Promise((done) => setTimeout(done, 2000))`)
	if got := len(rows(b)); got != 20 {
		t.Errorf("%d rows after the answer to the former question", got)
	}
	b.quiet()
}

// TestEmptyPage: a page whose last item is deleted does not look as if there were none (kitodo/kitodo-production 3641, PrestaShop/PrestaShop 10778).
func TestEmptyPage(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	c := s.Client(t, "team")
	for i := range 51 {
		w := &store.Watch{Tenant: "team", Repository: fmt.Sprintf("registry.example/app-%02d", i), Tags: "none", Every: 365 * 24 * time.Hour}
		if err := s.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetWatch(t.Context(), w) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Store.Looked(t.Context(), w, time.Now(), ""); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show("/watches")
	b.follow("a[rel=next]")
	b.until(`document.querySelectorAll("tbody tr").length === 1`)
	b.click(`button[aria-label="Remove registry.example/app-50"]`)
	b.click(".danger")
	b.until(`document.querySelector("main .empty").textContent === "This page has no items any more."`)
	b.click(".pager a")
	b.until(`document.querySelectorAll("tbody tr").length === 50`)
	b.quiet()
}

// TestProxy: a user that a proxy has authenticated needs no token, sees when the session ends (oauth2-proxy/oauth2-proxy 2292 and pomerium/pomerium 2176:
// the page fails until it is loaded again), and is safe from pages of other sites, whose requests have the cookie.
func TestProxy(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Proxy: &api.Proxy{Addresses: fleettest.Loopback, Header: "Remote-User", Users: []api.ProxyUser{
		{Name: "alice*", Tenant: "team", Scopes: store.Scopes()}, {Name: "reader", Tenant: "team", Scopes: []store.Scope{store.Read}}}}})
	c := s.Client(t, "team")
	f := newFront(t, s)
	f.user.Store("alice\u202e<b>@team.example")
	b := open(t, f.URL, 1280)
	b.load("/login")
	b.until(`document.querySelector("h1").textContent === "Images" && document.querySelector("#user").textContent === "alice\\u{202e}<b>@team.example"`)
	b.until(`document.documentElement.dataset.connection === "live" && !document.querySelector("#sign-out") && sessionStorage.length === 0`)
	b.show("/tokens")
	b.fill("#token input[name=name]", "pipeline")
	b.click("#token-submit")
	b.until(`document.querySelector(".secret code")`)
	b.picture("proxy")

	// Pages of another origin of the same site and of another site send forms.
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form id="f" method="post" enctype="text/plain" action="%s/v1/tokens"><input name='{"name": "stolen' value='", "scopes": ["admin"]}'></form>`, f.URL)
	}))
	defer evil.Close()
	for _, origin := range []string{evil.URL, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)} {
		b.url = origin
		b.load("/")
		n := b.events["Page.loadEventFired"]
		b.eval(`(() => { document.querySelector("#f").submit() })()`)
		for b.events["Page.loadEventFired"] == n {
			b.read()
		}
		if text := b.text(); !strings.Contains(text, "a page of another site sent the request") {
			t.Errorf("the answer to a form of %s: %s", origin, text)
		}
	}
	if f.foreign.Load() == 0 {
		t.Error("the browser sent no cookie with the forms, so the test shows nothing")
	}
	if a := c.Get("/v1/tokens", nil); strings.Contains(string(a.Body), "stolen") || !strings.Contains(string(a.Body), "pipeline") {
		t.Errorf("tokens: %s", a.Body)
	}

	b.url = f.URL
	b.load("/marks")
	b.until(`document.querySelector("h1").textContent === "Marks"`)
	f.user.Store("")
	b.show("/watches")
	b.until(`document.querySelector("h1").textContent === "The session has ended" && document.activeElement.tagName === "H1" && !document.querySelector("nav li")`)
	b.picture("session-ended")
	f.user.Store("reader")
	b.click("#reload")
	b.until(`document.querySelector("h1").textContent === "Watches"`)
	b.show("/tokens")
	b.until(`document.querySelector("main .problem").textContent.includes("lacks the scope admin")`)
	f.user.Store("mallory")
	b.load("/")
	b.until(`document.querySelector("h1").textContent === "Sign in" && document.querySelector("main .problem").textContent.includes("the user has no tenant")`)

	// The proxy begins to authenticate a reader who has a token.
	f.user.Store("-")
	b.signIn(c.Secret)
	f.user.Store("reader")
	b.show("/marks")
	b.until(`document.querySelector("h1").textContent === "Marks" && document.querySelector("#user").textContent === "reader" && sessionStorage.length === 0`)
	b.quiet()
}
