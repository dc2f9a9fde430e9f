// Package plugintest tests plugins in any language. It starts the program like a host, sends fixtures and unexpected files, and
// checks the answers.
//
// The command hullmark plugin verify prints the result of [Verify]. A test of a plugin in Go calls:
//
//	plugintest.Run(t, plugin.Command{Path: "./myplugin"}, os.DirFS("testdata/root"))
package plugintest

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"reflect"
	"strings"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
)

// A Conformance is the result of testing a plugin.
type Conformance struct {
	Analyzers []analyzer.Info // as the plugin describes them
	Checks    []Check
}

// A Check is a requirement for plugins and its result.
type Check struct {
	Name string
	Note string // details of the result
	Err  error  // nil if the plugin passed
}

// OK reports whether all checks passed.
func (v *Conformance) OK() bool {
	for _, c := range v.Checks {
		if c.Err != nil {
			return false
		}
	}
	return len(v.Checks) > 0
}

// String returns a line for each check.
func (v *Conformance) String() string {
	var b strings.Builder
	for _, c := range v.Checks {
		mark, note := "ok  ", c.Note
		if c.Err != nil {
			mark, note = "FAIL", strings.TrimPrefix(note+"; "+c.Err.Error(), "; ")
		}
		fmt.Fprintf(&b, "%s %s", mark, c.Name)
		if note != "" {
			fmt.Fprintf(&b, ": %s", note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A TB is the part of testing.TB that Run uses.
type TB interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Run verifies a plugin in a test. Each failed check is an error of the test.
func Run(t TB, command plugin.Command, fixtures fs.FS) {
	t.Helper()
	for _, c := range Verify(t.Context(), command, fixtures).Checks {
		if c.Err != nil {
			t.Errorf("%s: %s: %v", c.Name, c.Note, c.Err)
		} else {
			t.Logf("%s: %s", c.Name, c.Note)
		}
	}
}

// A run is a verification of a plugin.
type run struct {
	command  plugin.Command
	fixtures fs.FS
	plugin   *plugin.Process
	report   string // report of the fixtures in JSON
	result   Conformance
}

// Verify starts a plugin and tests it. fixtures is a root file system with files that the plugin reports, or nil. If the plugin
// does not start, the result has only the first check.
func Verify(ctx context.Context, command plugin.Command, fixtures fs.FS) *Conformance {
	r := &run{command: command, fixtures: fixtures}
	if r.fixtures == nil {
		r.fixtures = fstest.MapFS{}
	}
	r.command.Restarts = -1
	if r.check("starts and describes its analyzers", func() (string, error) { return r.describe(ctx) }) {
		r.check("finds something in the fixtures", func() (string, error) { return r.find(ctx, fixtures == nil) })
		r.check("gives the same answers again", func() (string, error) { return r.repeat(ctx) })
		r.check("gives the same answers in another process", func() (string, error) { return r.secondProcess(ctx) })
		r.check("answers empty, truncated and random files", func() (string, error) { return r.malformed(ctx) })
		if r.wants(func(i *analyzer.Info) bool { return i.Entries }) {
			r.check("answers entries of every kind", func() (string, error) { return r.entries(ctx) })
		}
		if r.wants(func(i *analyzer.Info) bool { return i.Config }) {
			r.check("answers configurations of images", func() (string, error) { return r.configs(ctx) })
		}
		r.check("accepts a file in many parts", func() (string, error) { return r.large(ctx) })
		r.check("accepts many small files at once", func() (string, error) { return r.many(ctx) })
		r.check("continues after a cancelled scan", func() (string, error) { return r.cancel(ctx) })
		r.check("exits when its standard input is closed", r.end)
	}
	if r.plugin != nil {
		r.plugin.Close()
	}
	return &r.result
}

func (r *run) check(name string, do func() (string, error)) bool {
	note, err := do()
	r.result.Checks = append(r.result.Checks, Check{name, note, err})
	return err == nil
}

func (r *run) describe(ctx context.Context) (note string, err error) {
	begun := time.Now()
	if r.plugin, err = plugin.Start(ctx, r.command); err != nil {
		return "", err
	}
	var names []string
	for _, a := range r.plugin.Analyzers() {
		info := a.Info()
		r.result.Analyzers = append(r.result.Analyzers, info)
		names = append(names, fmt.Sprintf("%s %d", info.Name, info.Version))
		if info.Unavailable != "" {
			return "", fmt.Errorf("analyzer %s is unavailable: %s", info.Name, info.Unavailable)
		}
		if info.Version < 1 {
			return "", fmt.Errorf("analyzer %s has version %d, want at least 1", info.Name, info.Version)
		}
	}
	return fmt.Sprintf("%s, in %v", strings.Join(names, ", "), time.Since(begun).Round(time.Millisecond)), nil
}

// scanJSON returns the report of a file system and its JSON. It returns an error if the plugin was unavailable or panicked.
func scanJSON(ctx context.Context, p *plugin.Process, root fs.FS) (*analyzer.Report, string, error) {
	report, err := scan.Scanner{Analyzers: p.Analyzers(), Parallel: 8}.ScanFS(ctx, root)
	if err != nil {
		return nil, "", err
	}
	for _, d := range report.Diagnostics {
		if d.Code == analyzer.Unavailable || d.Code == analyzer.Panicked {
			return nil, "", fmt.Errorf("%s: %s", d.Code, d.Message)
		}
	}
	b, err := json.Marshal(report)
	return report, string(b), err
}

func (r *run) find(ctx context.Context, none bool) (string, error) {
	report, text, err := scanJSON(ctx, r.plugin, r.fixtures)
	if err != nil {
		return "", err
	}
	r.report = text
	if none {
		return "no fixtures", nil
	}
	note := fmt.Sprintf("%d packages, %d findings, %d records, %d diagnostics", len(report.Components), len(report.Findings), len(report.Records), len(report.Diagnostics))
	if !r.wants(func(i *analyzer.Info) bool { return len(i.Patterns) > 0 }) {
		return "the analyzers want no files", nil
	}
	if len(report.Components)+len(report.Findings)+len(report.Records) == 0 && report.Distro == nil {
		return note, errors.New("nothing found: the fixtures must be a root file system with files that match the patterns")
	}
	return note, nil
}

func (r *run) same(ctx context.Context, p *plugin.Process) error {
	_, text, err := scanJSON(ctx, p, r.fixtures)
	if err == nil && text != r.report {
		err = fmt.Errorf("reports differ:\n%s\n%s", r.report, text)
	}
	return err
}

func (r *run) repeat(ctx context.Context) (string, error) {
	for range 5 {
		if err := r.same(ctx, r.plugin); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (r *run) secondProcess(ctx context.Context) (string, error) {
	p, err := plugin.Start(ctx, r.command)
	if err != nil {
		return "", err
	}
	defer p.Close()
	for i, a := range p.Analyzers() {
		if i >= len(r.result.Analyzers) || !reflect.DeepEqual(a.Info(), r.result.Analyzers[i]) {
			return "", fmt.Errorf("analyzer %+v, first process had %+v", a.Info(), r.result.Analyzers)
		}
	}
	return "", r.same(ctx, p)
}

// wants reports whether one of the analyzers wants something.
func (r *run) wants(something func(*analyzer.Info) bool) bool {
	for i := range r.result.Analyzers {
		if something(&r.result.Analyzers[i]) {
			return true
		}
	}
	return false
}

// matchingPath returns a path below a directory that a pattern matches.
func matchingPath(pattern, dir string) string {
	if pattern == "**" {
		return path.Join(dir, "any file")
	}
	if rest, ok := strings.CutPrefix(pattern, "**/"); ok {
		return path.Join(dir, strings.ReplaceAll(rest, "*", "x"))
	}
	return strings.ReplaceAll(pattern, "*", dir)
}

func (r *run) each(do func(info *analyzer.Info, pattern string) error) error {
	for i := range r.result.Analyzers {
		info := &r.result.Analyzers[i]
		for _, p := range info.Patterns {
			if err := do(info, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) malformed(ctx context.Context) (string, error) {
	noise := make([]byte, 64<<10)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	contents := [][]byte{nil, {0}, []byte("\n"), noise, bytes.Repeat([]byte("\xff\xfe"), 1000), bytes.Repeat([]byte{'{'}, 10_000)}
	fs.WalkDir(r.fixtures, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && len(contents) < 40 {
			if b, err := fs.ReadFile(r.fixtures, p); err == nil && len(b) <= 1<<20 {
				contents = append(contents, b[:len(b)/2], append(bytes.Clone(b[:len(b)/3]), noise[:100]...))
			}
		}
		return nil
	})
	files := 0
	for _, content := range contents {
		root := fstest.MapFS{}
		err := r.each(func(_ *analyzer.Info, pattern string) error {
			for _, dir := range []string{"d", "with space", "néwline\nin it"} {
				root[matchingPath(pattern, dir)] = &fstest.MapFile{Data: content}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		files += len(root)
		if _, _, err := scanJSON(ctx, r.plugin, root); err != nil {
			return "", fmt.Errorf("content %.40q of %d bytes: %w", content, len(content), err)
		}
	}
	return fmt.Sprintf("%d files", files), nil
}

func (r *run) large(ctx context.Context) (string, error) {
	for i := range r.result.Analyzers {
		if err := r.largeFile(ctx, &r.result.Analyzers[i]); err != nil {
			return "", err
		}
	}
	return "", nil
}

// largeFile analyzes a file of zeros.
func (r *run) largeFile(ctx context.Context, info *analyzer.Info) error {
	if len(info.Patterns) == 0 {
		return nil
	}
	size := int64(4 << 20)
	if info.MaxSize > 0 {
		size = min(size, info.MaxSize)
	}
	_, _, err := scanJSON(ctx, r.plugin, fstest.MapFS{matchingPath(info.Patterns[0], "d"): {Data: make([]byte, size)}})
	return err
}

func (r *run) many(ctx context.Context) (string, error) {
	const files = 500
	begun := time.Now()
	// A zip archive, because a MapFS reads all its names for each directory.
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	names := make(map[string]bool)
	err := r.each(func(_ *analyzer.Info, pattern string) error {
		for i := range files {
			name := matchingPath(pattern, fmt.Sprint("d", i))
			if names[name] {
				continue
			}
			names[name] = true
			f, err := w.CreateHeader(&zip.FileHeader{Name: name})
			if err != nil {
				return err
			}
			if _, err := io.WriteString(f, "x\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", err
	}
	root, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		return "", err
	}
	_, _, err = scanJSON(ctx, r.plugin, root)
	return fmt.Sprintf("%d files in %v", len(names), time.Since(begun).Round(time.Millisecond)), err
}

func (r *run) cancel(ctx context.Context) (string, error) {
	for i := range 20 {
		short, stop := context.WithTimeout(ctx, time.Duration(i)*time.Millisecond/4)
		r.largeFile(short, &r.result.Analyzers[0])
		stop()
	}
	return "", r.same(ctx, r.plugin)
}

func (r *run) end() (string, error) {
	begun := time.Now()
	err := r.plugin.Close()
	took := time.Since(begun)
	if took > 900*time.Millisecond {
		return "killed after a second; a plugin should exit when its standard input is closed", err
	}
	return fmt.Sprintf("in %v", took.Round(time.Millisecond)), err
}
