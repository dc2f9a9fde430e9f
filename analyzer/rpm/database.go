package rpm

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

const (
	keyName      = "gpg-pubkey"
	sqliteName   = "rpmdb.sqlite"
	journalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
)

// analyzeDatabase reads a database. It returns the readable packages of a damaged database, but none of one that takes too much
// memory, because a part of them would look like all.
func analyzeDatabase(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	var bad diagnostic.List
	m := membudget.New(ctx, f, 0)
	o := rpmdb.Options{Hold: m.Bytes}
	if path.Base(f.Path) == sqliteName {
		if wal := f.Sibling(walName); wal != nil {
			o.WAL = wal.Open()
		}
		bad.Add(kindOf(checkJournal(f.Sibling(journalName))))
	}
	db, err := rpmdb.Open(f.Open(), f.Size(), o)
	if err != nil {
		return &analyzer.Result{Diagnostics: bad.Diagnostics()}, kindOf(err)
	}
	var pkgs []analyzer.Package
	for h, err := range db.Headers() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		bad.Add(kindOf(err))
		if h == nil || h.Name == keyName {
			continue
		}
		p := fromHeader(h, m)
		if p.SourcePackage == nil && h.SourceRPM != "" {
			bad.At(fmt.Sprintf("header %d", h.Instance), "source package %q: not name-version-release.src.rpm", h.SourceRPM)
		}
		if pkgs, err = m.Grow(pkgs, 1, 1); err != nil {
			break
		}
		pkgs = append(pkgs, p)
	}
	providePaths(pkgs, m)
	if err := m.Err(); err != nil {
		return &analyzer.Result{Diagnostics: bad.Diagnostics()}, fmt.Errorf("rpm: %w", err)
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// checkJournal returns an error for a hot rollback journal ("Database File Format" of SQLite, section 3). Its transaction was
// interrupted, so the database may be inconsistent. rpm uses a journal only if it can't write a log.
func checkJournal(journal *analyzer.File) error {
	if journal == nil || journal.Size() < int64(len(journalMagic)) {
		return nil
	}
	head := make([]byte, len(journalMagic))
	if _, err := journal.Open().ReadAt(head, 0); err != nil {
		return fmt.Errorf("%s: %w", journalName, err)
	}
	if string(head) != journalMagic {
		return nil
	}
	return fmt.Errorf("%s: interrupted transaction: %w", journalName, rpmdb.ErrUnsupported)
}

// fromHeader returns the package of a header. Lists for which m has no room are missing.
func fromHeader(h *rpmdb.Header, m *membudget.Meter) analyzer.Package {
	// The version and the source package are copies.
	m.Bytes(int64(len(h.Name) + 2*len(h.Version) + 2*len(h.Release) + len(h.Arch) + len(h.Vendor) + 2*len(h.SourceRPM) + len(h.License) + len(h.ModularityLabel)))
	p := analyzer.Package{
		Type:          "rpm",
		Name:          h.Name,
		Version:       evr(h.Epoch, h.Version, h.Release),
		Arch:          h.Arch,
		System:        true,
		Vendor:        h.Vendor,
		Signer:        h.Signer,
		SourcePackage: origin(h.SourceRPM, h.Epoch),
		Files:         h.Files,
		Provides:      h.Provides,
	}
	for i, f := range p.Files {
		p.Files[i] = relative(f)
		if len(p.Files[i]) != len(f)-1 && m.Bytes(int64(len(f))) != nil { // a copy
			break
		}
	}
	p.Files = slices.DeleteFunc(p.Files, func(f string) bool { return f == "" }) // the root itself
	p.Depends = depends(h, m)
	if h.License != "" {
		p.Licenses = []string{licence(h.License)}
	}
	if h.ModularityLabel != "" {
		p.Qualifiers = map[string]string{"rpmmod": h.ModularityLabel}
	}
	return p
}

// licence returns the SPDX expression for a declared licence, or the declared text if none is known.
func licence(declared string) string {
	if expression, ok := license.Normalize(declared); ok {
		return expression
	}
	return declared
}

// relative returns a path relative to the root, or "" for the root itself.
func relative(p string) string {
	if p == "" || p[0] != '/' {
		p = "/" + p
	}
	return path.Clean(p)[1:]
}
