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
	b := start(t, width, height)
	b.navigate("file://" + file)
	return b
}

// start starts a browser of a size, or skips the test.
func start(t *testing.T, width, height int) *browser {
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
	outRead.SetReadDeadline(time.Now().Add(8 * time.Minute))
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
	return b
}

// navigate opens a page, and waits until it is loaded.
func (b *browser) navigate(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	for range 1200 {
		if b.eval(`location.protocol !== "about:" && document.readyState === "complete"`) == true {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatal("the page does not load")
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

// rows returns the identifiers of the rows that can be seen, in their order, when all of them are placed.
func (b *browser) rows() string {
	b.t.Helper()
	return fmt.Sprint(b.eval(`(async () => {
		while (document.querySelector("#findings[aria-busy]")) await new Promise(f => setTimeout(f, 5));
		return Array.from(document.querySelectorAll("#findings tr[id]")).filter(r => r.offsetHeight > 0).map(r => r.cells[1].textContent).join(" ");
	})()`))
}

// choose sets the value of a form's field as a person does.
func (b *browser) choose(id, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")) })(document.getElementById(%q))`, value, id))
}

// press presses a key.
func (b *browser) press(key string) {
	b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "ArrowUp": 38, "ArrowDown": 40, "/": 191}
	text := map[string]string{"Enter": "\r", "/": "/"}[key]
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "code": key, "text": text, "windowsVirtualKeyCode": codes[key]}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}, nil)
}

// quiet fails the test if the page complained of anything.
func (b *browser) quiet() {
	b.t.Helper()
	if len(b.errors) > 0 {
		b.t.Errorf("the page complains: %s", b.errors)
	}
}

// print prints the page, and returns the file.
func (b *browser) print() string {
	b.t.Helper()
	var pdf struct{ Stream string }
	// Without tags, since those of thousands of cells take longer than their text.
	b.call("Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true, "generateTaggedPDF": false, "transferMode": "ReturnAsStream"}, &pdf)
	var data []byte
	for {
		var part struct {
			Data          string
			Base64Encoded bool
			EOF           bool
		}
		b.call("IO.read", map[string]any{"handle": pdf.Stream, "size": 1 << 20}, &part)
		text := []byte(part.Data)
		if part.Base64Encoded {
			var err error
			if text, err = base64.StdEncoding.DecodeString(part.Data); err != nil {
				b.t.Fatal(err)
			}
		}
		if data = append(data, text...); part.EOF {
			break
		}
	}
	dir := b.t.TempDir()
	if *screenshots != "" {
		dir = *screenshots
	}
	file := filepath.Join(dir, "print.pdf")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		b.t.Fatal(err)
	}
	return file
}
