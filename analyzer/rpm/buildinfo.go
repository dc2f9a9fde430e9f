package rpm

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

// Red Hat's images state the repositories that their packages come from:
//
//	root/buildinfo/content_manifests/NAME.json  content manifest of a layer; upper layers add their own
//	usr/share/buildinfo/content-sets.json       the same in images of 2025 and later
//	usr/share/buildinfo/labels.json             the image's labels; the label cpe names the product
//
// dnf and yum record the repository of each package that they installed. The rank of such a distribution is that of no release file.
const (
	buildinfoRank = 20
	labelsName    = "labels.json"
	historyName   = "history.sqlite"
	historyWAL    = historyName + "-wal"
	fromRepo      = "from_repo"

	// RepositoryQualifier names a package's repository. Red Hat's own documents have it in package URLs.
	repositoryQualifier = "repository_id"
)

// Bounds on the content of a file. Real manifests list up to some hundred repositories.
const (
	maxBuildinfo    = 64 << 20
	maxRepositories = 10_000
	maxName         = 1 << 10
)

// analyzeBuildinfo reads a content manifest, https://github.com/containerbuildsystem/atomic-reactor/blob/master/atomic_reactor/schemas/content_manifest.json,
// or a list of labels.
func analyzeBuildinfo(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if f.Size() > maxBuildinfo {
		return nil, fmt.Errorf("rpm: %d bytes, more than %d: %w", f.Size(), maxBuildinfo, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	m := membudget.New(ctx, f, 0)
	var list []string
	var bad diagnostic.List
	add := func(name string) error {
		if name == "" {
			return nil
		}
		if len(name) > maxName {
			bad.At("content_sets", "a name of %d bytes", len(name))
			return nil
		}
		if len(list) == maxRepositories {
			return fmt.Errorf("more than %d repositories: %w", maxRepositories, analyzer.ErrTooLarge)
		}
		list = append(list, strings.Clone(name))
		return m.List(1, len(name))
	}
	r := jsonstream.New(text)
	err = r.Object(func(key string) error {
		switch {
		case path.Base(f.Path) == labelsName && key == "cpe":
			cpe, err := r.String()
			if err == nil && strings.HasPrefix(cpe, "cpe:/") {
				err = add(cpe)
			}
			return err
		case path.Base(f.Path) != labelsName && key == "content_sets":
			return readContentSets(r, &bad, add)
		}
		return r.Skip()
	})
	result := &analyzer.Result{Diagnostics: bad.Diagnostics()}
	if len(list) > 0 {
		slices.Sort(list)
		result.Distro = &analyzer.Distro{Rank: buildinfoRank, Repositories: slices.Compact(list)}
	}
	if err != nil {
		return result, fmt.Errorf("rpm: %w", err)
	}
	return result, nil
}

// readContentSets reads null or an array of names.
func readContentSets(r *jsonstream.Reader, bad *diagnostic.List, add func(name string) error) error {
	if c, err := r.Peek(); err != nil || c == 'n' {
		return r.Skip()
	}
	return r.Array(func() error {
		if c, err := r.Peek(); err != nil || c != '"' {
			bad.At("content_sets", "byte %d: not the name of a repository", r.Offset())
			return r.Skip()
		}
		id, err := r.String()
		if err != nil {
			return err
		}
		return add(id)
	})
}

// analyzeHistory reads the history of dnf.
func analyzeHistory(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	m := membudget.New(ctx, f, 0)
	o := rpmdb.Options{Hold: m.Bytes}
	if wal := f.Sibling(historyWAL); wal != nil {
		o.WAL = wal.Open()
	}
	var bad diagnostic.List
	var list []analyzer.Package
	for i, err := range rpmdb.History(f.Open(), f.Size(), o) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			bad.Add(kindOf(err))
			continue
		}
		if !isContentSet(i.Repository) {
			continue
		}
		if list, err = m.Append(list, fragmentOf(i.Name, i.Version, i.Arch, i.Repository)); err != nil {
			break
		}
	}
	result := &analyzer.Result{Fragments: list, Diagnostics: bad.Diagnostics()}
	if err := m.Err(); err != nil {
		return &analyzer.Result{Diagnostics: bad.Diagnostics()}, fmt.Errorf("rpm: %w", err)
	}
	return result, nil
}

// analyzeFromRepo reads the repository of one package that yum installed. The directory is named HASH-NAME-VERSION-RELEASE-ARCH. It lacks the
// epoch, which the engine does not compare then.
func analyzeFromRepo(f *analyzer.File) (*analyzer.Result, error) {
	if f.Size() > maxName {
		return nil, fmt.Errorf("rpm: %d bytes, more than %d: %w", f.Size(), maxName, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	id := strings.TrimSpace(string(text))
	_, label, _ := strings.Cut(path.Base(path.Dir(f.Path)), "-")
	nvr, arch := label, ""
	if i := strings.LastIndexByte(label, '-'); i >= 0 {
		nvr, arch = label[:i], label[i+1:]
	}
	name, version, release, ok := cutNVR(nvr)
	if !ok {
		return nil, fmt.Errorf("rpm: directory %.80q: not hash-name-version-release-arch", label)
	}
	if !isContentSet(id) {
		return new(analyzer.Result), nil
	}
	return &analyzer.Result{Fragments: []analyzer.Package{fragmentOf(name, version+"-"+release, arch, id)}}, nil
}

func fragmentOf(name, version, arch, repository string) analyzer.Package {
	return analyzer.Package{
		Type: "rpm", Name: name, Version: version, Arch: arch, System: true,
		Qualifiers: map[string]string{repositoryQualifier: repository},
	}
}

// isContentSet reports whether a repository has the name of one of Red Hat's. Others, such as "fedora" and "@commandline", mean nothing to
// advisories, and every package would have a longer package URL.
func isContentSet(id string) bool { return strings.Contains(id, "-rpms") && len(id) <= maxName }
