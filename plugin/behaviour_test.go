package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/leak"
	"github.com/hullmark/hullmark/plugin"
)

// lists is an analyzer of *.list files that does something with each.
func lists(do func(f *analyzer.File) (*analyzer.Result, error)) func() {
	return func() {
		plugin.Serve(analyzer.Func(analyzer.Info{Name: "lists", Version: 1, Patterns: []string{"**/*.list"}},
			func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) { return do(f) }))
	}
}

func version(v string) *analyzer.Result {
	return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: "p", Version: v}}}
}

func manners() map[string]func() {
	return map[string]func(){
		"poison": lists(func(f *analyzer.File) (*analyzer.Result, error) {
			if strings.HasSuffix(f.Path, "poison.list") {
				os.Exit(9)
			}
			return version(f.Path), nil
		}),
		"pid": lists(func(f *analyzer.File) (*analyzer.Result, error) {
			time.Sleep(20 * time.Millisecond)
			return version(strconv.Itoa(os.Getpid())), nil
		}),
		"environment": lists(func(*analyzer.File) (*analyzer.Result, error) {
			dir, _ := os.Getwd()
			entries, _ := os.ReadDir(dir)
			return &analyzer.Result{Findings: []analyzer.Finding{{Rule: "env", Detail: strings.Join(os.Environ(), "\n"), Line: len(entries)}}}, nil
		}),
		"greedy": lists(func(*analyzer.File) (*analyzer.Result, error) {
			var all [][]byte
			for range 1 << 10 {
				b := make([]byte, 1<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				all = append(all, b)
			}
			return version(fmt.Sprint(len(all))), nil
		}),
		"busy": lists(func(*analyzer.File) (*analyzer.Result, error) {
			//lint:ignore SA5002 a plugin that spins
			for {
			}
		}),
		"network": lists(func(*analyzer.File) (*analyzer.Result, error) {
			ifaces, err := net.Interfaces()
			up := 0
			for _, i := range ifaces {
				if i.Flags&net.FlagUp != 0 {
					up++
				}
			}
			return version(fmt.Sprint(up)), err
		}),
		"entries": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "entries", Version: 1, Patterns: []string{"**"}, Entries: true, Hidden: true, Finds: []string{"entries"}}, describeEntry))
		},
		"config": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "config", Version: 1, Config: true}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
				b, err := f.Bytes()
				return &analyzer.Result{Records: []analyzer.Record{{Kind: "config", Key: f.Path, Fields: map[string]string{"text": string(b)}}}}, err
			}))
		},
		"unavailable": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{
				Name: "unavailable", Version: 1, Patterns: []string{"**/*.list"}, Config: true, Finds: []string{"malware"}, Data: "signatures 7", Unavailable: "no connection",
			}, func(context.Context, *analyzer.File) (*analyzer.Result, error) { return version("1"), nil }))
		},
		"panics": lists(func(*analyzer.File) (*analyzer.Result, error) { panic("as it happens") }),
	}
}

func files(n int) fstest.MapFS {
	root := fstest.MapFS{}
	for i := range n {
		root[fmt.Sprintf("opt/%03d.list", i)] = &fstest.MapFile{Data: []byte("1")}
	}
	return root
}

func reportOf(t testing.TB, root fstest.MapFS, p *plugin.Process) *analyzer.Report {
	t.Helper()
	r, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFileKillsPlugin asks that a file which kills the plugin costs no other file.
func TestFileKillsPlugin(t *testing.T) {
	leak.Check(t)
	checkProcesses(t)
	root := files(100)
	root["opt/poison.list"] = &fstest.MapFile{Data: []byte("1")}
	r := reportOf(t, root, start(t, self(t, "poison")))
	if len(r.Components) != 100 || len(r.Diagnostics) != 1 {
		t.Fatalf("%d packages of 100, %+v", len(r.Components), r.Diagnostics)
	}
	if d := r.Diagnostics[0]; !strings.Contains(d.Message, "exit status 9; 1 file was not analyzed: opt/poison.list") {
		t.Errorf("%+v", d)
	}
}

// TestPool asks that as many processes work as may, and no more, and that a killed one is replaced.
func TestPool(t *testing.T) {
	leak.Check(t)
	checkProcesses(t)
	command := self(t, "pid")
	command.Processes = 3
	p := start(t, command)
	pids := make(map[string]bool)
	for _, c := range reportOf(t, files(300), p).Components {
		pids[c.Version] = true
	}
	if len(pids) != 3 {
		t.Errorf("%d processes, want 3", len(pids))
	}
	for s := range pids {
		pid, _ := strconv.Atoi(s)
		process, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		process.Kill()
		process.Release() // it has a file of its own
	}
	// A file is tried twice only, so that the host must know by then: it knows a moment after there is no such process.
	for s := range pids {
		for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
			if _, err := os.Stat("/proc/" + s); err != nil {
				break
			}
		}
	}
	time.Sleep(100 * time.Millisecond)
	if r := reportOf(t, files(60), p); len(r.Components) != 60 || len(r.Diagnostics) != 0 {
		t.Errorf("%d packages, %+v", len(r.Components), r.Diagnostics)
	}
}

