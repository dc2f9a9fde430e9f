// Package apk reads the installed database of apk-tools, the package manager of Alpine, Wolfi and their kin.
//
// The format is the text one that apk-tools 2 and 3 write: records of lines "X:value", a letter a field, which an empty
// line ends; see apk-package(5) and the wiki page "Apk spec" of Alpine.
package apk

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
)

// New returns the analyzer. Packages are of type "apk" and complete: one file has all there is to know of them. Depends
// and Provides hold names as apk compares them, "so:libc.musl-x86_64.so.1" among them.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "apk",
		Version: 1,
		Patterns: []string{
			"lib/apk/db/installed", "usr/lib/apk/db/installed",
			"lib/apk/db/installed.adb", "usr/lib/apk/db/installed.adb",
		},
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	// apk-tools 3 has a binary form, ADB (apk-v3(5)), which apk-convdb(8) writes. Its own database is of the text form still.
	if bytes.HasPrefix(text, []byte("ADB")) && len(text) > 3 && bytes.IndexByte([]byte(".dc"), text[3]) >= 0 {
		return nil, fmt.Errorf("apk: database in the binary form of apk-tools 3: %w", analyzer.ErrUnsupported)
	}
	pkgs, err := parseInstalled(text)
	return &analyzer.Result{Packages: pkgs}, err
}
