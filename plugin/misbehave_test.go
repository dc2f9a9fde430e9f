//go:build unix

package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/pluginpb"
	"github.com/hullmark/hullmark/internal/testing/leak"
	"github.com/hullmark/hullmark/plugin"
)

// A rogue is a plugin of which each part can be replaced by a bad one. By itself it finds a package in every *.list file.
type rogue struct {
	pluginpb.UnimplementedAnalyzerPluginServer
	version int // of the protocol
	info    pluginpb.Info
	answer  func(p *pluginpb.Part) *pluginpb.Answer
	analyze func(grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error
}

type set struct {
	goplugin.NetRPCUnsupportedPlugin
	r *rogue
}

func (s *set) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error {
	pluginpb.RegisterAnalyzerPluginServer(g, s.r)
	return nil
}
func (s *set) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

// serve is what the child process does.
func (r *rogue) serve() {
	if r.version == 0 {
		r.version = plugin.ProtocolVersion
	}
	if r.info.Name == "" {
		r.info.Name = "rogue"
	}
	if r.info.Patterns == nil {
		r.info.Patterns = []string{"**/*.list"}
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{MagicCookieKey: "HULLMARK_PLUGIN", MagicCookieValue: "analyzer"},
		VersionedPlugins: map[int]goplugin.PluginSet{r.version: {"analyzer": &set{r: r}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			g := grpc.NewServer(o...)
			go func() {
				io.Copy(io.Discard, os.Stdin)
				g.Stop()
			}()
			return g
		},
	})
}

func (r *rogue) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return &pluginpb.DescribeResponse{Analyzers: []*pluginpb.Info{&r.info}}, nil
}

func (r *rogue) Analyze(stream grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
	if r.analyze != nil {
		return r.analyze(stream)
	}
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, p := range request.Parts {
			if p.More { // a file may be cut where a message is full; the answer follows its last part
				continue
			}
			a := &pluginpb.Answer{File: p.File, Packages: []*pluginpb.Package{{Type: "generic", Name: "p", Version: string(p.Data)}}}
			if r.answer != nil {
				a = r.answer(p)
			}
			if a == nil {
				continue
			}
			if err := stream.Send(&pluginpb.AnalyzeResponse{Answers: []*pluginpb.Answer{a}}); err != nil {
				return err
			}
		}
	}
}

// pkg is a rogue that says something bad of a package.
func pkg(change func(*pluginpb.Package)) func() {
	return func() {
		(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
			bad := &pluginpb.Package{Type: "generic", Name: "p"}
			change(bad)
			return &pluginpb.Answer{File: p.File, Packages: []*pluginpb.Package{bad}}
		}}).serve()
	}
}

// record is a rogue that says something bad in a record.
func record(change func(*pluginpb.Record)) func() {
	return func() {
		(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
			bad := &pluginpb.Record{Kind: "account", Key: "root"}
			change(bad)
			return &pluginpb.Answer{File: p.File, Records: []*pluginpb.Record{bad}}
		}}).serve()
	}
}

