package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// hostileEntries are entries as layers may have them.
func hostileEntries() []analyzer.Entry {
	at := time.Date(2026, 11, 28, 9, 30, 0, 1, time.UTC)
	return []analyzer.Entry{
		{Mode: 0o644, Size: 1, ModTime: at},
		{Mode: fs.ModeSetuid | fs.ModeSetgid | 0o755, ModTime: at},
		{Mode: fs.ModeDir | fs.ModeSticky | 0o777, ModTime: at},
		{Mode: fs.ModeSymlink | 0o777, Target: "../\xff", ModTime: at},
		{Mode: 0o755, Link: "usr/bin/\xff", ModTime: at},
		{Mode: fs.ModeDevice | fs.ModeCharDevice, Major: 1, Minor: math.MaxInt64, ModTime: at},
		{Mode: fs.ModeDevice, Major: -1, ModTime: at},
		{Mode: fs.ModeNamedPipe, ModTime: at},
		{Mode: fs.ModeSocket, ModTime: at},
		{Mode: fs.ModeIrregular},
		{UID: -1, GID: math.MaxInt, Size: math.MaxInt64, ModTime: time.Unix(1<<56, 0).UTC()},
		{UID: math.MinInt, Size: -1, ModTime: time.Unix(-1<<56, 0).UTC()},
		{Xattrs: map[string]string{"security.capability": "\x00\x00\x00\x02", "user.\xff": "\xff", "": ""}},
		{Xattrs: map[string]string{"user.large": strings.Repeat("\x00", 512<<10)}},
	}
}

// entries sends entries of every kind, twice.
func (r *run) entries(ctx context.Context) (string, error) {
	sent := 0
	for i, a := range r.plugin.Analyzers() {
		info := &r.result.Analyzers[i]
		if !info.Entries {
			continue
		}
		for _, pattern := range info.Patterns {
			for _, e := range hostileEntries() {
				for _, dir := range []string{"d", "n\xffw\nline"} {
					err := answersTwice(ctx, a, func() *analyzer.File {
						f := analyzer.NewFile(matchingPath(pattern, dir), e.Mode, nil)
						f.Entry = &e
						return f
					})
					if err != nil {
						return "", fmt.Errorf("entry %.200q: %w", fmt.Sprintf("%+v", e), err)
					}
					sent++
				}
			}
		}
	}
	return fmt.Sprintf("%d entries", sent), nil
}

// configs sends configurations of images, twice.
func (r *run) configs(ctx context.Context) (string, error) {
	texts := []string{
		`{"architecture": "amd64", "os": "linux", "config": {"User": "0", "Env": ["PATH=/bin", "A"], "Labels": null}, "history": [{"created_by": "RUN true"}], "rootfs": {"type": "layers", "diff_ids": []}}`,
		`{}`, `null`, `[]`, `{"config": [], "history": {}}`, ``, `{"config"`, "\xff\x00", strings.Repeat("[", 100_000),
	}
	for i, a := range r.plugin.Analyzers() {
		if !r.result.Analyzers[i].Config {
			continue
		}
		for _, text := range texts {
			err := answersTwice(ctx, a, func() *analyzer.File { return analyzer.NewFile("", 0, []byte(text)) })
			if err != nil {
				return "", fmt.Errorf("configuration %.40q: %w", text, err)
			}
		}
	}
	return fmt.Sprintf("%d configurations", len(texts)), nil
}

// answersTwice returns an error if an analyzer panics for a file, is unavailable, or answers differently the second time.
func answersTwice(ctx context.Context, a analyzer.Analyzer, file func() *analyzer.File) error {
	var before *analyzer.Result
	for i := range 2 {
		result, err := a.Analyze(ctx, file())
		if errors.Is(err, analyzer.ErrUnavailable) {
			return err
		}
		if result == nil {
			result = new(analyzer.Result)
		}
		for _, d := range result.Diagnostics {
			if d.Code == analyzer.Panicked {
				return fmt.Errorf("%s: %s", d.Code, d.Message)
			}
		}
		if i > 0 && !reflect.DeepEqual(result, before) {
			return fmt.Errorf("answers differ:\n%+v\n%+v", before, result)
		}
		before = result
	}
	return nil
}
