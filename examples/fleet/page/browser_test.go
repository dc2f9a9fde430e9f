package page_test

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

var screenshots = flag.String("screenshots", "", "keep pictures of all views in this directory")

// A browser is a Chromium without a window, which the test drives by Chrome's DevTools protocol over a pipe: JSON objects with a zero byte after
// each, https://chromedevtools.github.io/devtools-protocol/.
type browser struct {
	t       testing.TB
	in      *os.File
	out     *bufio.Reader
	url     string // of the service
	session string
	id      int
	events  map[string]int
	errors  []string // that the page reported
}

// open starts a browser of a width, or skips the test.
func open(t testing.TB, url string, width int) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: the page is not shown in a browser")
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "fleet-page-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe", "--user-data-dir="+profile, "about:blank")
	cmd.ExtraFiles = []*os.File{inRead, outWrite}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inRead.Close()
	outWrite.Close()
	outRead.SetReadDeadline(time.Now().Add(time.Hour))
	b := &browser{t: t, in: inWrite, out: bufio.NewReader(outRead), url: url, events: make(map[string]int)}
	t.Cleanup(func() {
		b.session = ""
		fmt.Fprintf(b.in, `{"id": 0, "method": "Browser.close"}`+"\x00")
		killed := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		killed.Stop()
		inWrite.Close()
		outRead.Close()
		os.RemoveAll(profile) // children of the browser may hold a file for a moment
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Runtime", "Log", "Page"} {
		b.call(domain+".enable", nil, nil)
	}
	b.size(width)
	return b
}

// size sets the width of the window.
func (b *browser) size(width int) {
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
}

// media sets a media feature.
func (b *browser) media(name, value string) {
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": name, "value": value}}}, nil)
}

// call calls a method.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.id++
	id := b.id
	message := map[string]any{"id": id, "method": method}
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
		m := b.read()
		if m.ID != id {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

type message struct {
	ID             int
	Method         string
	Result, Params json.RawMessage
	Error          *struct{ Message string }
}

// read reads a message, and keeps the complaints of the page.
func (b *browser) read() (m message) {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	b.events[m.Method]++
	if m.Method == "Runtime.exceptionThrown" || m.Method == "Log.entryAdded" || m.Method == "Page.javascriptDialogOpening" {
		if !strings.Contains(string(m.Params), "Failed to load resource") { // an answer with an error, which the page shows
			b.errors = append(b.errors, string(m.Params))
		}
	}
	return m
}

// load loads a path of the service anew.
func (b *browser) load(path string) {
	b.t.Helper()
	n := b.events["Page.loadEventFired"]
	b.call("Page.navigate", map[string]any{"url": b.url + path}, nil)
	for b.events["Page.loadEventFired"] == n {
		b.read()
	}
}

// eval returns the value of an expression in the page, after its promise.
func (b *browser) eval(expression string, arguments ...any) any {
	b.t.Helper()
	for i, a := range arguments {
		text, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		arguments[i] = string(text)
	}
	if len(arguments) > 0 {
		expression = fmt.Sprintf(expression, arguments...)
	}
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if len(r.ExceptionDetails) > 0 {
		b.t.Fatalf("%.300s: %s\npage: %v", expression, r.ExceptionDetails, b.text())
	}
	return r.Result.Value
}

// until waits until an expression is true, which is evaluated after each change of the document.
func (b *browser) until(expression string, arguments ...any) {
	b.t.Helper()
	for i, a := range arguments {
		text, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		arguments[i] = string(text)
	}
	if len(arguments) > 0 {
		expression = fmt.Sprintf(expression, arguments...)
	}
	ok := b.eval(`new Promise((done) => {
		const look = () => { try { if (` + expression + `) { observer.disconnect(); done(true) } } catch {} };
		const observer = new MutationObserver(look);
		observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
		setTimeout(() => { observer.disconnect(); done(false) }, 60000);
		look();
	})`)
	if ok != true {
		b.t.Fatalf("not within a minute: %s\npage: %v", expression, b.text())
	}
}

// text returns the visible text of the page.
func (b *browser) text() string {
	var r struct{ Result struct{ Value any } }
	b.call("Runtime.evaluate", map[string]any{"expression": "document.body.innerText", "returnByValue": true}, &r)
	return fmt.Sprint(r.Result.Value)
}

// show shows a view, with all of its content, without loading the page anew.
func (b *browser) show(path string) {
	b.t.Helper()
	b.eval(`import("/page/app.js").then(({go}) => go(%s))`, path)
	b.until(`!document.querySelector("[aria-busy]")`)
}

// signIn loads the page and enters a token.
func (b *browser) signIn(secret string) {
	b.t.Helper()
	b.load("/")
	b.until(`document.querySelector("#sign-in")`)
	b.fill("#sign-in input", secret)
	b.click("#sign-in button[type=submit]")
	b.until(`document.querySelector("h1").textContent === "Images" && !document.querySelector("main[aria-busy]")`)
}

// click presses and releases the mouse in the middle of an element.
func (b *browser) click(selector string) {
	b.t.Helper()
	at, ok := b.eval(`((e) => { if (!e) return null; e.scrollIntoView({block: "center"}); const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2] })(document.querySelector(%s))`, selector).([]any)
	if !ok {
		b.t.Fatalf("there is no %s\npage: %v", selector, b.text())
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// follow clicks on a link at once, where new data may draw the list again between two movements of a mouse.
func (b *browser) follow(selector string) {
	b.t.Helper()
	b.eval(`document.querySelector(%s).click()`, selector)
}

// fill types a text into a field in place of the present one.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.eval(`((e) => { e.focus(); e.select() })(document.querySelector(%s))`, selector)
	b.call("Input.insertText", map[string]any{"text": text}, nil)
}

// press presses a key.
func (b *browser) press(key string) {
	b.t.Helper()
	code := map[string]int{"Tab": 9, "Enter": 13}[key]
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "code": key, "text": map[string]string{"Enter": "\r"}[key], "windowsVirtualKeyCode": code}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// picture keeps a picture of the whole page if the flag says so.
func (b *browser) picture(name string) {
	if *screenshots == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// quiet fails the test if the page reported an error.
func (b *browser) quiet() {
	b.t.Helper()
	if len(b.errors) > 0 {
		b.t.Errorf("errors of the page: %s", b.errors)
	}
}
