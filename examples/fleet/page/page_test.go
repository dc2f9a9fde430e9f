package page_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// TestFiles: the page needs no other host, its document has no code and no styles, and each view has an address.
func TestFiles(t *testing.T) {
	hosts := regexp.MustCompile(`(?i)\b(?:https?:)?//[a-z0-9.-]+\.[a-z]+`)
	err := fs.WalkDir(os.DirFS("static"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join("static", name))
		for _, found := range hosts.FindAllString(string(content), -1) {
			if found != "http://www.w3.org" && !strings.HasSuffix(found, ".example") { // the name of SVG, and examples in hints
				t.Errorf("%s names the host %s", name, found)
			}
		}
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "style="} {
			if strings.Contains(string(content), sink) {
				t.Errorf("%s has %s", name, sink)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	with, without := fleettest.Start(t, serve.Options{}), fleettest.Start(t, serve.Options{NoPage: true})
	for _, test := range []struct {
		method, path string
		status       int
		kind         string
		bare         int // status without the page
	}{
		{"GET", "/", 200, "text/html", 404},
		{"GET", "/images/sha256:00", 200, "text/html", 404},
		{"GET", "/policies/a%2Fb", 200, "text/html", 404},
		{"GET", "/page/app.js", 200, "text/javascript", 404},
		{"GET", "/page/style.css", 200, "text/css", 404},
		{"GET", "/page/none.js", 404, "application/problem+json", 404},
		{"GET", "/page/../../serve/serve.go", 404, "application/problem+json", 404},
		{"POST", "/images", 404, "application/problem+json", 404},
		{"GET", "/v1/health", 200, "application/json", 200},
		{"GET", "/v1/images", 401, "application/problem+json", 401},
		{"PUT", "/v1/images", 405, "application/problem+json", 405},
	} {
		for s, status := range map[*fleettest.Service]int{with: test.status, without: test.bare} {
			q, err := http.NewRequestWithContext(t.Context(), test.method, s.URL+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			a.Body.Close()
			kind, policy := a.Header.Get("Content-Type"), a.Header.Get("Content-Security-Policy")
			if a.StatusCode != status || s == with && !strings.HasPrefix(kind, test.kind) {
				t.Errorf("%s %s: status %d and %s, want %d and %s", test.method, test.path, a.StatusCode, kind, status, test.kind)
			}
			if a.StatusCode == 200 && !strings.HasPrefix(test.path, "/v1/") && (!strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe")) {
				t.Errorf("%s: policy %q", test.path, policy)
			}
		}
	}
}

const policy = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}
default: {policies: [severe]}
`

func advisories() []matcher.Advisory {
	return []matcher.Advisory{
		fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High),
		fleettest.Debian12("CVE-2026-0003", "zlib", "", matcher.Low),
		fleettest.NPM("GHSA-aaaa-bbbb-cccc", "left", "2.0.0", matcher.Medium),
	}
}

// TestJourney signs in, submits an image, reads its verdict, marks the finding that stops it, and sees the verdict change in all views.
func TestJourney(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, advisories()...)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "zlib1g 1.2 zlib")))
		c := s.Client(t, "team")
		b := open(t, s.URL, 1280)

		b.load("/images?verdict=stop") // signing in shows the view that the address names
		b.until(`document.querySelector("#sign-in")`)
		b.fill("#sign-in input", "fleet_unknown")
		b.click("#sign-in button[type=submit]")
		b.until(`document.querySelector("#sign-in [role=alert]").textContent.includes("the token is unknown")`)
		b.fill("#sign-in input", c.Secret)
		b.press("Enter")
		b.until(`document.querySelector("#filter")?.elements.verdict.value === "stop"`)

		// A policy, tried about no image yet, and a mapping.
		b.show("/policies/severe")
		b.fill("#policy textarea", policy+"nonsense: 1\n")
		b.click("#policy button[type=submit]")
		b.until(`document.querySelector("#policy .problem li").textContent.startsWith("line 8: ")`)
		b.fill("#policy textarea", policy)
		b.click("#policy button[type=submit]")
		b.until(`document.querySelector("main dl")?.textContent.includes("Changed")`)
		b.show("/policies")
		b.fill("#map textarea", "**=severe")
		b.click("#map button[type=submit]")
		b.until(`document.querySelector("#live").textContent === "The mappings are stored."`)

		// Submit an image, and see it when it is analyzed.
		b.show("/images")
		b.fill("#submit-form input[name=reference]", ref)
		b.click("#submit-form button[type=submit]")
		b.until(`location.pathname === "/images/" + %s`, digest)
		b.until(`document.querySelector("dl .badge").textContent === "stop"`)
		b.show("/policies/severe")
		b.fill("#policy textarea", strings.ReplaceAll(policy, "HIGH", "CRITICAL"))
		b.fill("#evaluate input", ref)
		b.click("#evaluate button[type=submit]")
		b.until(`document.querySelector("#outcome .badge").textContent === "go"`)

		// From the finding to a mark. The verdict changes, and an event makes the view draw it.
		b.until(`document.documentElement.dataset.connection === "live"`)
		b.show("/images/" + digest)
		b.click(`a[aria-label="Mark CVE-2026-0001 in libc6"]`)
		b.until(`document.querySelector("#mark")`)
		b.fill("#mark textarea", "never called")
		b.click("#mark button[type=submit]")
		b.until(`document.querySelector("#live").textContent === "The mark is stored."`)
		b.until(`document.querySelector("dl .badge").textContent === "go"`)
		b.until(`document.querySelector("table").textContent.includes("suppressed: vulnerable_code_not_in_execute_path")`)
		b.show("/images/" + digest + "?show=verdicts")
		b.until(`[...document.querySelectorAll("table:last-of-type tbody tr")].map((r) => r.cells[2].textContent).join(" ") === "stop go"`)
		b.until(`document.querySelector("table:last-of-type").textContent.includes("Gone: CVE-2026-0001")`)

		// Another tenant's token sees nothing of it, and the address of a view works for a new page.
		b.show("/marks")
		b.until(`document.querySelector("tbody").textContent.includes("never called") && document.querySelector("tbody").textContent.includes("test")`)
		b.load("/images/" + digest)
		b.until(`document.querySelector("dl .badge").textContent === "go"`)
		b.click("#sign-out")
		b.until(`document.querySelector("#sign-in") && !document.querySelector("nav li") && sessionStorage.length === 0`)
		b.fill("#sign-in input", s.Client(t, "other").Secret)
		b.press("Enter")
		b.until(`document.querySelector("h1").textContent === "Not found"`)
		b.quiet()
	})
}

// TestIndex submits an index, sees which platform stops it and which is not analyzed, has that one analyzed, and goes to the image of a platform.
func TestIndex(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	image := func(platform, libc string) v1.Image {
		return fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 "+libc+" glibc")), platform)
	}
	attestation := mutate.IndexAddendum{Add: image("unknown/unknown", "2.36-9"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}}
	bad := image("linux/arm64", "2.36-9")
	ref, digest := r.PushIndex(t, "team/app:1", mutate.AppendManifests(fleettest.Index(t, image("linux/amd64", "2.36-10"), bad, image("windows/amd64", "2.36-10")), attestation))
	child, err := bad.Digest()
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.fill("#submit-form input[name=reference]", ref)
	b.click("#submit-form button[type=submit]")
	b.until(`location.pathname === "/images/" + %s`, digest)
	rows := `[...document.querySelectorAll("tbody tr")].map((r) => [0, 1, 3].map((n) => r.cells[n].textContent).join(" ")).join("; ")`
	b.until(rows+` === %s`, "linux/amd64 none analyzed; linux/arm64 none analyzed; windows/amd64  not analyzed no submission asked for it")
	b.until(`document.querySelector("dl").textContent.includes("windows/amd64 was not analyzed")`)

	c.Do("PUT", "/v1/policies/severe", map[string]any{"document": policy}).Want(201)
	c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "severe"}]}`).Want(200)
	b.show("/images/" + url.PathEscape(ref)) // the tag names the index, too
	b.until(`document.querySelector("dl .badge").textContent === "stop"`)
	b.click(`button[aria-label^="Analyze 1 more"]`)
	b.until(`location.pathname === "/images/" + %s && !document.querySelector("main").textContent.includes("not analyzed")`, digest)
	b.until(rows+` === %s && document.querySelector("h1").textContent === %s`, "linux/amd64 go analyzed; linux/arm64 stop analyzed; windows/amd64 go analyzed", ref)
	b.click(fmt.Sprintf(`tbody a[href="/images/%s"]`, child))
	b.until(`document.querySelector("dl").textContent.includes("linux/arm64") && document.querySelector("table").textContent.includes("CVE-2026-0001")`)

	b.show("/images/" + digest)
	b.click(`button[aria-label="Delete the index"]`)
	b.click(".danger")
	b.until(`document.querySelector("h1").textContent === "Images" && document.querySelectorAll("tbody tr").length === 3`)
	c.Do("GET", "/v1/images/"+digest, nil).Want(404)
	b.quiet()
}

