package verify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

const (
	typeRPM = "rpm"
	walName = "rpmdb.sqlite-wal"
)

// newRPM reads what rpm(8) records about the files of its packages, from its database in each format.
func newRPM() analyzer.Analyzer {
	var patterns []string
	for _, dir := range [...]string{"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"} {
		for _, base := range [...]string{"Packages", "Packages.db", "rpmdb.sqlite"} {
			patterns = append(patterns, dir+base)
		}
	}
	return analyzer.Func(analyzer.Info{
		Name:      "verify-rpm",
		Completes: "rpm",
		Version:   1,
		Patterns:  patterns,
		Siblings:  []string{walName},
		Finds:     []string{finds},
	}, analyzeRPM)
}

func analyzeRPM(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	var bad diagnostic.List
	m := membudget.New(ctx, f, 0)
	o := rpmdb.Options{Hold: m.Bytes, Details: true}
	if wal := f.Sibling(walName); wal != nil && path.Base(f.Path) == "rpmdb.sqlite" {
		o.WAL = wal.Open()
	}
	db, err := rpmdb.Open(f.Open(), f.Size(), o)
	if err != nil {
		return nil, kindOf(err)
	}
	var list []analyzer.Package
	for h, err := range db.Headers() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			bad.Add(kindOf(err))
		}
		if h == nil || len(h.Details) != len(h.Files) || len(h.Files) == 0 {
			continue
		}
		p := analyzer.Package{Type: typeRPM, Name: h.Name, Version: evr(h), Arch: h.Arch}
		if p.Recorded, err = recordedRPM(h, m); err != nil {
			break
		}
		if p.Recorded == "" {
			continue
		}
		if list, err = m.Append(list, p); err != nil {
			break
		}
	}
	r := &analyzer.Result{Fragments: list, Diagnostics: bad.Diagnostics()}
	if err := m.Err(); err != nil {
		r.Fragments = nil
		return r, fmt.Errorf("verify: %w", err)
	}
	return r, nil
}

// evr returns the version as the analyzer of packages writes it.
func evr(h *rpmdb.Header) string {
	v := h.Version + "-" + h.Release
	if h.Epoch != 0 {
		v = fmt.Sprintf("%d:%s", h.Epoch, v)
	}
	return v
}

// recordedRPM packs the files of a header. Their memory goes back to m.
func recordedRPM(h *rpmdb.Header, m *membudget.Meter) (analyzer.Recorded, error) {
	n := int64(len(h.Files))
	if err := m.Bytes(recordSize * n); err != nil {
		return "", err
	}
	files := make([]analyzer.RecordedFile, 0, len(h.Files))
	texts := int64(0)
	for i, name := range h.Files {
		d := &h.Details[i]
		texts += int64(stringLen + len(name) + len(d.Digest) + len(d.Target) + len(d.User) + len(d.Group) + len(d.Capabilities))
		if f, ok := fromDetail(d, h.DigestAlgorithm); ok {
			f.Path = relative(name)
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b analyzer.RecordedFile) int { return cmp.Compare(a.Path, b.Path) })
	packed := analyzer.RecordedOf(slices.Values(files))
	err := m.Bytes(int64(len(packed)))
	m.Free((recordSize+rpmdb.DetailSize)*n + texts) // those of the header, too
	return packed, err
}

// fromDetail returns what rpm verifies of a file. It returns false for files that rpm did not install, such as documentation with
// --excludedocs, because rpm verifies nothing of them.
func fromDetail(d *rpmdb.FileDetail, algorithm string) (analyzer.RecordedFile, bool) {
	verify := d.Verify
	switch d.State {
	case rpmdb.StateNotInstalled, rpmdb.StateNetShared:
		return analyzer.RecordedFile{}, false
	case rpmdb.StateReplaced: // only that it exists
		verify = 0
	case rpmdb.StateWrongColor:
		verify &^= rpmdb.VerifyDigest | rpmdb.VerifySize | rpmdb.VerifyModTime | rpmdb.VerifyDevice
	}
	f := analyzer.RecordedFile{
		Config:        d.Flags&rpmdb.FileConfig != 0,
		Ghost:         d.Flags&rpmdb.FileGhost != 0,
		Documentation: d.Flags&(rpmdb.FileDocumentation|rpmdb.FileLicense|rpmdb.FileReadme) != 0,
		Optional:      d.Flags&(rpmdb.FileMissingOK|rpmdb.FileGhost) != 0,
		Mode:          fileMode(d.Mode),
		User:          d.User,
		Group:         d.Group,
		ModTime:       int64(d.ModTime),
		Size:          int64(d.Size),
		Target:        d.Target,
		Capabilities:  d.Capabilities,
	}
	if digest, err := hex.DecodeString(d.Digest); err == nil && len(bytes.Trim(digest, "\x00")) > 0 {
		f.Algorithm, f.Digest = algorithm, string(digest)
	}
	if f.Mode&fs.ModeDevice != 0 {
		f.Major, f.Minor = int(d.Device>>8), int(d.Device&0xff)
	}
	for _, bit := range [...]struct {
		verify     uint32
		attributes analyzer.Attributes
	}{
		{rpmdb.VerifyDigest, analyzer.AttrContent},
		{rpmdb.VerifySize, analyzer.AttrSize},
		{rpmdb.VerifyTarget, analyzer.AttrTarget},
		{rpmdb.VerifyUser, analyzer.AttrUser},
		{rpmdb.VerifyGroup, analyzer.AttrGroup},
		{rpmdb.VerifyModTime, analyzer.AttrModTime},
		{rpmdb.VerifyMode, analyzer.AttrMode | analyzer.AttrType},
		{rpmdb.VerifyDevice, analyzer.AttrDevice},
		{rpmdb.VerifyCapabilities, analyzer.AttrCapabilities},
	} {
		if verify&bit.verify != 0 {
			f.Attributes |= bit.attributes
		}
	}
	if f.Ghost { // programs write its content
		f.Attributes &^= analyzer.AttrContent | analyzer.AttrSize | analyzer.AttrModTime | analyzer.AttrTarget | analyzer.AttrType
	}
	if f.Mode.IsDir() { // the size and time of a directory mean nothing
		f.Size, f.ModTime = 0, 0
	}
	return f, true
}

// kindOf wraps an error of package rpmdb with the error of package analyzer for its kind.
func kindOf(err error) error {
	switch {
	case errors.Is(err, rpmdb.ErrUnsupported):
		return fmt.Errorf("verify: %w: %w", err, analyzer.ErrUnsupported)
	case errors.Is(err, rpmdb.ErrTooLarge):
		return fmt.Errorf("verify: %w: %w", err, analyzer.ErrTooLarge)
	}
	return fmt.Errorf("verify: %w", err)
}
