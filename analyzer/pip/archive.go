package pip

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// maxMetadata is the size in bytes to which metadata within an archive is read.
const maxMetadata = 4 << 20

// maxArchived is how many distributions are looked for in an archive; a wheel or egg holds one.
const maxArchived = 64

// analyzeArchive finds the metadata at the top of an egg (EGG-INFO/PKG-INFO) or a wheel (NAME.dist-info/METADATA).
func analyzeArchive(f *analyzer.File) (*analyzer.Result, error) {
	z, err := zip.NewReader(f.Open(), f.Size())
	if err != nil {
		return nil, fmt.Errorf("pip: archive: %w", err)
	}
	r := &analyzer.Result{}
	var errs []error
	for _, entry := range z.File {
		if !isArchivedMetadata(entry.Name) {
			continue
		}
		if len(r.Packages)+len(errs) == maxArchived {
			errs = append(errs, fmt.Errorf("pip: archive: more than %d distributions", maxArchived))
			break
		}
		p, err := readArchived(entry)
		if err != nil {
			errs = append(errs, fmt.Errorf("pip: archive: %s: %w", entry.Name, err))
		}
		if p.Name != "" {
			p.Inside = entry.Name
			r.Packages = append(r.Packages, p)
		}
	}
	return r, errors.Join(errs...)
}

func isArchivedMetadata(name string) bool {
	dir, base := path.Split(name)
	dir = strings.ToLower(strings.TrimSuffix(dir, "/"))
	return base == "PKG-INFO" && dir == "egg-info" ||
		base == "METADATA" && strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/")
}

func readArchived(entry *zip.File) (analyzer.Package, error) {
	src, err := entry.Open()
	if err != nil {
		return analyzer.Package{}, err
	}
	text, err := io.ReadAll(io.LimitReader(src, maxMetadata+1))
	err = errors.Join(err, src.Close())
	if len(text) > maxMetadata {
		return analyzer.Package{}, fmt.Errorf("more than %d bytes: %w", maxMetadata, analyzer.ErrTooLarge)
	}
	p, parseErr := parseMetadata(text)
	return p, errors.Join(err, parseErr)
}