// TestLive: lists follow events of the stream, and go on by asking if a proxy forbids streams.
func TestLive(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.until(`document.documentElement.dataset.connection === "live"`)
	rows := `document.querySelectorAll("main tbody tr").length === %s`
	push := func(n int) {
		ref, _ := r.Push(t, fmt.Sprintf("team/app:%d", n), fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("libc6 2.36-%d glibc", n))))
		c.Analyze(ref)
	}
	push(1)
	b.until(rows, 1)
	// A reader who is at work in a form keeps it, and is asked.
	b.fill("#submit-form input[name=reference]", "unfinished")
	push(2)
	b.until(`document.querySelector("#stale")`)
	if got := b.eval(`document.activeElement.value`); got != "unfinished" {
		t.Errorf("the field is %v", got)
	}
	b.click("#stale button")
	b.until(rows, 2)

	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `{
		const real = fetch;
		window.fetch = (url, o) => o?.headers?.Accept === "text/event-stream" ? Promise.reject(new TypeError("blocked")) : real(url, o);
		const wait = setTimeout;
		window.setTimeout = (f, ms) => wait(f, ms >= 1000 && ms < 20000 ? ms / 20 : ms);
	}`}, nil)
	b.load("/images")
	b.until(`document.documentElement.dataset.connection === "polling"`)
	push(3)
	b.until(rows, 3)
	b.quiet()
}
