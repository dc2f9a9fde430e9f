package report_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var screenshots = flag.String("screenshots", "", "keep pictures of the HTML report in this directory")

// A browser is a Chromium without a window. It is spoken to by Chrome's DevTools protocol over its pipe: a JSON object and a zero
// byte, either way, https://chromedevtools.github.io/devtools-protocol/.
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
	errors  []string // what the page complained of
}

// open starts a browser of a size on a file, or skips the test.
func open(t *testing.T, file string, width, height int) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium: the HTML report is not shown in a browser")
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
		"--user-data-dir="+t.TempDir(), fmt.Sprintf("--window-size=%d,%d", width, height), "about:blank")
	cmd.ExtraFiles = []*os.File{inRead, outWrite}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inRead.Close()
	outWrite.Close()
	outRead.SetReadDeadline(time.Now().Add(2 * time.Minute))
	b := &browser{t: t, in: inWrite, out: bufio.NewReader(outRead)}
	t.Cleanup(func() {
		b.session = ""
		fmt.Fprintf(b.in, `{"id": 0, "method": "Browser.close"}`+"\x00")
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-done
		}
		inWrite.Close()
		outRead.Close()
		time.Sleep(100 * time.Millisecond) // its children let go of the profile
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Runtime.enable", nil, nil)
	b.call("Log.enable", nil, nil)
	b.call("Page.enable", nil, nil)
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	// framed is when the first frame after the page's load was drawn.
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `addEventListener("load", () => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => { window.framed = performance.now() }; c.port2.postMessage(0) }))`}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + file}, nil)
	for range 100 {
		if b.eval(`document.readyState + " " + (document.getElementById("shown") || {}).textContent`).(string) != "loading " && b.eval(`location.protocol === "file:" && document.readyState === "complete"`) == true {
			return b
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the page does not load")
	return nil
}

// call calls a method, and keeps what the page complains of meanwhile.
func (b *browser) call(method string, params any, result any) {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		answer, err := b.out.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		var m struct {
			ID     int
			Method string
			Result json.RawMessage
			Params json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(answer[:len(answer)-1], &m); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case m.Method == "Runtime.exceptionThrown" || m.Method == "Log.entryAdded" || m.Method == "Page.javascriptDialogOpening":
			b.errors = append(b.errors, string(m.Params))
		case m.ID == b.id && m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case m.ID == b.id:
			if result != nil {
				if err := json.Unmarshal(m.Result, result); err != nil {
					b.t.Fatal(err)
				}
			}
			return
		}
	}
}

// eval returns the value of an expression in the page.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if len(r.ExceptionDetails) > 0 {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return r.Result.Value
}

