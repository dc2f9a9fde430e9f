package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/seal"
)

// A served is a process that runs fleet serve.
type served struct {
	run
	t   *testing.T
	cmd *exec.Cmd
	env []string
}

// command returns a command that runs the program in a process of its own.
func (s *served) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), append([]string{process + "=1", "TMPDIR=" + filepath.Join(s.dir, "tmp")}, s.env...)...)
	return cmd
}

// serveProcess runs fleet serve in a process. It ends with the test.
func serveProcess(t *testing.T, database, text string, env ...string) *served {
	t.Helper()
	s := &served{run: run{dir: t.TempDir(), log: new(buffer)}, t: t, env: env}
	s.configure(t, database, text)
	if err := os.Mkdir(filepath.Join(s.dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if database != "" {
		if _, err := seal.Load(filepath.Join(s.dir, "data", "key"), true); err != nil {
			t.Fatal(err)
		}
	}
	cmd := s.command("serve", "--config", s.config(), "--listen", "127.0.0.1:0")
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.cmd = cmd
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
			t.Errorf("fleet serve: %v\n%s", err, s.log)
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("fleet serve: no address\n%s", s.log)
	}
	s.url = strings.TrimPrefix(lines.Text(), "listening on ")
	return s
}

func (s *served) config() string { return filepath.Join(s.dir, "fleet.yaml") }

// call runs a command as a process and returns what it prints.
func (s *served) call(code int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := s.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.t.Fatalf("fleet %s: exit code %d, want %d, %v\n%s%s", strings.Join(args, " "), got, code, err, &out, &errs)
	}
	return out.String(), errs.String()
}

// client returns a client with a new token.
func (s *served) client() *fleettest.Client {
	s.t.Helper()
	token, _ := s.call(0, "token", "create", "--config", s.config())
	s.env = append(s.env, "FLEET_TOKEN="+strings.TrimSpace(token), "FLEET_SERVER="+s.url)
	return fleettest.NewClient(s.t, s.url, strings.TrimSpace(token))
}

// peak returns the most bytes of memory that the process had at once.
func (s *served) peak() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	line, _, _ := strings.Cut(rest, " kB")
	kb, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return kb << 10
}

// live returns the most megabytes that were in use after a garbage collection, from the lines of GODEBUG=gctrace=1.
func (s *served) live() (most int) {
	for line := range strings.Lines(s.log.String()) {
		if _, rest, ok := strings.Cut(line, "->"); ok && strings.HasPrefix(line, "gc ") {
			_, rest, _ = strings.Cut(rest, "->")
			number, _, _ := strings.Cut(rest, " ")
			if n, err := strconv.Atoi(number); err == nil {
				most = max(most, n)
			}
		}
	}
	return most
}

// TestArchiveCommands runs archive and gc as processes beside a service: by a rule, without doing it, again, restored, and by the rules of the
// configuration.
func TestArchiveCommands(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, database string) {
		file := filepath.Join(t.TempDir(), "advisories.db")
		fleettest.WriteAdvisories(t, file)
		s := serveProcess(t, database, "advisories: {file: "+file+"}\nregistries: {addresses: [127.0.0.0/8]}\narchive: {rules: [{newer-tags: 1, older-than: 300d}]}\nkeep-events: 1d\n")
		c := s.client()
		r := fleettest.NewRegistry(t)
		var digests []string
		for i := range 3 {
			ref, digest := r.Push(t, fmt.Sprintf("team/app:%d", i), fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "own", strconv.Itoa(i))))
			if out, _ := s.call(0, "image", "add", "--wait", ref); strings.TrimSpace(out) != digest {
				t.Errorf("image add: %q, want %s", out, digest)
			}
			digests = append(digests, digest)
		}
		indexed := func(images int) {
			t.Helper()
			fleettest.Eventually(t, "the index", func() bool {
				var list struct{ Items []any }
				c.Get("/v1/affected?purl=pkg:deb/debian/libc6", &list)
				return len(list.Items) == images
			})
		}
		sbom, _ := s.call(0, "sbom", digests[0])
		listed := func(out string) (n int) {
			for _, d := range digests {
				n += strings.Count(out, d)
			}
			return n
		}
		out, errs := s.call(0, "archive", "run", "--dry-run", "--newer-tags", "1", "--repository", "**/team/*")
		if listed(out) != 2 || strings.Contains(out, digests[2]) || errs != "2 images match, 0 archived\n" {
			t.Errorf("dry run: %s%s", out, errs)
		}
		if out, _ := s.call(0, "archive", "list"); listed(out) != 0 {
			t.Errorf("after a dry run: %s", out)
		}
		if out, errs := s.call(0, "archive", "run"); listed(out) != 0 || errs != "0 images match, 0 archived\n" { // the rule of the configuration
			t.Errorf("run without flags: %s%s", out, errs)
		}
		if out, errs := s.call(0, "archive", "run", "--newer-tags", "1", "--repository", "other/*"); listed(out) != 0 {
			t.Errorf("another repository: %s%s", out, errs)
		}
		if out, errs := s.call(0, "archive", "run", "--newer-tags", "1"); listed(out) != 2 || errs != "2 images match, 2 archived\n" {
			t.Errorf("run: %s%s", out, errs)
		}
		if out, _ := s.call(0, "archive", "list"); listed(out) != 2 || strings.Contains(out, digests[2]) {
			t.Errorf("list: %s", out)
		}
		if out, _ := s.call(0, "image", "list"); listed(out) != 1 {
			t.Errorf("image list: %s", out)
		}
		s.call(1, "sbom", digests[0])
		indexed(1)
		if out, _ := s.call(0, "gc", "--config", s.config(), "--grace", "0s"); !strings.Contains(out, "archives: 0\n") {
			t.Errorf("gc of archives in use: %s", out)
		}
		s.call(0, "archive", "restore", digests[0])
		s.call(1, "archive", "restore", digests[0])
		s.call(1, "archive", "restore", "sha256:"+strings.Repeat("0", 64))
		if got, _ := s.call(0, "sbom", digests[0]); got != sbom {
			t.Errorf("the SBOM of the restored image is %s, want %s", got, sbom)
		}
		indexed(2)
		if out, _ := s.call(0, "gc", "--config", s.config(), "--grace", "0s"); !strings.Contains(out, "archives: 1\n") || strings.Contains(out, "objects: 0 ") {
			t.Errorf("gc: %s", out)
		}
		if out, _ := s.call(0, "gc", "--config", s.config(), "--grace", "0s"); !strings.Contains(out, "objects: 0 (0 bytes)\n") || !strings.Contains(out, "archives: 0\n") {
			t.Errorf("gc again: %s", out)
		}
		s.call(0, "archive", "restore", digests[1])
		var list struct{ Items []any }
		if c.Get("/v1/images", &list); len(list.Items) != 3 {
			t.Errorf("after gc and restoring: %v", list)
		}
		for _, args := range [][]string{{"archive", "run", "--older-than", "x"}, {"archive", "run", "--repository", "a"}, {"archive", "restore"}, {"gc", "--grace", "-1x"}} {
			s.call(1, args...)
		}
	})
}