// fork starts a process that outlives this one, in a session of its own.
func fork() {
	cmd := exec.Command("/bin/sh", "-c", "while :; do sleep 1; done")
	cmd.Env = append(os.Environ(), "HULLMARK_TEST_FORK=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr // which holds the pipes open
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// A misbehaviour is one thing that a plugin may do wrong.
type misbehaviour struct {
	name    string
	do      func()                // what the child process does
	command func(*plugin.Command) // how it is started, where it matters
	want    string                // part of the one diagnostic
	is      error                 // what the error of Start wraps, where it does not start
}

func misbehaviours() []misbehaviour {
	never := func() { select {} }
	line := func(s string) func() {
		return func() {
			fmt.Println(s)
			io.Copy(io.Discard, os.Stdin)
		}
	}
	return []misbehaviour{
		{name: "does not exist", do: never, command: func(c *plugin.Command) { c.Path += ".missing" }, want: "no such file"},
		{name: "is no program", do: never, command: func(c *plugin.Command) { c.Path = "main_test.go" }, want: "permission denied"},
		{name: "is another program", do: never, command: func(c *plugin.Command) { c.SHA256 = strings.Repeat("0", 64) }, want: "want sha256:0000", is: plugin.ErrDigest},
		{name: "never starts", do: func() { time.Sleep(time.Hour) }, want: "not started within"},
		{name: "exits at once", do: func() { fmt.Fprintln(os.Stderr, "no licence found"); os.Exit(7) }, want: "exit status 7: no licence found"},
		{name: "closes its output", do: func() { os.Stdout.Close(); time.Sleep(time.Hour) }, want: "no handshake on standard output", is: plugin.ErrProtocol},
		{name: "wrong handshake", do: line("Hello! I am a plugin."), want: "is not a handshake", is: plugin.ErrProtocol},
		{name: "endless handshake", do: func() {
			for {
				os.Stdout.WriteString(strings.Repeat("1", 4096))
			}
		}, want: "is not a handshake", is: plugin.ErrProtocol},
		{name: "wrong magic", do: line("1|1|unix|/etc/passwd|netrpc|"), want: "want grpc", is: plugin.ErrProtocol},
		{name: "somebody else's address", do: line("1|1|tcp|192.0.2.1:80|grpc|"), want: "neither a socket in the plugin's directory", is: plugin.ErrProtocol},
		{name: "no certificate", do: func() { os.Unsetenv("PLUGIN_CLIENT_CERT"); (&rogue{}).serve() }, want: "tls:"},
		{name: "older protocol", do: func() { (&rogue{version: plugin.ProtocolVersion - 1}).older() }, want: `protocol version "0", want`, is: plugin.ErrProtocol},
		{name: "newer protocol", do: func() { (&rogue{version: plugin.ProtocolVersion + 1}).serve() }, want: `protocol version "2", want`, is: plugin.ErrProtocol},
		{name: "another service", do: func() { served{}.serve() }, want: "unknown service hullmark.plugin.v1.AnalyzerPlugin", is: plugin.ErrProtocol},
		{name: "describes nothing", do: func() { (&rogue{info: pluginpb.Info{Patterns: []string{}}}).serve() }, want: "has no patterns", is: plugin.ErrRejected},
		{name: "claims 10,000 patterns", do: func() {
			r := &rogue{}
			for i := range 10_000 {
				r.info.Patterns = append(r.info.Patterns, fmt.Sprintf("etc/%d", i))
			}
			r.serve()
		}, want: "more than 1000 patterns", is: plugin.ErrRejected},
		{name: "claims every file of any size", do: func() { (&rogue{info: pluginpb.Info{Patterns: []string{"**"}}}).serve() }, want: "pattern ** needs a MaxSize", is: plugin.ErrRejected},
		{name: "claims a bad pattern", do: func() { (&rogue{info: pluginpb.Info{Patterns: []string{"../etc/**"}}}).serve() }, want: "not a clean path", is: plugin.ErrRejected},
		{name: "claims a pattern that it may not have", do: func() { (&rogue{}).serve() }, command: func(c *plugin.Command) { c.Patterns = []string{"etc/os-release"} }, want: "is not allowed", is: plugin.ErrRejected},
		{name: "claims a bad name", do: func() { (&rogue{info: pluginpb.Info{Name: "../x\x1b[2J"}}).serve() }, want: "invalid analyzer name", is: plugin.ErrRejected},
		{name: "finds what is no kind", do: func() { (&rogue{info: pluginpb.Info{Finds: []string{"All of it"}}}).serve() }, want: "is not kebab-case", is: plugin.ErrRejected},
		{name: "finds too many kinds", do: func() { (&rogue{info: pluginpb.Info{Finds: make([]string, 1000)}}).serve() }, want: "finds 1000 kinds", is: plugin.ErrRejected},
		{name: "has data of two lines", do: func() { (&rogue{info: pluginpb.Info{Data: "1\x1b[2J\n2"}}).serve() }, want: "is not one line", is: plugin.ErrRejected},
		{name: "is unavailable at length", do: func() { (&rogue{info: pluginpb.Info{Unavailable: strings.Repeat("no ", 1000)}}).serve() }, want: "is not one line", is: plugin.ErrRejected},
		{name: "wants a configuration that it may not have", do: func() { (&rogue{info: pluginpb.Info{Config: true}}).serve() },
			command: func(c *plugin.Command) { c.Patterns = []string{"**/*.list"} }, want: "configuration is not allowed", is: plugin.ErrRejected},
		{name: "completes packages that it may not report", do: func() { (&rogue{info: pluginpb.Info{Completes: "dpkg"}}).serve() },
			command: func(c *plugin.Command) { c.Types = []string{"deb"} }, want: `completing the packages of "dpkg" is not allowed`, is: plugin.ErrRejected},
		{name: "wants unknown digests", do: func() { (&rogue{info: pluginpb.Info{List: true, Digests: []string{"crc32"}}}).serve() }, want: `digest "crc32": not one of md5, sha1, sha256, sha512`, is: plugin.ErrRejected},
		{name: "wants digests again and again", do: func() {
			(&rogue{info: pluginpb.Info{List: true, Digests: slices.Repeat([]string{"sha512"}, 2000)}}).serve()
		}, want: "more than 1000 patterns", is: plugin.ErrRejected},
		{name: "exits in a call", do: func() {
			(&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer {
				fmt.Fprintln(os.Stderr, "out of cheese")
				os.Exit(3)
				return nil
			}}).serve()
		}, want: "process ended: exit status 3"},
		{name: "crashes in a call", do: func() {
			(&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer { go panic("oh no"); select {} }}).serve()
		}, want: "panic: oh no"},
		{name: "is killed in a call", do: func() {
			(&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer { syscall.Kill(os.Getpid(), syscall.SIGKILL); return nil }}).serve()
		}, want: "process ended: signal: killed"},
		{name: "hangs", do: func() { (&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer { select {} }}).serve() }, want: "no answer within"},
		{name: "does not read", do: func() {
			(&rogue{analyze: func(grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error { select {} }}).serve()
		}, want: "no answer within"},
		{name: "is stopped", do: func() {
			(&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer { syscall.Kill(os.Getpid(), syscall.SIGSTOP); return nil }}).serve()
		}, want: "no answer within"},
		{name: "answers an error", do: func() {
			(&rogue{analyze: func(grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
				return errors.New("I would rather not")
			}}).serve()
		}, want: "I would rather not"},
		{name: "ends the stream", do: func() {
			(&rogue{analyze: func(grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error { return nil }}).serve()
		}, want: "process closed the stream of answers"},
		{name: "answers garbage", do: func() {
			(&rogue{analyze: func(s grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
				garbage := new(emptypb.Empty)
				garbage.ProtoReflect().SetUnknown([]byte{0x0a, 0x03, 0xff, 0xff, 0xff}) // answers: three bytes that are no message
				return s.SendMsg(garbage)
			}}).serve()
		}, want: "protocol"},
		{name: "answers 1 GB at once", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				return &pluginpb.Answer{File: p.File, Findings: []*pluginpb.Finding{{Rule: "r", Detail: strings.Repeat("x", 1<<30)}}}
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute }, want: "larger than max"},
		{name: "answers 1 GB in pieces", do: func() {
			(&rogue{analyze: func(s grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
				request, err := s.Recv()
				for err == nil {
					err = s.Send(&pluginpb.AnalyzeResponse{Answers: []*pluginpb.Answer{{File: request.Parts[0].File, More: true,
						Findings: []*pluginpb.Finding{{Rule: "r", Detail: strings.Repeat("x", 1<<20)}}}}})
				}
				return err
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute }, want: "exceed Limits.Answer"},
		{name: "answers for ever without an end", do: func() {
			(&rogue{analyze: func(s grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
				request, err := s.Recv()
				for err == nil {
					err = s.Send(&pluginpb.AnalyzeResponse{Answers: []*pluginpb.Answer{{File: request.Parts[0].File, More: true}}})
				}
				return err
			}}).serve()
		}, want: "no answer within"},
		{name: "answers a file that it was not given", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer { return &pluginpb.Answer{File: p.File + 1000} }}).serve()
		}, want: "answer to unknown file"},
		{name: "answers a file twice", do: func() {
			(&rogue{analyze: func(s grpc.BidiStreamingServer[pluginpb.AnalyzeRequest, pluginpb.AnalyzeResponse]) error {
				request, err := s.Recv()
				for err == nil {
					err = s.Send(&pluginpb.AnalyzeResponse{Answers: []*pluginpb.Answer{{File: request.Parts[0].File}}})
				}
				return err
			}}).serve()
		}, want: "answer to unknown file"},
		{name: "answers a type that is none", do: pkg(func(p *pluginpb.Package) { p.Type = "pkg:deb/" }), want: "not a PURL type"},
		{name: "answers a type that it may not report", do: pkg(func(p *pluginpb.Package) { p.Type = "deb" }),
			command: func(c *plugin.Command) { c.Types = []string{"generic"} }, want: "is not allowed"},
		{name: "answers a system package that it may not report", do: pkg(func(p *pluginpb.Package) { p.System = true }),
			command: func(c *plugin.Command) { c.Types = []string{"generic"} }, want: "is not allowed"},
		{name: "answers a package without a name", do: pkg(func(p *pluginpb.Package) { p.Name = "" }), want: "without a name"},
		{name: "answers a record without a kind", do: record(func(r *pluginpb.Record) { r.Kind = "" }), want: "invalid record"},
		{name: "answers a record of a kind that is none", do: record(func(r *pluginpb.Record) { r.Kind = "Set UID" }), want: `kind "Set UID"`},
		{name: "answers a record of a long kind", do: record(func(r *pluginpb.Record) { r.Kind = strings.Repeat("k", 65) }), want: "invalid record"},
		{name: "answers a record in a line below zero", do: record(func(r *pluginpb.Record) { r.Line = -1 }), want: "line -1"},
		{name: "answers a field that is none", do: record(func(r *pluginpb.Record) { r.Fields = map[string]string{"a\x1b[2J": ""} }), want: "invalid record: field"},
		{name: "answers 1,001 fields", do: record(func(r *pluginpb.Record) {
			r.Fields = make(map[string]string)
			for i := range 1001 {
				r.Fields[fmt.Sprint("f", i)] = ""
			}
		}), want: "1001 fields"},
		{name: "answers a million records at once", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				a := &pluginpb.Answer{File: p.File}
				for range 1_000_000 {
					a.Records = append(a.Records, &pluginpb.Record{Kind: "k"})
				}
				return a
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute }, want: "exceed Limits.Answer"},
		{name: "answers a severity that is none", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				return &pluginpb.Answer{File: p.File, Findings: []*pluginpb.Finding{{Rule: "r", Severity: "catastrophic"}}}
			}}).serve()
		}, want: "catastrophic"},
		{name: "writes for ever to standard error", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				for {
					syscall.Write(2, []byte("blah blah blah\n"))
				}
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute; c.Output = nil }, want: "Limits.Output"},
		{name: "writes for ever to standard output", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				for {
					syscall.Write(1, []byte("blah blah blah\n"))
				}
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute; c.Output = nil }, want: "Limits.Output"},
		{name: "writes for ever through its library", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				for {
					fmt.Fprintln(os.Stderr, strings.Repeat("blah ", 100))
				}
			}}).serve()
		}, command: func(c *plugin.Command) { c.CallTimeout = time.Minute; c.Output = nil }, want: "Limits.Output"},
		{name: "forks and dies", do: func() {
			(&rogue{answer: func(*pluginpb.Part) *pluginpb.Answer { fork(); os.Exit(4); return nil }}).serve()
		}, want: "process ended: exit status 4"},
		{name: "forks and never starts", do: func() { fork(); select {} }, want: "not started within"},
		{name: "ignores the end", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer {
				go func() { select {} }()
				return &pluginpb.Answer{File: p.File}
			}}).serve()
			select {}
		}},
		{name: "forks and answers", do: func() {
			(&rogue{answer: func(p *pluginpb.Part) *pluginpb.Answer { fork(); return &pluginpb.Answer{File: p.File} }}).serve()
		}},
	}
}