// click presses and releases the mouse in the middle of an element.
func (b *browser) click(selector string) {
	b.t.Helper()
	at, ok := b.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return [r.x + Math.min(r.width, 40) / 2, r.y + r.height / 2] })()`, selector)).([]any)
	if !ok {
		b.t.Fatalf("there is no %s", selector)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

func (b *browser) screenshot(name string) {
	if *screenshots == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// rows returns the identifiers of the rows that can be seen, in their order.
func (b *browser) rows() string {
	b.t.Helper()
	return fmt.Sprint(b.eval(`Array.from(document.querySelectorAll("tr.finding")).filter(r => r.offsetHeight > 0).map(r => r.dataset.id).join(" ")`))
}

func page(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, forms(t, sample())["report.html"], 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBrowser opens the report from a file in a real browser, and uses it.
func TestBrowser(t *testing.T) {
	const openssl, tar, log4j, script, vexed, temp = "CVE-2023-5678", "CVE-2005-2541", "CVE-2021-44228", "CVE-2024-0001", "CVE-2024-0002", "TEMP-0290435-0B57B5"
	b := open(t, page(t), 1280, 900)
	see := func(what string, want ...string) {
		t.Helper()
		if got := b.rows(); got != strings.Join(want, " ") {
			t.Errorf("%s: sees %s, want %s", what, got, strings.Join(want, " "))
		}
	}
	see("at first, by risk", log4j, script, openssl, tar)
	if s := b.eval(`document.getElementById("shown").textContent`); s != "4 of 4 findings" {
		t.Errorf("says %q", s)
	}
	b.screenshot("wide")

	b.click(`button[data-sort=package]`)
	see("by package", script, openssl, log4j, tar)
	b.click(`button[data-sort=package]`)
	see("by package, backwards", tar, log4j, openssl, script)
	b.click(`button[data-sort=level]`)
	see("the worst first", log4j, script, openssl, tar)
	b.click(`button[data-sort=level]`)
	see("the worst last", tar, openssl, script, log4j)
	b.click(`button[data-sort=id]`)
	see("by identifier", tar, log4j, openssl, script)

	b.click(`button[data-level=high]`)
	see("of high severity", script)
	b.click(`button[data-level=critical]`)
	see("high or critical", log4j, script)
	b.click(`button[data-level=high]`)
	b.click(`button[data-level=critical]`)
	see("all again", tar, log4j, openssl, script)

	b.click(`#fixed`)
	see("with a fix", log4j, openssl)
	b.click(`#exploited`)
	see("with a fix, and exploited", log4j)
	b.click(`#fixed`)
	b.click(`#exploited`)
	b.click(`#hidden`)
	see("hidden too", tar, log4j, openssl, script, vexed, temp)
	b.click(`#hidden`)

	b.click(`#search`)
	b.call("Input.insertText", map[string]any{"text": "GHSA-jfh8 log4j"}, nil)
	see("by alias and name", log4j)
	b.click(`tr[data-id="` + log4j + `"] summary`)
	if b.eval(`document.querySelector("tr[data-id='CVE-2021-44228'] details").open`) != true {
		t.Error("a click does not open the finding")
	}
	if text := fmt.Sprint(b.eval(`document.querySelector("tr[data-id='CVE-2021-44228'] .more").innerText`)); !strings.Contains(text, "Remote code injection") || !strings.Contains(text, "opt/app dir/app.war!WEB-INF/lib/log4j-core-2.14.1.jar, layer 1") {
		t.Errorf("the finding says %q", text)
	}
	b.screenshot("open")
	if n := b.eval(`document.querySelectorAll("script").length`); n != float64(1) {
		t.Errorf("%v scripts", n)
	}
	if w := b.eval(`document.documentElement.scrollWidth <= innerWidth`); w != true {
		t.Error("the page is wider than the window")
	}
	if len(b.errors) > 0 {
		t.Errorf("the page complains: %s", b.errors)
	}
}

// TestPhone asks that on a narrow screen nothing has to be moved sideways, and that a finding is a card.
func TestPhone(t *testing.T) {
	b := open(t, page(t), 390, 844)
	if w := b.eval(`document.documentElement.scrollWidth`); w.(float64) > 390 {
		t.Errorf("the page is %v wide", w)
	}
	if d := b.eval(`getComputedStyle(document.querySelector("tr.finding")).display`); d != "block" {
		t.Errorf("a finding is displayed as %v", d)
	}
	b.screenshot("phone")
	b.eval(`(() => { const s = document.getElementById("sort"); s.value = "package"; s.dispatchEvent(new Event("change")) })()`)
	if got := b.rows(); !strings.HasPrefix(got, "CVE-2024-0001 CVE-2023-5678 ") {
		t.Errorf("sees %s", got)
	}
	b.click(`tr[data-id="CVE-2021-44228"] summary`)
	if b.eval(`document.querySelector("tr[data-id='CVE-2021-44228'] details").open`) != true || b.eval(`document.documentElement.scrollWidth`).(float64) > 390 {
		t.Error("an open finding does not fit")
	}
	b.screenshot("phone-open")
	if len(b.errors) > 0 {
		t.Errorf("the page complains: %s", b.errors)
	}
}
