package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// TestTokens makes a token, uses it, and revokes it. Its secret is shown once.
func TestTokens(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show("/tokens")
	b.until(`document.querySelectorAll("tbody tr").length === 1`)
	b.fill("#token input[name=name]", "pipeline")
	b.click("#token input[value=read]")
	b.click("#token-submit")
	b.until(`document.querySelector("#token [role=alert]").textContent === "Choose a scope at least."`)
	b.click("#token input[value=submit]")
	b.click("#token-submit")
	b.until(`document.querySelector(".secret code") && document.querySelectorAll("tbody tr").length === 2`)
	secret := fmt.Sprint(b.eval(`document.querySelector(".secret code").textContent`))
	made := c.With(secret)
	made.Do("GET", "/v1/images", nil).Want(403)
	m := made.Submit("registry.example/team/app:1")
	c.Get("/v1/submissions/"+m.ID, nil)
	b.click("#hide")
	b.until(`!document.querySelector(".secret") && document.activeElement.name === "name"`)
	b.show("/images")
	b.show("/tokens")
	b.until(`document.querySelectorAll("tbody tr").length === 2`)
	if found := b.eval(`document.documentElement.innerHTML.includes(%s)`, secret); found != false {
		t.Error("the secret is shown again")
	}
	b.click(`button[aria-label="Revoke pipeline"]`)
	b.click(`.danger`)
	b.until(`document.querySelector("#live").textContent === "The token is revoked." && document.querySelectorAll("tbody tr").length === 1`)
	made.Do("POST", "/v1/submissions", map[string]any{"reference": "registry.example/team/app:2"}).Want(401)

	b.click("#sign-out")
	b.until(`document.querySelector("#sign-in")`)
	b.fill("#sign-in input", s.Client(t, "team", store.Read).Secret)
	b.press("Enter")
	b.until(`document.querySelector("main .problem")?.textContent.includes("lacks the scope admin")`)
	b.quiet()
}

// TestWatches adds a repository, sees its image, and removes it.
func TestWatches(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	_, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
	c := s.Client(t, "team")
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show("/watches")
	b.until(`document.querySelector("main .empty")`)
	b.fill("#watch input[name=repository]", "no repository")
	b.click("#watch-submit")
	b.until(`document.querySelector("#watch .problem")`)
	b.fill("#watch input[name=repository]", r.Host+"/team/app")
	b.fill("#watch input[name=every]", "60")
	b.click("#watch-submit")
	b.until(`document.querySelector("tbody tr td:nth-child(3)").textContent === "1 h"`)
	fleettest.Eventually(t, "the image is analyzed", func() bool {
		return c.Do("GET", "/v1/images/"+digest, nil).Status == 200
	})
	b.show("/watches")
	b.until(`document.querySelector("tbody tr td:nth-child(5)").textContent === "no error"`)
	b.click("tbody a")
	b.until(`document.querySelector("h1").textContent === "Images" && document.querySelectorAll("tbody tr").length === 1`)
	b.show("/watches")
	b.click(`button[aria-label^="Remove "]`)
	b.click(`.danger`)
	b.until(`document.querySelector("#live").textContent === "The repository is no longer watched." && document.querySelector("main .empty")`)
	b.quiet()
}

