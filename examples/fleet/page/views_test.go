package page_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// A view is a view with content.
type view struct{ name, path string }

// filled returns a service with content in every view, its views, and a token. An image has a name of the argument in each place that takes any
// text.
func filled(t *testing.T, name string) (*fleettest.Service, []view, *fleettest.Client) {
	s := fleettest.Start(t, serve.Options{Neighbours: serve.Neighbours{Falco: true}})
	hostile := fleettest.NPM("GHSA-dddd-"+name, "left", "2.0.0", matcher.Critical)
	hostile.Summary, hostile.Aliases, hostile.URLs = name, []string{name}, []string{"javascript:pwned()", "https://advisories.example/" + name}
	hostile.Severities[0].Source, hostile.Severities[0].Word, hostile.Feed = name, name, "osv"
	fleettest.WriteAdvisories(t, s.File, append(advisories(), hostile)...)
	printed := strings.Map(func(r rune) rune { // policies and authors have no control characters
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	secret, err := s.Store.NewToken(t.Context(), &store.Token{Tenant: "team", Name: cut(printed, 190), Scopes: store.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client(t, "team").With(secret)
	c.Do("PUT", "/v1/policies/severe", map[string]any{"document": policy + "# " + strings.ReplaceAll(printed, "\ufeff", "")}).Want(201)
	c.Do("PUT", "/v1/mappings", map[string]any{"items": []any{map[string]any{"pattern": "**", "policy": "severe"}, map[string]any{"pattern": cut(name, 400), "policy": "severe"}}}).Want(200)
	r := fleettest.NewRegistry(t)
	text, err := json.Marshal(map[string]any{"name": "left", "version": "1.5.0", "license": name})
	if err != nil {
		t.Fatal(err)
	}
	img := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "zlib1g 1.2 zlib"),
		fleettest.Layer(t, "app/"+cut(strings.NewReplacer("/", "_", "\x00", "").Replace(name), 60)+"/node_modules/left/package.json", string(text)))
	ref, digest := r.Push(t, "team/app:1", img)
	c.Analyze(ref)
	c.Do("PATCH", "/v1/images/"+digest, map[string]any{"annotations": map[string]string{cut(name, 190): cut(name, 1900)}}).Want(200)
	// An SBOM may state anything.
	bom, err := json.Marshal(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []any{
		map[string]any{"type": "library", "name": name, "version": name, "purl": "pkg:npm/" + url.PathEscape(cut(name, 900)) + "@1", "licenses": []any{map[string]any{"license": map[string]any{"name": name}}}},
		map[string]any{"type": "library", "name": "left", "version": "1.0.0", "purl": "pkg:npm/left@1.0.0"}}})
	if err != nil {
		t.Fatal(err)
	}
	var m fleettest.Submission
	c.Do("POST", "/v1/sboms", bom).Want(202).Into(&m)
	m = c.Wait(m.ID)
	// The API takes references and tags that registries have only. The store has any.
	indexed := func(platform, libc string) v1.Image {
		return fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 "+libc+" glibc"), fleettest.Layer(t, "platform", platform)), platform)
	}
	multi, index := r.PushIndex(t, "team/multi:1", fleettest.Index(t, indexed("linux/amd64", "2.36-10"), indexed("linux/arm64/v8", "2.36-9"), indexed("linux/arm/v7", "2.36-10"), indexed("windows/amd64", "1")))
	c.Analyze(multi)
	if err := s.Store.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.PutIndex(t.Context(), &store.Index{Tenant: "team", Digest: "sha256:" + strings.Repeat("e", 64), Reference: name, More: 800, Submitted: time.Now(),
			Platforms: []store.Platform{{Name: name, Digest: digest, Reason: name}, {Digest: name, Reason: name}}}); err != nil {
			return err
		}
		other := store.Image{Tenant: "team", Digest: "sha256:" + strings.Repeat("f", 64), Kind: store.Reference, Reference: name, Platform: name, Submitted: time.Now()}
		err := tx.Begin(t.Context(), &other)
		if err == nil {
			err = tx.End(t.Context(), "team", other.Digest, store.Failed, name, name)
		}
		if err == nil {
			_, err = tx.Point(t.Context(), "team", name, digest, "")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	failed := c.Wait(c.Submit("registry.example:1/team/none").ID)
	c.Do("POST", "/v1/marks", map[string]any{"vulnerability": "CVE-2026-0003", "packages": []string{"pkg:npm/left?x=" + url.QueryEscape(cut(name, 600))}, "status": "not-affected", "justification": "vulnerable_code_not_present", "detail": cut(name, 3900),
		"scope": map[string]any{"repositories": []string{cut(name, 490)}, "images": []string{cut(name, 190)}}, "expires": time.Now().Add(24 * time.Hour)}).Want(201)
	c.Do("POST", "/v1/subscriptions", map[string]any{"url": "https://receiver.example/" + url.PathEscape(cut(name, 300)), "repositories": []string{cut(name, 490)}}).Want(201)
	alert := func(fields map[string]any) string {
		line, err := json.Marshal(map[string]any{"rule": name, "priority": "Warning", "time": time.Now(), "hostname": name, "output": "12:00:00.0: Warning " + name, "output_fields": fields})
		if err != nil {
			t.Fatal(err)
		}
		return string(line)
	}
	for _, image := range []string{cut(name, 900), digest, ""} {
		c.Do("POST", "/v1/falco/marks", map[string]any{"rule": cut(name, 900), "image": image, "path": "/" + cut(name, 900), "reason": cut(name, 900), "author": cut(name, 900), "expires": time.Now().Add(time.Hour)}).Want(201)
	}
	c.Do("POST", "/v1/falco/alerts", []byte(alert(map[string]any{"container.id": "5d2a4b8d7f06", "container.image.digest": digest, "container.image.repository": name, "proc.exepath": "/" + name, "fd.name": "/var/lib/dpkg/status"})+"\n"+
		alert(map[string]any{"container.id": "5d2a4b8d7f06", "container.image.digest": digest, "fd.name": "/app/" + cut(strings.NewReplacer("/", "_", "\x00", "").Replace(name), 60) + "/node_modules/left/index.js"})+"\n"+
		strings.Replace(alert(map[string]any{"container.id": "host", "proc.exepath": "/usr/bin/bash"}), `"priority":"Warning"`, `"priority":"Critical"`, 1))).Want(200)
	if err := s.Store.Write(t.Context(), func(tx *store.Tx) error {
		err := tx.SetWatch(t.Context(), &store.Watch{Tenant: "team", Repository: name, Tags: name, Every: time.Hour}) // the service cannot look at it
		if err == nil {
			err = tx.SetWatch(t.Context(), &store.Watch{Tenant: "team", Repository: r.Host + "/team/app", Tags: "none-*", Every: time.Minute})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	fleettest.Eventually(t, "verdicts, the index and looks at the repositories are there", func() bool {
		var v struct{ Items []struct{ Verdict string } }
		c.Get("/v1/images?state=analyzed", &v)
		var affected struct{ Items []any }
		c.Get("/v1/affected?purl=pkg:npm/left", &affected)
		var watches struct{ Items []struct{ Tried string } }
		c.Get("/v1/watches", &watches)
		return len(v.Items) == 5 && !slices.ContainsFunc(v.Items, func(i struct{ Verdict string }) bool { return i.Verdict == "" }) && len(affected.Items) == 2 && watches.Items[0].Tried != "" && watches.Items[1].Tried != ""
	})
	image := "/images/" + digest
	return s, []view{
		{"images", "/images"}, {"images-filtered", "/images?verdict=stop&name=app"}, {"image", image}, {"image-remedies", image + "?show=remedies"}, {"image-packages", image + "?show=packages"},
		{"image-layers", image + "?show=layers"}, {"image-findings", image + "?show=findings"}, {"image-runtime", image + "?show=runtime"}, {"image-verdicts", image + "?show=verdicts"},
		{"mark", image + "?show=mark&vulnerability=CVE-2026-0001&package=" + url.QueryEscape("pkg:deb/debian/libc6@2.36-9")},
		{"sbom", "/images/" + m.Image}, {"image-failed", "/images/sha256:" + strings.Repeat("f", 64)}, {"sbom-packages", "/images/" + m.Image + "?show=packages"}, {"submission", "/submissions/" + failed.ID}, {"vulnerabilities", "/vulnerabilities"},
		{"vulnerability", "/vulnerabilities/" + url.PathEscape("GHSA-dddd-"+name)}, {"vulnerability-unknown", "/vulnerabilities/" + url.PathEscape(cut(name, 190))}, {"packages", "/packages"},
		{"packages-found", "/packages?purl=pkg:npm/left"}, {"events", "/events"}, {"policies", "/policies"}, {"policy", "/policies/severe"}, {"marks", "/marks"}, {"subscriptions", "/subscriptions"},
		{"index", "/images/" + index}, {"index-tag", "/images/" + url.PathEscape(multi)}, {"index-odd", "/images/sha256:" + strings.Repeat("e", 64)},
		{"runtime", "/runtime"}, {"runtime-filtered", "/runtime?priority=Critical"}, {"runtime-marks", "/runtime?show=marks"},
		{"runtime-mark", "/runtime?" + url.Values{"show": {"mark"}, "rule": {cut(name, 900)}, "image": {cut(name, 900)}, "digest": {digest}, "program": {"/" + cut(name, 900)}, "file": {"/etc/shadow"}, "back": {"/runtime?rule=" + url.QueryEscape(cut(name, 900))}}.Encode()}, {"watches", "/watches"}, {"tokens", "/tokens"}, {"feeds", "/feeds"}, {"missing", "/images/none"}, {"no-view", "/submissions/none"},
	}, c
}

// cut returns the beginning of a text, of at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// TestAccessible holds every view against axe-core's rules, light and dark, narrow and wide. No view is wider than the window.
func TestAccessible(t *testing.T) {
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with axe-core")
	}
	axe, err := os.ReadFile(filepath.Join(modules, "axe-core/axe.min.js"))
	if err != nil {
		t.Skipf("axe-core is not installed: %v", err)
	}
	s, views, c := filled(t, "ordinary")
	b := open(t, s.URL, 1280)
	check := func(name string) {
		for _, scheme := range []string{"light", "dark"} {
			b.media("prefers-color-scheme", scheme)
			for _, width := range []int{360, 1280} {
				b.size(width)
				got := fmt.Sprint(b.eval(`axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " " + n.failureSummary).join("; ")).join("\n"))`))
				if got != "" {
					t.Errorf("%s, %s, %d wide:\n%s", name, scheme, width, got)
				}
				if wide := b.eval(`document.documentElement.scrollWidth`); wide.(float64) > float64(width) {
					t.Errorf("%s is %v wide in a window of %d", name, wide, width)
				}
				b.picture(fmt.Sprintf("%s-%s-%d", name, scheme, width))
			}
		}
	}
	b.load("/")
	b.eval(string(axe) + "; 0")
	b.until(`document.querySelector("#sign-in")`)
	check("sign-in")
	b.signIn(c.Secret)
	b.eval(string(axe) + "; 0")
	for _, v := range views {
		b.show(v.path)
		check(v.name)
	}
	b.quiet()
}

// TestKeyboard: the content is reachable without a mouse, and the focus follows.
func TestKeyboard(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	focus := func(want string) {
		t.Helper()
		b.until(`document.activeElement.tagName + " " + document.activeElement.textContent.slice(0, 40) === %s`, want)
	}
	focus("H1 Images")
	b.load("/images")
	b.until(`document.querySelector("#filter")`)
	b.press("Tab")
	focus("A Skip to the content")
	for _, want := range []string{"A Fleet", "A Images", "A Vulnerabilities", "A Packages"} {
		b.press("Tab")
		focus(want)
	}
	b.press("Enter")
	focus("H1 Packages")
	b.until(`document.title === "Packages – Fleet" && document.querySelector("nav [aria-current=page]").textContent === "Packages"`)
	b.eval(`history.back()`)
	focus("H1 Images")
	b.click("#filter-submit") // another state of the same view keeps the focus, and tells the outcome
	focus("BUTTON Filter")
	b.until(`document.querySelector("#live").textContent === "No images."`)
	b.media("prefers-reduced-motion", "reduce")
	if got := b.eval(`getComputedStyle(document.querySelector("button")).transitionDuration`); got != "0s" {
		t.Errorf("with reduced motion, a transition takes %v", got)
	}
	b.quiet()
}

// TestNoScript: without scripts, the page says where the API is.
func TestNoScript(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	b := open(t, s.URL, 360)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.load("/images")
	b.call("DOM.enable", nil, nil)
	var document struct {
		Root struct{ NodeID int }
	}
	b.call("DOM.getDocument", nil, &document)
	var found struct{ NodeID int }
	b.call("DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": `noscript a[href="/v1/openapi.yaml"]`}, &found)
	if found.NodeID == 0 {
		t.Error("without scripts, there is no link to the document of the API")
	}
	b.picture("noscript-light-360")
}

// odd are names that try to be more than text: markup, templates, escapes of terminals, characters that change the order of others or cannot be
// seen, marks on marks, and no place to break a line.
const odd = "\"><img src=x onerror=pwned()><script>pwned()</script>${pwned()}{{pwned()}}\x1b[31m\x1b]8;;\a\u009b2J\r\n\tuser\u202egnp.exe\u2066\u200f\u061c\u200b\ufeff\u00ad\U000e0041%2e%2e/?#&"

var hostile = []struct{ name, text string }{
	{"odd", odd},
	{"long", strings.Repeat("W", 200) + strings.Repeat("e\u0301\u0335\u0301", 30) + strings.Repeat(odd+" </td></table><svg/onload=pwned()><base href=https://evil.example/>javascript:pwned()", 45)},
}

// TestHostile shows names that try to be more than text in every field of every view. They stay text, without characters that cannot be seen,
// and no element is not the page's own.
func TestHostile(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			s, views, c := filled(t, test.text)
			b := open(t, s.URL, 360)
			b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `window.pwned = () => { window.owned = true }`}, nil)
			b.signIn(c.Secret)
			seen, opened := false, false
			for _, v := range views {
				b.show(v.path)
				got := b.eval(`(() => {
					const bad = [];
					for (const n of document.querySelectorAll("bdi, code, td a")) if (n.textContent.length > 4000) bad.push("not cut: " + n.textContent.length);
					for (const more of document.querySelectorAll("button.more")) more.click(); // shows all of long texts
					if (window.owned) bad.push("a script ran");
					for (const e of document.querySelectorAll("main img, main script, main svg, main iframe, main style, main base, main object, main link, body > script")) bad.push("element " + e.tagName);
					for (const e of document.querySelectorAll("*")) for (const a of e.attributes) {
						if (a.name.startsWith("on")) bad.push("attribute " + a.name);
						if (a.name === "href" && !/^(\/|#|https?:)/.test(a.value)) bad.push("link " + a.value);
					}
					const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
					for (let n; n = walker.nextNode();) if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0000}-\u{e007f}]/u.test(n.data.replace(/\n/g, "")) && !n.parentElement.closest("textarea, noscript, option")) bad.push("invisible characters: " + JSON.stringify(n.data.slice(0, 100)));
					if (/[\p{Cc}\p{Cf}]/u.test(document.title)) bad.push("title");
					if (document.documentElement.scrollWidth > 360) bad.push("it is " + document.documentElement.scrollWidth + " wide");
					return [bad.slice(0, 5).join("; "), !!document.querySelector(".escape") && document.body.innerText.includes("<script>pwned()"), [...document.querySelectorAll(".more")].some((m) => m.textContent === "Show less")];
				})()`).([]any)
				if got[0] != "" {
					t.Errorf("%s: %s", v.name, got[0])
				}
				seen, opened = seen || got[1].(bool), opened || got[2].(bool)
				b.picture("hostile-" + test.name + "-" + v.name)
			}
			if !seen || !opened && test.name == "long" {
				t.Errorf("a view shows the name: %t, in parts: %t", seen, opened)
			}
			b.quiet()
		})
	}
}
