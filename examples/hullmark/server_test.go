package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServerIndex has a service that analyzed some platforms of an index, and lists which of them the command reports, with which exit code.
func TestServerIndex(t *testing.T) {
	report, stderr, code := hullmark(t, "scan", "--quiet", "--cache", "off", "--offline", "--format", "json", "demo:")
	if code != exitOK {
		t.Fatal(stderr)
	}
	const (
		first  = `{"platform": "linux/amd64", "digest": "sha256:a", "state": "analyzed"}`
		second = `{"platform": "linux/arm64/v8", "digest": "sha256:b", "state": "analyzed"}`
		other  = `{"platform": "windows/amd64", "digest": "sha256:c", "reason": "not-selected"}`
		added  = `{"platform": "windows/amd64", "digest": "sha256:c", "state": "analyzed"}`
		broken = `{"platform": "linux/s390x\u001b[31m", "digest": "sha256:d", "state": "failed", "reason": "malformed"}`
	)
	tests := []struct {
		name, platforms, later string // later are the platforms after another submission
		more                   int
		args                   string
		code                   int
		reports, says          string
		submitted              string
	}{
		{"all of Linux", first + "," + second + "," + other, "", 0, "", exitOK, "linux/amd64 linux/arm64/v8", "windows/amd64 was not analyzed: not-selected; --platform all includes it", `{"reference":"r.example/app:1"}`},
		{"the worst exit code", first + "," + second, "", 0, "--fail-on low", exitDisallowed, "linux/amd64 linux/arm64/v8", "not all images of r.example/app:1 pass", `{"reference":"r.example/app:1"}`},
		{"one", first + "," + second, "", 0, "--platform linux/arm64", exitOK, "one", "", `{"platform":"linux/arm64","reference":"r.example/app:1"}`},
		{"the only one", first, "", 0, "", exitOK, "one", "", `{"reference":"r.example/app:1"}`},
		{"the only one, of all", first, "", 0, "--platform all", exitOK, "linux/amd64", "", `{"reference":"r.example/app:1"}`},
		{"all", first + "," + other, first + "," + added, 0, "--platform all", exitOK, "linux/amd64 windows/amd64", "",
			`{"reference":"r.example/app:1"} {"platforms":["windows/amd64"],"reference":"r.example/app@sha256:` + strings.Repeat("1", 64) + `"}`},
		{"one of all stays away", first + "," + other, first + "," + other, 0, "--platform all", exitFailed, "linux/amd64", "windows/amd64 was not analyzed: not-selected",
			`{"reference":"r.example/app:1"} {"platforms":["windows/amd64"],"reference":"r.example/app@sha256:` + strings.Repeat("1", 64) + `"}`},
		{"one fails", first + "," + broken, "", 0, "--fail-on low", exitFailed, "linux/amd64", `linux/s390x\x1b[31m was not analyzed: malformed`, `{"reference":"r.example/app:1"}`},
		{"others are not kept", first + "," + second, "", 800, "", exitOK, "linux/amd64 linux/arm64/v8", "800 more platforms not analyzed", `{"reference":"r.example/app:1"}`},
		{"one that is not kept", first + "," + second, "", 1, "--platform all", exitFailed, "linux/amd64 linux/arm64/v8", "1 more platform not analyzed", `{"reference":"r.example/app:1"}`},
		{"the same platform twice", first + "," + first, "", 0, "", exitOK, "linux/amd64 linux/amd64.2", "", `{"reference":"r.example/app:1"}`},
		{"a name that leaves the folder", `{"platform": "../../x", "digest": "sha256:a", "state": "analyzed"},` + second, "", 0, "", exitOK, "../../x linux/arm64/v8", "", `{"reference":"r.example/app:1"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var submitted []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				digest := "sha256:" + strings.Repeat("1", 64)
				switch {
				case r.URL.Path == "/v1/submissions":
					submitted = append(submitted, string(body))
					fmt.Fprintf(w, `{"id": "1", "state": "analyzed", "image": "sha256:a", "index": %q}`, digest)
				case r.URL.Path == "/v1/images/"+digest:
					list := test.platforms
					if len(submitted) > 1 {
						list = test.later
					}
					fmt.Fprintf(w, `{"platforms": [%s], "more": %d}`, list, test.more)
				default:
					io.WriteString(w, report)
				}
			}))
			defer s.Close()
			t.Setenv("FLEET_TOKEN", "secret")
			dir := t.TempDir()
			args := append([]string{"scan", "--server", s.URL, "--format", "json=" + filepath.Join(dir, "report.json")}, strings.Fields(test.args)...)
			_, stderr, code := hullmark(t, append(args, "r.example/app:1")...)
			if code != test.code || !strings.Contains(stderr, test.says) || strings.Contains(stderr, "\x1b") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if got := strings.Join(submitted, " "); got != test.submitted {
				t.Errorf("submitted %s", got)
			}
			var names []string
			for p := range strings.FieldsSeq(test.reports) {
				file := "report." + strings.ReplaceAll(p, "/", "-") + ".json"
				if p == "one" {
					file, p = "report.json", ""
				}
				names = append(names, file)
				var x struct{ Image struct{ Reference string } }
				text, err := os.ReadFile(filepath.Join(dir, file))
				if err == nil {
					err = json.Unmarshal(text, &x)
				}
				if err != nil || p != "" && !strings.HasSuffix(x.Image.Reference, " ("+p+")") || p == "" && strings.Contains(x.Image.Reference, "(") {
					t.Errorf("%s is about %q: %v", file, x.Image.Reference, err)
				}
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != len(names) {
				t.Errorf("files %v, want %q: %v", files, names, err)
			}
		})
	}
	if _, stderr, code := hullmark(t, "scan", "--server", "http://127.0.0.1:1", "--token-file", "server_test.go", "--platform", "linux/amd64", "server_test.go"); code != exitFailed || !strings.Contains(stderr, "omit --platform") {
		t.Errorf("a file: exit code %d: %s", code, stderr)
	}
}
