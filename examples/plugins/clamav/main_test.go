package main

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
)

// The test binary is the plugin, when its first argument says so.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		os.Args = append(os.Args[:1], os.Args[2])
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// eicar is the test virus of EICAR, put together so that scanners of this repository find none.
func eicar() string {
	return strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}$EI`, `CAR-STANDARD-ANTI`, `VIRUS-TEST-FILE!$H+H*`}, "")
}

// A daemon is a clamd with one signature of the test's own.
type daemon struct {
	socket string
	cmd    *exec.Cmd
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	clamd, err := exec.LookPath("clamd")
	if err != nil {
		if clamd, err = exec.LookPath("/usr/sbin/clamd"); err != nil {
			t.Skip("clamd is not installed: Debian's clamav-daemon has it")
		}
	}
	dir, err := os.MkdirTemp("", "clamd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	signature := "Hullmark.Eicar-Test:0:*:" + hex.EncodeToString([]byte(eicar())) + "\n"
	socket := filepath.Join(dir, "s")
	config := fmt.Sprintf("Foreground yes\nLocalSocket %s\nDatabaseDirectory %s\nTemporaryDirectory %s\nLogFile %s\n", socket, dir, dir, filepath.Join(dir, "log"))
	for name, text := range map[string]string{"test.ndb": signature, "clamd.conf": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d := &daemon{socket, exec.Command(clamd, "--config-file="+filepath.Join(dir, "clamd.conf"))}
	var out bytes.Buffer
	d.cmd.Stdout, d.cmd.Stderr = &out, &out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return d
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("clamd does not start: %s%s", out.String(), log)
		}
	}
}

func (d *daemon) stop() {
	d.cmd.Process.Kill()
	d.cmd.Wait()
}

func command(t *testing.T, socket string) plugin.Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Command{Path: path, Args: []string{"serve", socket}, Name: "clamav", Types: []string{}}
}

func reportOf(t *testing.T, root fstest.MapFS, analyzers ...analyzer.Analyzer) *analyzer.Report {
	t.Helper()
	r, err := scan.Scanner{Analyzers: analyzers}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFound asks for the test virus by itself and in an archive in an archive, under names of all kinds, and for nothing else.
func TestFound(t *testing.T) {
	d := startDaemon(t)
	p, err := plugin.Start(t.Context(), command(t, d.socket))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	nested := zipped(t, "inner.zip", zipped(t, "eicar.com", []byte(eicar())))
	bad := []string{"tmp/eicar.com", "opt/nested.zip", "opt/with space/a b", "opt/new\nline", "opt/stream: OK"}
	root := fstest.MapFS{"etc/passwd": {Data: []byte("root:x:0:0\n")}, "etc/empty": {}, "large": {Data: make([]byte, 3<<20)}}
	for _, name := range bad {
		root[name] = &fstest.MapFile{Data: []byte(eicar())}
	}
	root["opt/nested.zip"].Data = nested
	r := reportOf(t, root, p.Analyzers()...)
	if len(r.Findings) != len(bad) || len(r.Diagnostics) != 0 {
		t.Errorf("%d findings, want %d: %+v %+v", len(r.Findings), len(bad), r.Findings, r.Diagnostics)
	}
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Rule, "clamav:Hullmark.Eicar-Test") || f.Severity != "critical" || root[f.Path] == nil {
			t.Errorf("%+v", f)
		}
	}
}

// TestStopped asks that a daemon which does not run, and one that dies in the middle of a scan, are told of, once.
func TestStopped(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "none")
	analyzers, stop, err := plugin.StartAll(t.Context(), command(t, socket))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	r := reportOf(t, fstest.MapFS{"a": {}}, analyzers...)
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.Unavailable || !strings.Contains(r.Diagnostics[0].Message, "no connection to clamd") {
		t.Errorf("without a daemon: %+v", r.Diagnostics)
	}
	d := startDaemon(t)
	p, err := plugin.Start(t.Context(), command(t, d.socket))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	root := fstest.MapFS{}
	for i := range 400 {
		root[fmt.Sprintf("%03d", i)] = &fstest.MapFile{Data: bytes.Repeat([]byte{byte(i)}, 100<<10)}
	}
	root["399"].Data = []byte(eicar())
	time.AfterFunc(50*time.Millisecond, func() { d.cmd.Process.Kill() })
	r = reportOf(t, root, p.Analyzers()...)
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.Unavailable || !strings.Contains(r.Diagnostics[0].Message, "not analyzed") {
		t.Errorf("%+v", r.Diagnostics)
	}
	t.Log(r.Diagnostics)
}
