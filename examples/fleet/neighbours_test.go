package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
)

// fenced is a block of a page.
var fenced = regexp.MustCompile("(?s)```.*?```")

// fileBlock is a block of a page whose first line names a file.
var fileBlock = regexp.MustCompile("(?s)```yaml\n# ([a-z.]+)\n(.*?)```")

// TestNeighboursPage runs the commands of NEIGHBOURS.md, each section in a directory of its own with the files that it shows. Only addresses
// differ. Commands for a cluster are left to .ci/slow kubernetes.
func TestNeighboursPage(t *testing.T) {
	for _, tool := range []string{"curl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	program := filepath.Join(t.TempDir(), "fleet")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []struct {
		section, path string
		want          int // without a token
	}{
		{"Kubernetes", "/validate", http.StatusMethodNotAllowed},
		{"Harbor", "/api/v1/metadata", http.StatusUnauthorized},
		{"Clair", "/matcher/api/v1/vulnerability_report/sha256:" + strings.Repeat("0", 64), http.StatusUnauthorized},
		{"Falco", "/v1/falco/counts", http.StatusUnauthorized},
	} {
		t.Run(test.section, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			dir, section := t.TempDir(), sectionOf(t, "NEIGHBOURS.md", test.section)
			for _, f := range fileBlock.FindAllStringSubmatch(section, -1) {
				if err := os.WriteFile(filepath.Join(dir, f[1]), []byte(f[2]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			fleettest.WriteCertificate(t, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), 1)
			fleettest.WriteAdvisories(t, filepath.Join(dir, "advisories.db"))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := l.Addr().String()
			l.Close()
			run := func(command string, background bool) string {
				t.Helper()
				command = strings.ReplaceAll(command, "https://fleet.example:8443", "https://"+address)
				if rest, ok := strings.CutPrefix(command, "fleet "); ok {
					command = "exec " + program + " " + rest
				}
				if strings.Contains(command, " serve ") { // publishers are not reached here
					command = strings.Replace(command, "--listen :8443", "--listen "+address+" --db advisories.db", 1)
				}
				within := ctx
				if background { // it ends in a cleanup, and ctx before that
					within = context.WithoutCancel(ctx)
				}
				cmd := exec.CommandContext(within, "bash", "-ec", strings.Replace(command, "curl ", "curl -sS --fail-with-body --cacert tls.crt ", 1))
				cmd.Dir = dir
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if !background {
					if err := cmd.Run(); err != nil {
						t.Errorf("%s: %v\n%s", command, err, &out)
					}
					return out.String()
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					cmd.Process.Signal(os.Interrupt)
					if err := cmd.Wait(); err != nil {
						t.Errorf("%s: %v\n%s", command, err, &out)
					}
				})
				return ""
			}
			token := strings.TrimSpace(run("fleet token create", false))
			if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			ran := 0
			for _, c := range indented(fenced.ReplaceAllString(section, "")) {
				switch {
				case strings.HasPrefix(c, "kubectl "):
					continue
				case strings.HasPrefix(c, "fleet serve "):
					run(c, true)
					fleettest.Eventually(t, "the path is served", func() bool {
						a, err := client.Get("https://" + address + test.path)
						if err != nil {
							return false
						}
						io.Copy(io.Discard, a.Body)
						a.Body.Close()
						if a.StatusCode != test.want {
							t.Errorf("%s: %d, want %d", test.path, a.StatusCode, test.want)
						}
						return true
					})
				case strings.HasPrefix(c, "fleet agent "):
					alert := `{"hostname":"node","output":"x","priority":"Notice","rule":"A rule","source":"syscall","tags":[],"time":"2026-02-09T20:55:40Z","output_fields":{"container.id":"5d2a4b8d7f06"}}` + "\n"
					if err := os.WriteFile(filepath.Join(dir, "alerts.json"), []byte(alert), 0o600); err != nil {
						t.Fatal(err)
					}
					run(strings.Replace(c, "/var/log/falco/alerts.json", "alerts.json", 1)+" --ca tls.crt --socket ''", true)
					fleettest.Eventually(t, "the alert arrives", func() bool {
						got := run("curl -H 'Authorization: Bearer "+token+"' 'https://fleet.example:8443/v1/falco/events?container=5d2a4b8d7f06'", false)
						return strings.Contains(got, "A rule")
					})
				case strings.HasPrefix(c, "curl -N "): // a stream
					run(fmt.Sprintf("TOKEN=%s; %s --max-time 1 || test $? = 28", token, c), false)
				default:
					run(fmt.Sprintf("TOKEN=%s; %s", token, c), false)
				}
				ran++
			}
			if ran == 0 {
				t.Error("no command")
			}
		})
	}
}
