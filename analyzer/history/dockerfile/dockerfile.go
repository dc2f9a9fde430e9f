// Package dockerfile judges a Dockerfile by the rules of package history, with line numbers.
//
// Records are "base", "instruction", "user", "port", "environment", "argument", "volume", "entrypoint", "command", "healthcheck", "label",
// "workdir", "stop-signal", "shell" and "on-build". Each has the number of its stage.
//
// The syntax is that of BuildKit's Dockerfile frontend: parser directives, escapes, continuation lines, here documents, exec forms,
// https://docs.docker.com/reference/dockerfile/. Tests compare the parser with BuildKit's. That one is not imported: it would bring 175
// modules into the module graph and 3 MB into programs, and require the newest Go.
package dockerfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	maxSize    = 4 << 20     // bytes of a Dockerfile
	maxBytes   = 4 * maxSize // size of all records: variables repeat in them
	maxRecords = 1 << 14
)

// Parse reads a Dockerfile and returns its records and findings. A faulty instruction becomes a diagnostic, and reading goes on. Parse
// returns an error if it cannot read, if there are no instructions, or, wrapping [analyzer.ErrTooLarge], for more than 4 MiB.
func Parse(r io.Reader) (*analyzer.Result, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("dockerfile: %w", err)
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("dockerfile: more than %d bytes: %w", maxSize, analyzer.ErrTooLarge)
	}
	f := file{lines: newLineReader(string(text)), names: make(map[string]int), global: make(map[string]string), keys: make(map[string]int)}
	for {
		in, err := f.lines.next()
		if err != nil {
			f.report(0, err)
			continue
		}
		if in == nil {
			break
		}
		f.number++
		if err := f.add(in); err != nil {
			f.report(in.line, err)
		}
		if f.full {
			f.report(in.line, fmt.Errorf("more than %d records, or %d bytes of them: the rest was not read: %w", maxRecords, maxBytes, analyzer.ErrTooLarge))
			break
		}
	}
	if f.number == 0 && len(f.bad.Diagnostics()) == 0 {
		return nil, fmt.Errorf("dockerfile: %w", errNoInstruction)
	}
	f.finish()
	if f.checker.Cut {
		f.bad.Add(fmt.Errorf("too many findings: the rest is left out: %w", analyzer.ErrTooLarge))
	}
	return &analyzer.Result{Records: f.records, Findings: f.checker.Findings, Diagnostics: f.bad.Diagnostics()}, nil
}

func (f *file) report(line int, err error) {
	var at *lineError
	if errors.As(err, &at) {
		line, err = at.line, at.err
	}
	f.bad.Line(line, "%w", err)
}