// TestEnvironment asks that nothing of the host's environment and nothing but an empty directory is given to a plugin.
func TestEnvironment(t *testing.T) {
	t.Setenv("HULLMARK_SECRET", "geheim")
	command := self(t, "environment")
	command.Env = []string{"OWN=1"}
	r := reportOf(t, files(1), start(t, command))
	if len(r.Findings) != 1 {
		t.Fatal(r)
	}
	var names []string
	cut := strings.Split(r.Findings[0].Detail, "\n")
	for _, s := range cut {
		if name, _, ok := strings.Cut(s, "="); ok && strings.ToUpper(name) == name && !strings.ContainsAny(name, "+/") {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if name != "OWN" && name != "HULLMARK_PLUGIN" && name != "PWD" && !strings.HasPrefix(name, "PLUGIN_") {
			t.Errorf("the plugin has %s", name)
		}
	}
	if strings.Contains(r.Findings[0].Detail, "geheim") || r.Findings[0].Line != 0 {
		t.Errorf("%+v", r.Findings[0])
	}
}

// TestResourceLimits asks that the limits of memory and processor time hold, and that without network there is none.
func TestResourceLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("resource limits and namespaces are Linux's")
	}
	leak.Check(t)
	checkProcesses(t)
	t.Run("memory", func(t *testing.T) {
		command := self(t, "greedy")
		command.Restarts = -1
		command.Limits.Memory = 512 << 20
		r := reportOf(t, files(1), start(t, command))
		if len(r.Components) != 0 || len(r.Diagnostics) != 1 {
			t.Fatalf("%+v", r)
		}
		// Which allocation fails first, of the heap, of a thread's stack or of the runtime itself, and what Go says of it, is chance.
		if m := r.Diagnostics[0].Message; !strings.Contains(m, "process ended: exit status 2: ") {
			t.Error(m)
		}
	})
	t.Run("processor time", func(t *testing.T) {
		command := self(t, "busy")
		command.Restarts = -1
		command.Limits.CPU = time.Second
		r := reportOf(t, files(1), start(t, command))
		if len(r.Diagnostics) != 1 || !strings.Contains(r.Diagnostics[0].Message, "signal: ") {
			t.Errorf("%+v", r.Diagnostics)
		}
	})
	t.Run("network", func(t *testing.T) {
		command := self(t, "network")
		command.NoNetwork = true
		p, err := plugin.Start(t.Context(), command)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if r := reportOf(t, files(1), p); len(r.Components) != 1 || r.Components[0].Version != "0" {
			t.Errorf("network interfaces that are up: %+v", r.Components)
		}
	})
}

// TestPanic asks that a panic in a plugin made with Serve is what it is in the same process: a diagnostic of the file.
func TestPanic(t *testing.T) {
	r := reportOf(t, files(2), start(t, self(t, "panics")))
	if len(r.Diagnostics) != 2 || r.Diagnostics[0].Code != analyzer.Panicked || r.Diagnostics[0].Message != "as it happens" {
		t.Errorf("%+v", r.Diagnostics)
	}
}

// TestCancel asks that a scan which is cancelled ends at once, though the plugin does not, and leaves nothing.
func TestCancel(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the plugins that misbehave are for Unix")
	}
	leak.Check(t)
	checkProcesses(t)
	command := self(t, "hangs")
	p, err := plugin.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	root := files(10)
	root["opt/large.list"] = &fstest.MapFile{Data: make([]byte, 8<<20)}
	begun := time.Now()
	_, err = scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(ctx, root)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestManyScans lets many scans use one plugin, some of which are cancelled, and closes it among them.
func TestManyScans(t *testing.T) {
	leak.Check(t)
	checkProcesses(t)
	p := start(t, self(t, "dpkg"))
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%4 == 3 {
				time.AfterFunc(time.Millisecond, cancel)
			}
			root := fstest.MapFS{"var/lib/dpkg/status": {Data: []byte(strings.Repeat("Package: hello\nStatus: install ok installed\nVersion: 2.10-3\nArchitecture: amd64\n\n", 1) + strings.Repeat("#", 1<<10))}}
			r, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(ctx, root)
			if err == nil && len(r.Components) != 1 || err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	group.Wait()
}

// TestBuild asks that caches tell plugins apart by what they consist of.
func TestBuild(t *testing.T) {
	build := func(c plugin.Command) string { return start(t, c).Analyzers()[0].Info().Build }
	c := self(t, "dpkg")
	digest, err := plugin.Digest(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	one := build(c)
	c.SHA256 = "sha256:" + digest
	c.Env = []string{"A=1"}
	other := build(c)
	if !strings.HasPrefix(one, "sha256:"+digest) || !strings.HasPrefix(other, "sha256:"+digest) || one == other {
		t.Errorf("%s and %s, the executable is %s", one, other, digest)
	}
}