// TestRuntime follows alerts of Falco from the list to the image and its vulnerability.
func TestRuntime(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Neighbours: serve.Neighbours{Falco: true}})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "app/node_modules/left/package.json", `{"name": "left", "version": "1.5.0"}`)))
	c := s.Client(t, "team")
	c.Analyze(ref)
	alert := func(rule, priority, fields string) string {
		return fmt.Sprintf(`{"rule": %q, "priority": %q, "time": "2026-11-01T00:00:00Z", "output": "a file was changed", "output_fields": %s}`, rule, priority, fields)
	}
	c.Do("POST", "/v1/falco/alerts", []byte(alert("Write below code", "Error", `{"container.id": "5d2a4b8d7f06", "container.image.digest": "`+digest+`", "fd.name": "/app/node_modules/left/index.js"}`)+"\n"+
		alert("Shell on a host", "Notice", `{"container.id": "host"}`))).Want(200)
	b := open(t, s.URL, 1280)
	b.signIn(c.Secret)
	b.show("/runtime")
	b.until(`document.querySelectorAll("#rules ~ div tbody tr").length === 2 && document.querySelector("main").textContent.includes("on the host")`)
	b.click(`a[href="/runtime?rule=Write+below+code&priority=Error"]`)
	b.until(`document.querySelectorAll("tbody tr").length === 1 && document.querySelector("#filter").elements.priority.value === "Error"`)
	b.until(`document.querySelector('a[href="/vulnerabilities/GHSA-aaaa-bbbb-cccc"]') && document.querySelector('a[href="/packages?purl=pkg%3Anpm%2Fleft%401.5.0"]')`)
	b.click(fmt.Sprintf(`a[href="/images/%s"]`, digest))
	b.until(`document.querySelector("main").textContent.includes("Falco reported 1 event of its containers.")`)
	b.click(`.parts a[href$="?show=runtime"]`)
	b.until(`document.querySelector("td time") && document.querySelector(".parts [aria-current]").textContent === "Runtime events"`)

	// New events appear without a click, here and in the list of all. A filter shows those that it selects.
	send := func(rule string) {
		t.Helper()
		c.Do("POST", "/v1/falco/alerts", []byte(alert(rule, "Error", `{"container.id": "5d2a4b8d7f06", "container.image.digest": "`+digest+`", "container.image.repository": "registry.example/team/app", "proc.exepath": "/usr/bin/node"}`))).Want(200)
	}
	rows := `document.querySelectorAll("table:last-of-type tbody tr").length === %s`
	send("Shell spawned")
	b.until(rows, 2)
	b.show("/runtime?rule=Shell+spawned")
	b.until(rows, 1)
	send("Write below code")
	send("Shell spawned")
	b.until(rows, 2)

	// An alert is marked, and so are later ones, until the mark is withdrawn.
	b.click(`a[aria-label="Mark as a false positive: Shell spawned"]`)
	b.until(`document.querySelector("#mark") && document.querySelector("dd").textContent === "Shell spawned"`)
	b.click("#mark-submit")
	b.until(`document.querySelector("#mark textarea:invalid")`)
	b.fill("#mark textarea", "our entry point")
	b.fill("#mark input[type=date]", "")
	b.eval(`(() => { document.querySelector("#mark input[type=date]").value = "2099-12-31" })()`)
	b.click("#mark-submit")
	b.until(`document.querySelector("#live").textContent === "The mark is stored." && location.search === "?rule=Shell+spawned"`)
	marked := `[...document.querySelectorAll("tbody tr")].filter((r) => r.lastElementChild.textContent === "false positive").length === %s`
	b.until(marked, 2)
	send("Shell spawned")
	b.until(marked, 3)
	b.show("/runtime")
	b.click(`.parts a[href="/runtime?show=marks"]`)
	b.until(`["Shell spawned", "registry.example/team/app", "/usr/bin/node", "our entry point", "test", "31 Dec 2099"].every((x) => document.querySelector("tbody tr").textContent.includes(x))`)
	b.click(`button[aria-label="Withdraw the mark of Shell spawned"]`)
	b.click(".danger")
	b.until(`document.querySelector("#live").textContent === "The mark is withdrawn." && document.querySelector("main .empty")`)
	b.show("/runtime?rule=Shell+spawned")
	b.until(marked, 0)
	var audit struct{ Items []struct{ Action string } }
	c.Get("/v1/audit", &audit)
	if text := fmt.Sprint(audit.Items); !strings.Contains(text, "{add-alert-mark}") || !strings.Contains(text, "{delete-alert-mark}") {
		t.Errorf("the audit has no entries of the mark: %s", text)
	}
	b.quiet()

	other := fleettest.Start(t, serve.Options{})
	without := open(t, other.URL, 1280)
	without.signIn(other.Client(t, "team").Secret)
	without.show("/runtime")
	without.until(`document.querySelector("main .empty").textContent.includes("--falco")`)
	without.quiet()
}
