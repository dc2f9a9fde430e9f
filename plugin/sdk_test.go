package plugin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/pluginpb"
	"github.com/hullmark/hullmark/plugin"
)

// hostile returns the command of testdata/hostile in a language. It skips the test if the tools of the language are not installed.
func hostile(t *testing.T, lang string) plugin.Command {
	t.Helper()
	command := hostileProgram(t, lang)
	command.StartTimeout, command.CallTimeout = time.Minute, 5*time.Minute // interpreters on a busy machine
	return command
}

func hostileProgram(t *testing.T, lang string) plugin.Command {
	t.Helper()
	if lang == "python" {
		if out, err := exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").CombinedOutput(); err != nil {
			t.Skipf("python3-grpcio is not installed: %v: %s", err, out)
		}
		return plugin.Command{Path: "testdata/hostile.py", Env: []string{"PYTHONPATH=" + absolute(t, "python")}}
	}
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with @grpc/grpc-js and @grpc/proto-loader")
	}
	if _, err := os.Stat("/usr/bin/node"); err != nil {
		t.Skip("node is not installed: ", err)
	}
	env := "NODE_PATH=" + absolute(t, "javascript") + string(os.PathListSeparator) + modules
	return plugin.Command{Path: "testdata/hostile.js", Env: []string{env}}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestSDKs runs analyzers that misbehave. Each faults its own file only: the process stays, and the other files are analyzed.