// older serves protocol 0, which go-plugin does not have.
func (r *rogue) older() {
	fmt.Println("1|0|unix|" + os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/socket|grpc|")
	io.Copy(io.Discard, os.Stdin)
}

// served is a go-plugin that has another service than an analyzer's.
type served struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (served) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }
func (served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}
func (s served) serve() {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{MagicCookieKey: "HULLMARK_PLUGIN", MagicCookieValue: "analyzer"},
		VersionedPlugins: map[int]goplugin.PluginSet{plugin.ProtocolVersion: {"kv": s}},
		Logger:           hclog.NewNullLogger(), GRPCServer: goplugin.DefaultGRPCServer,
	})
}

func init() {
	rogues = func() map[string]func() {
		m := make(map[string]func())
		for _, b := range misbehaviours() {
			m[b.name] = b.do
		}
		return m
	}
}

// TestOlderPlugin asks that a plugin which knows no entries and records works, and gets what it got before.
func TestOlderPlugin(t *testing.T) {
	p := start(t, self(t, "ignores the end"))
	if i := p.Analyzers()[0].Info(); i.Entries || i.Config || i.Hidden || i.Finds != nil || i.Data != "" || i.Unavailable != "" {
		t.Errorf("%+v", i)
	}
	r, err := p.Analyzers()[0].Analyze(t.Context(), entryFile("a.list", analyzer.Entry{UID: 1}))
	if err != nil || !reflect.DeepEqual(r, new(analyzer.Result)) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestMisbehaviour starts a child process for each thing that a plugin may do wrong. Each is one diagnostic, the rest of the
// scan is whole, and nothing is left: no process, no file, no goroutine.
func TestMisbehaviour(t *testing.T) {
	root := fstest.MapFS{}
	for i := range 40 {
		root[fmt.Sprintf("opt/%02d.list", i)] = &fstest.MapFile{Data: []byte("1")}
		root[fmt.Sprintf("opt/%02d.other", i)] = &fstest.MapFile{Data: []byte("1")}
	}
	root["opt/large.list"] = &fstest.MapFile{Data: make([]byte, 8<<20)}
	other := analyzer.Func(analyzer.Info{Name: "other", Patterns: []string{"**/*.other"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: f.Path}}}, nil
	})
	for _, b := range misbehaviours() {
		t.Run(b.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "hm") // short enough for sockets
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			leak.Check(t)
			checkProcesses(t)
			command := self(t, b.name)
			command.Output, command.SocketDir = nil, dir
			command.StartTimeout, command.CallTimeout = 2*time.Second, 500*time.Millisecond
			if b.want != "not started within" {
				command.StartTimeout = 30 * time.Second
			}
			if b.command != nil {
				b.command(&command)
			}
			var remote []analyzer.Analyzer
			p, err := plugin.Start(t.Context(), command)
			if err != nil {
				t.Log(err)
				if b.is != nil && !errors.Is(err, b.is) {
					t.Errorf("%v is not %v", err, b.is)
				}
				remote = []analyzer.Analyzer{plugin.NewUnavailable("rogue", err)}
			} else {
				if b.is != nil {
					t.Errorf("it started, want %v", b.is)
				}
				remote = p.Analyzers()
			}
			report, err := scan.Scanner{Analyzers: append(remote, other)}.ScanFS(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			if p != nil {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
			found := 0
			for _, c := range report.Components {
				if c.Analyzer == "other" {
					found++
				}
			}
			if found != 40 {
				t.Errorf("%d packages of another analyzer, want 40", found)
			}
			for _, d := range report.Diagnostics {
				t.Logf("%+v", d)
			}
			switch {
			case b.want == "":
				if len(report.Diagnostics) != 0 {
					t.Errorf("%d diagnostics, want none", len(report.Diagnostics))
				}
			case len(report.Diagnostics) != 1:
				t.Errorf("%d diagnostics, want 1", len(report.Diagnostics))
			default:
				d := report.Diagnostics[0]
				if d.Code != analyzer.Unavailable || d.Analyzer != "rogue" || d.Layer != -1 || d.Path != "" || !strings.Contains(d.Message, b.want) {
					t.Errorf("diagnostic %+v, want %q", d, b.want)
				}
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("files are left: %v", left)
			}
		})
	}
}
