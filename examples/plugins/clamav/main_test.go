package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// database returns the daily database of ClamAV, version 27833, with a signature. It is not signed.
func database(t *testing.T, signature string) string {
	t.Helper()
	const head = "ClamAV-VDB:28 Nov 2026 09-30 +0000:27833:1:90:X:X:builder:1795858200"
	files := []struct{ name, text string }{{"COPYING", "x\n"}, {"daily.info", ""}, {"daily.ndb", signature}}
	info := head + "\n"
	for _, f := range files {
		if f.text != "" {
			info += fmt.Sprintf("%s:%d:%x\n", f.name, len(f.text), sha256.Sum256([]byte(f.text)))
		}
	}
	files[1].text = info
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-512s", head)
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
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
	for name, text := range map[string]string{"daily.cud": database(t, signature), "clamd.conf": config} {
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
	if i := p.Analyzers()[0].Info(); i.Data != "ClamAV 27833 of 2026-11-28" || !slices.Equal(i.Finds, []string{"malware"}) || i.Unavailable != "" {
		t.Errorf("%+v", i)
	}
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
	if e := r.Examined; len(e) != 1 || e[0].Data != "ClamAV 27833 of 2026-11-28" || e[0].NotRun != "" {
		t.Errorf("examined: %+v", e)
	}
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Rule, "clamav:Hullmark.Eicar-Test") || f.Severity != "critical" || root[f.Path] == nil {
			t.Errorf("%+v", f)
		}
	}
}

// fakeDaemon answers each command with the same text.
func fakeDaemon(t *testing.T, answer string) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, answer)
			conn.Close()
		}
	}()
	return socket
}

// TestVersion compares what the report says with clamd's answers to VERSION. The last ones are of a daemon with EnableVersionCommand
// set to no, and of a hostile one.
func TestVersion(t *testing.T) {
	for _, tt := range []struct{ answer, data, unavailable string }{
		{"ClamAV 0.104.3/26598/Mon Jul 11 07:56:26 2022\n", "ClamAV 26598 of 2022-07-11", ""},
		{"ClamAV 1.4.1/27502/Sun Dec  1 04:36:30 2024\x00", "ClamAV 27502 of 2024-12-01", ""},
		{"ClamAV 1.4.6\x00", "ClamAV 1.4.6 without the daily signatures", ""},
		{"ClamAV 1.4.6/27833/nonsense\x00", "ClamAV 27833", ""},
		{"ClamAV a/b/27833/Sat Nov 28 09:30:00 2026\x00", "ClamAV 27833 of 2026-11-28", ""},
		{"COMMAND UNAVAILABLE\x00", "", "does not state the version"},
		{"UNKNOWN COMMAND\n", "", "does not state the version"},
		{"", "", "no connection to clamd: "},
		{"\x1b[2J\xff" + strings.Repeat("x", 1<<20), "", "does not state the version"},
	} {
		info := describe(fakeDaemon(t, tt.answer))
		if info.Data != tt.data || (info.Unavailable == "") != (tt.unavailable == "") || !strings.Contains(info.Unavailable, tt.unavailable) || len(info.Unavailable) > 1000 {
			t.Errorf("%.100q: data %q, unavailable %q, want %q, %q", tt.answer, info.Data, info.Unavailable, tt.data, tt.unavailable)
		}
	}
}

// TestHostileVersion asks that a daemon which answers with control characters ends no scan.
func TestHostileVersion(t *testing.T) {
	analyzers, stop, err := plugin.StartAll(t.Context(), command(t, fakeDaemon(t, "ClamAV \x1b[2J\xff")))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if r := reportOf(t, fstest.MapFS{"a": {}}, analyzers...); len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.Unavailable {
		t.Errorf("%+v", r.Diagnostics)
	}
}

// TestJudge asks that a failure of the daemon is not taken for one of the file, or for a clean file.
func TestJudge(t *testing.T) {
	for answer, want := range map[string]error{
		"stream: OK": nil, "stream: Win.Test FOUND": nil, "INSTREAM size limit exceeded. ERROR": analyzer.ErrTooLarge,
		"INSTREAM: Can't allocate memory ERROR": analyzer.ErrUnavailable, "COMMAND READ TIMED OUT": errors.New("any"), "": errors.New("any"),
	} {
		r, err := judge(answer)
		if (err == nil) != (want == nil) || errors.Is(want, analyzer.ErrTooLarge) != errors.Is(err, analyzer.ErrTooLarge) ||
			errors.Is(want, analyzer.ErrUnavailable) != errors.Is(err, analyzer.ErrUnavailable) || (r != nil) != strings.HasSuffix(answer, "FOUND") {
			t.Errorf("%q: %+v, %v, want %v", answer, r, err, want)
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
	if i := analyzers[0].Info(); i.Name != "clamav" || !strings.Contains(i.Unavailable, "no such file") || !slices.Equal(i.Finds, []string{"malware"}) {
		t.Errorf("without a daemon: %+v", i)
	}
	r := reportOf(t, fstest.MapFS{"a": {}}, analyzers...)
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.Unavailable || !strings.Contains(r.Diagnostics[0].Message, "no connection to clamd") {
		t.Errorf("without a daemon: %+v", r.Diagnostics)
	}
	if e := r.Examined; len(e) != 1 || e[0].Analyzer != "clamav" || !slices.Equal(e[0].Finds, []string{"malware"}) || !strings.Contains(e[0].NotRun, "no connection to clamd") {
		t.Errorf("without a daemon: %+v", e)
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