func TestSDKs(t *testing.T) {
	const both = "python javascript"
	type situation struct {
		name, langs string
		code        analyzer.DiagnosticCode // of the only diagnostic, "" for none
		messages    []string                // parts of its message in every language
		pkg         string                  // the only package
	}
	situations := []situation{
		{name: "throw", langs: "python", code: analyzer.Panicked, messages: []string{
			"ValueError: no <object object at 0x?>", `; hostile.py:`, `, in throw: raise ValueError(`, ", in hostile: "}},
		{name: "throw", langs: "javascript", code: analyzer.Panicked, messages: []string{"Error: no; at ", "(hostile.js:", "; at Analyzer.analyze (hostile.js:"}},
		{name: "unprintable", langs: "python", code: analyzer.Panicked, messages: []string{"whose text raises ValueError; hostile.py:"}},
		{name: "unprintable", langs: "javascript", code: analyzer.Panicked, messages: []string{"a value without a text was thrown"}},
		{name: "null", langs: "javascript", code: analyzer.Panicked, messages: []string{"null"}},
		{name: "reject", langs: "javascript", code: analyzer.Panicked, messages: []string{"RangeError: later; at ", "hostile.js:"}},
		{name: "exit", langs: "python", code: analyzer.Panicked, messages: []string{"SystemExit: gone; hostile.py:"}},
		{name: "recurse", langs: both, code: analyzer.Panicked, messages: []string{"hostile."}},
		{name: "malformed", langs: both, code: analyzer.Malformed, messages: []string{"line 3: cut off"}, pkg: "pkg:generic/half@1"},
		{name: "unsupported", langs: both, code: analyzer.Unsupported, messages: []string{"version 9"}},
		{name: "return", langs: "python", code: analyzer.Panicked, messages: []string{"TypeError: hostile returned list, want None"}},
		{name: "return", langs: "javascript", code: analyzer.Panicked, messages: []string{"TypeError: the analyzer returned array, want nothing"}},
		{name: "name-number", langs: both, code: analyzer.Panicked, messages: []string{"TypeError: name is ", ", want str", "hostile."}},
		{name: "name-empty", langs: both, code: analyzer.Panicked, messages: []string{"Error: name is empty", "hostile."}},
		{name: "type", langs: both, code: analyzer.Panicked, messages: []string{"Not A Type", "want a PURL type"}},
		{name: "files", langs: both, code: analyzer.Panicked, messages: []string{"files is str"}},
		{name: "files-number", langs: both, code: analyzer.Panicked, messages: []string{"an element of files is "}},
		{name: "hashes", langs: both, code: analyzer.Panicked, messages: []string{"TypeError: hashes is "}},
		{name: "field", langs: both, code: analyzer.Panicked, messages: []string{"package has no field colour"}},
		{name: "severity", langs: both, code: analyzer.Panicked, messages: []string{"severity is ", "awful"}},
		{name: "line", langs: both, code: analyzer.Panicked, messages: []string{"Error: line is "}},
		{name: "line-float", langs: both, code: analyzer.Panicked, messages: []string{"Error: line is "}},
		{name: "code", langs: both, code: analyzer.Panicked, messages: []string{"Not A Code"}},
		{name: "line-throws", langs: both, code: analyzer.Malformed, messages: []string{"cut off"}},
		{name: "line-changes", langs: "javascript", code: analyzer.Malformed, messages: []string{"line 3: cut off"}},
		{name: "message-throws", langs: "javascript", code: analyzer.Malformed, messages: []string{"a value without a text was thrown"}},
		{name: "name-object", langs: "javascript", code: analyzer.Malformed, messages: []string{"Odd"}},
		{name: "stack-throws", langs: "javascript", code: analyzer.Panicked, messages: []string{"Error: here"}},
		{name: "proxy", langs: "javascript", code: analyzer.Panicked, messages: []string{"a value without a text was thrown"}},
		{name: "return-proxy", langs: "javascript", code: analyzer.Panicked, messages: []string{"the analyzer returned array"}},
		{name: "record-kind", langs: both, code: analyzer.Panicked, messages: []string{"Not Kebab", "want kebab-case"}},
		{name: "record-field", langs: both, code: analyzer.Panicked, messages: []string{"a field is named ", "a b"}},
		{name: "record-value", langs: both, code: analyzer.Panicked, messages: []string{"TypeError: a value of fields is "}},
		{name: "record-line", langs: both, code: analyzer.Panicked, messages: []string{"Error: line is "}},
		{name: "record-fields", langs: both, code: analyzer.Panicked, messages: []string{"the record has 1001 fields"}},
		{name: "records", langs: both, code: analyzer.TooLarge, messages: []string{"the result exceeds a limit"}},
		{name: "surrogate", langs: both, pkg: "pkg:generic/a%EF%BF%BDb@1"},
		{name: "one-huge", langs: both, code: analyzer.TooLarge, messages: []string{"the result exceeds a limit"}},
		{name: "sibling", langs: both, pkg: "pkg:generic/d%2Fbeside.txt@text-4755-640-1"},
		{name: "path", langs: both, pkg: "pkg:generic/path@" + fmt.Sprint(len("d/path.hostile"))},
		{name: "print", langs: both, pkg: "pkg:generic/printed@0"},
	}
	for _, lang := range strings.Fields(both) {
		t.Run(lang, func(t *testing.T) {
			command := hostile(t, lang)
			var lines bytes.Buffer
			command.Restarts = -1
			command.Output = func(line string) { fmt.Fprintln(&lines, line) }
			p, err := plugin.Start(t.Context(), command)
			if err != nil {
				t.Fatal(err, lines.String())
			}
			root := fstest.MapFS{}
			for _, s := range situations {
				if strings.Contains(s.langs, lang) {
					root["d/"+s.name+".hostile"] = &fstest.MapFile{Data: []byte("x"), Mode: 0o640}
				}
			}
			root["d/beside.txt"] = &fstest.MapFile{Data: []byte("text"), Mode: 0o755 | fs.ModeSetuid}
			root["d/unavailable.hostile"] = &fstest.MapFile{Data: []byte("x")}
			report := scanTwice(t, p, root)
			diagnostics, packages := make(map[string][]analyzer.FileDiagnostic), make(map[string][]string)
			for _, d := range report.Diagnostics {
				if d.Code == analyzer.Unavailable { // one for all files
					d.Path = "d/unavailable.hostile"
				}
				diagnostics[d.Path] = append(diagnostics[d.Path], d)
			}
			if list := diagnostics["d/unavailable.hostile"]; len(list) != 1 || !strings.Contains(list[0].Message, "the service is down") ||
				!strings.Contains(list[0].Message, "1 file ") {
				t.Errorf("unavailable: %+v", list)
			}
			for _, c := range report.Components {
				packages[c.Path] = append(packages[c.Path], c.PURL)
			}
			for _, s := range situations {
				if !strings.Contains(s.langs, lang) {
					continue
				}
				name := "d/" + s.name + ".hostile"
				if got := strings.Join(packages[name], " "); got != s.pkg {
					t.Errorf("%s: packages %q, want %q", s.name, got, s.pkg)
				}
				list := diagnostics[name]
				if s.code == "" {
					if len(list) > 0 {
						t.Errorf("%s: %+v", s.name, list)
					}
					continue
				}
				if len(list) != 1 || list[0].Code != s.code || len(list[0].Message) > 4100 {
					t.Errorf("%s: %+v, want %s", s.name, list, s.code)
					continue
				}
				for _, part := range s.messages {
					if !strings.Contains(list[0].Message, part) {
						t.Errorf("%s: %q, want %q in it", s.name, list[0].Message, part)
					}
				}
			}
			// 32 MiB of each of six results, which exceeds what the SDK may send of all files.
			root = fstest.MapFS{"d/records.hostile": {Data: []byte("x")}}
			for i := range 6 {
				root[fmt.Sprintf("d/huge%d.hostile", i)] = &fstest.MapFile{Data: []byte("x")}
			}
			report, err = scan.Scanner{Analyzers: p.Analyzers()[:2]}.ScanFS(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			large := 0
			for _, d := range report.Diagnostics {
				if d.Code != analyzer.TooLarge || path.Dir(d.Path) != "d" {
					t.Errorf("huge: %+v", d)
				}
				large++
			}
			if large != len(root) {
				t.Errorf("%d diagnostics of %d huge results", large, len(root))
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			for _, want := range []string{"before the handshake", "1|1|unix|/tmp/s|grpc|x", "line 1999", "from a child"} {
				if !strings.Contains(lines.String(), want+"\n") {
					t.Errorf("the host did not get the line %q", want)
				}
			}
		})
	}
}

// TestSDKJoin runs analyzers that join files of several directories.
func TestSDKJoin(t *testing.T) {
	for _, lang := range []string{"python", "javascript"} {
		t.Run(lang, func(t *testing.T) {
			command := hostile(t, lang)
			command.Restarts = -1
			p, err := plugin.Start(t.Context(), command)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			for _, tt := range []struct {
				name, files string // contents of files
				want        string // packages and diagnostics by path
			}{
				{"replaced", "x y", "0: pkg:generic/joined@x-y\n1: pkg:generic/joined@x-y\n"},
				{"kept", "same x", "0: pkg:generic/alone@same\n1: pkg:generic/joined@same-x\n"},
				{"removed", "nothing x", "1: pkg:generic/joined@nothing-x\n"},
				{"a problem beside the answer", "problem same", "0: pkg:generic/alone@problem\n1: pkg:generic/alone@same\n0: malformed: line 2: not complete\n"},
				{"throws", "same throw", "0: pkg:generic/alone@same\n1: pkg:generic/alone@throw\n: panic: join: "},
				{"returns", "same return", "1: pkg:generic/alone@return\n0: pkg:generic/alone@same\n: panic: join: TypeError: join returned "},
				{"huge", "same huge", "1: pkg:generic/alone@huge\n0: pkg:generic/alone@same\n: panic: join: "}, // the limit, with the place in the program
				{"a fact of the wrong type", "text", "0: panic: TypeError: fact is str"},
			} {
				root := fstest.MapFS{}
				for i, text := range strings.Fields(tt.files) {
					root[fmt.Sprintf("%d/x.joins", i)] = &fstest.MapFile{Data: []byte(text)}
				}
				report := scanTwice(t, p, root)
				var got strings.Builder
				for _, c := range report.Components {
					fmt.Fprintf(&got, "%s: %s\n", strings.TrimSuffix(c.Path, "/x.joins"), c.PURL)
				}
				for _, d := range report.Diagnostics {
					fmt.Fprintf(&got, "%s: %s: %s\n", strings.TrimSuffix(d.Path, "/x.joins"), d.Code, d.String())
				}
				if !strings.HasPrefix(got.String(), tt.want) || strings.HasSuffix(tt.want, "\n") && got.String() != tt.want {
					t.Errorf("%s: got\n%swant\n%s", tt.name, got.String(), tt.want)
				}
			}
		})
	}
}

// TestSDKEntries asks that entries, the configuration and records pass through the SDKs.
func TestSDKEntries(t *testing.T) {
	for _, lang := range []string{"python", "javascript"} {
		t.Run(lang, func(t *testing.T) {
			p := start(t, hostile(t, lang))
			remote := make(map[string]analyzer.Analyzer)
			for _, a := range p.Analyzers() {
				remote[a.Info().Name] = a
			}
			info := remote["entries"].Info()
			if !info.Entries || !info.Hidden || info.Data != "data 7" || !slices.Equal(info.Finds, []string{"entries"}) {
				t.Errorf("%+v", info)
			}
			for path, e := range hostileEntries() {
				want := hexEntry(path, &e, lang == "javascript")
				r, err := remote["entries"].Analyze(t.Context(), entryFile(path, e))
				if err != nil || !reflect.DeepEqual(r, &analyzer.Result{Records: []analyzer.Record{want}}) {
					t.Errorf("%.100q: %+v, %v, want %+v", path, r, err, want)
				}
			}
			for range 8 { // more than one message
				if _, err := remote["entries"].Analyze(t.Context(), entryFile("a", hostileEntries()["xattrs/largest"])); err != nil {
					t.Error(err)
				}
			}
			// A host from before entries sends files without them.
			_, err := remote["entries"].Analyze(t.Context(), analyzer.NewFile("usr/bin/su", 0o755, []byte("x")))
			if !errors.Is(err, analyzer.ErrUnavailable) || !strings.Contains(err.Error(), "does not send entries") {
				t.Errorf("%v", err)
			}
			const text = `{"os": "linux"}`
			r, err := remote["config"].Analyze(t.Context(), analyzer.NewFile("", 0, []byte(text)))
			want := []analyzer.Record{{Kind: "config", Fields: map[string]string{"text": text}}}
			if err != nil || !reflect.DeepEqual(r.Records, want) || !remote["config"].Info().Config {
				t.Errorf("%+v, %v", r, err)
			}
			if got := remote["unavailable"].Info().Unavailable; got != "no connection" {
				t.Errorf("unavailable: %q", got)
			}
		})
	}
}

// hexEntry returns what testdata/hostile answers about an entry. In JavaScript numbers are rounded, and names are UTF-8.
func hexEntry(path string, e *analyzer.Entry, js bool) analyzer.Record {
	number := func(n int64) string {
		if js {
			return strconv.FormatFloat(float64(n), 'f', -1, 64)
		}
		return fmt.Sprint(n)
	}
	var xattrs []string
	for _, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		value := fmt.Sprintf("%x", e.Xattrs[name])
		if n := len(e.Xattrs[name]); n > 100 {
			value = fmt.Sprint(n)
		}
		if js {
			name = string([]rune(name))
		}
		xattrs = append(xattrs, fmt.Sprintf("%x=%s", name, value))
	}
	nanos := new(big.Int).Add(new(big.Int).Mul(big.NewInt(e.ModTime.Unix()), big.NewInt(1e9)), big.NewInt(int64(e.ModTime.Nanosecond())))
	encoded := pluginpb.EncodeEntry(e)
	return analyzer.Record{Kind: "entry", Key: fmt.Sprintf("%x", path), Fields: map[string]string{
		"mode": fmt.Sprintf("%o", encoded.Mode), "permissions": fmt.Sprintf("%o", encoded.Mode&0o7777),
		"owner": number(int64(e.UID)) + ":" + number(int64(e.GID)), "size": number(e.Size) + " 0", "time": nanos.String(),
		"target": fmt.Sprintf("%x", e.Target), "link": fmt.Sprintf("%x", e.Link), "device": number(e.Major) + ":" + number(e.Minor),
		"xattrs": strings.Join(xattrs, " "),
	}}
}

// scanTwice returns the report of a file system and fails the test if a second scan has another one. It uses the analyzers of files.
func scanTwice(t *testing.T, p *plugin.Process, root fstest.MapFS) *analyzer.Report {
	t.Helper()
	var texts [2]string
	var report *analyzer.Report
	for i := range texts {
		r, err := scan.Scanner{Analyzers: p.Analyzers()[:2]}.ScanFS(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		report, texts[i] = r, string(b)
	}
	if texts[0] != texts[1] {
		t.Errorf("reports differ:\n%s\n%s", texts[0], texts[1])
	}
	return report
}

// TestSDKProtocol compares the protocol in the SDKs with the one that hosts use.
func TestSDKProtocol(t *testing.T) {
	want, err := os.ReadFile("proto/analyzer.proto")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("javascript/hullmark-plugin/analyzer.proto"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("javascript/hullmark-plugin/analyzer.proto differs from proto/analyzer.proto: copy it; %v", err)
	}
	const python = "/usr/bin/python3"
	script := "import sys, hullmark_plugin.analyzer_pb2 as pb; sys.stdout.buffer.write(pb.DESCRIPTOR.serialized_pb)"
	c := exec.Command(python, "-B", "-c", script)
	c.Env = append(os.Environ(), "PYTHONPATH="+absolute(t, "python"))
	text, err := c.Output()
	if err != nil {
		t.Skip("python3-grpcio is not installed, or its protobuf: ", err)
	}
	got := new(descriptorpb.FileDescriptorProto)
	if err := proto.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	file, err := protodesc.NewFile(got, nil)
	if err != nil {
		t.Fatal(err)
	}
	host := fields(new(pluginpb.Info).ProtoReflect().Descriptor().ParentFile().Messages())
	if python := fields(file.Messages()); python != host {
		t.Errorf("python/hullmark_plugin/analyzer_pb2.py differs from the protocol: "+
			"protoc -I plugin/proto --python_out=plugin/python/hullmark_plugin analyzer.proto\n%s\n%s", python, host)
	}
}

// TestProtocol asks that no field of version 1 changes. A new field is one more line in testdata/protocol-1.txt.
func TestProtocol(t *testing.T) {
	want, err := os.ReadFile("testdata/protocol-1.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := fields(new(pluginpb.Info).ProtoReflect().Descriptor().ParentFile().Messages()); got != string(want) {
		t.Errorf("the protocol has\n%swant\n%s", got, want)
	}
}

// fields returns a line for each field of messages.
func fields(messages protoreflect.MessageDescriptors) string {
	var b strings.Builder
	for i := range messages.Len() {
		m := messages.Get(i)
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			fmt.Fprintf(&b, "%s %d %s %s", f.FullName(), f.Number(), f.Cardinality(), f.Kind())
			if f.Message() != nil {
				fmt.Fprintf(&b, " %s", f.Message().FullName())
			}
			if f.Enum() != nil {
				for k := range f.Enum().Values().Len() {
					v := f.Enum().Values().Get(k)
					fmt.Fprintf(&b, " %s=%d", v.Name(), v.Number())
				}
			}
			b.WriteByte('\n')
		}
		b.WriteString(fields(m.Messages()))
	}
	return b.String()
}
