// Package apk reads the installed database of apk-tools, the package manager of Alpine, Wolfi and their derivatives.
//
// apk-tools 2 and 3 write the database as text. A record has lines "X:value", where X is the letter of a field, and ends with
// an empty line. See apk-package(5) and the wiki page "Apk spec" of Alpine.
package apk

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

// The sizes in bytes of the largest database that is read, and of its result.
const (
	maxSize     = 96 << 20
	maxPackages = 96 << 20
)

// New returns the analyzer. Packages have type "apk". They are complete, since one file holds all data. Depends and Provides
// hold names as apk compares them, including names such as "so:libc.musl-x86_64.so.1".
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "apk",
		Version: 1,
		Patterns: []string{
			"lib/apk/db/installed", "usr/lib/apk/db/installed",
			"lib/apk/db/installed.adb", "usr/lib/apk/db/installed.adb",
		},
		MaxSize: maxSize,
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	// apk-convdb(8) of apk-tools 3 writes a binary form, ADB (apk-v3(5)). The installed database is still text.
	if bytes.HasPrefix(text, []byte("ADB")) && len(text) > 3 && bytes.IndexByte([]byte(".dc"), text[3]) >= 0 {
		return nil, fmt.Errorf("apk: database in the binary form of apk-tools 3: %w", analyzer.ErrUnsupported)
	}
	return parseInstalled(text, membudget.New(ctx, f, maxPackages))
}
