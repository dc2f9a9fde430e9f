package composer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// parseInstalled reads vendor/composer/installed.json. Composer 1 wrote an array of packages; later versions write an object
// with "packages" and "dev-package-names".
func parseInstalled(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	r := jsonstream.NewLimited(text, maxValue)
	var packages []analyzer.Package
	dev := make(map[string]bool)
	var bad diagnostic.List
	err := r.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return readPackage(r, &packages, m)
		case key == "packages":
			return r.Members(func(string) error { return readPackage(r, &packages, m) })
		case key == "dev-package-names":
			var names []string
			err := r.Value(&names)
			for _, name := range names {
				dev[strings.ToLower(name)] = true
			}
			return err
		}
		return r.Skip()
	})
	for i := range packages {
		p := &packages[i]
		p.Dev = dev[strings.ToLower(p.Namespace+"/"+p.Name)]
	}
	return result(packages, &bad, installedJSON, err)
}

// result returns the packages read so far, and the error that ended the reading.
func result(packages []analyzer.Package, bad *diagnostic.List, name string, err error) (*analyzer.Result, error) {
	if err != nil {
		err = fmt.Errorf("composer: %s: %w", name, err)
	}
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, err
}

// readPackage reads a described package and appends it to packages.
func readPackage(r *jsonstream.Reader, packages *[]analyzer.Package, m *membudget.Meter) error {
	var d described
	if err := r.Value(&d); err != nil {
		return err
	}
	p, err := d.locate()
	if err != nil {
		r.Note(err)
	}
	if p.Name == "" {
		return nil
	}
	*packages, err = m.Append(*packages, p)
	return err
}

var errNotObject = errors.New("an array where an object is expected")

// parseLock reads composer.lock: "packages", "packages-dev", and "aliases", which hold the versions that branches stand for.
func parseLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	r := jsonstream.NewLimited(text, maxValue)
	var packages []analyzer.Package
	var aliases []struct{ Package, Alias string } // without "version": its normal form matches no package
	var bad diagnostic.List
	err := r.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return errNotObject
		case key == "packages" || key == "packages-dev":
			return r.Members(func(string) error {
				from := len(packages)
				err := readPackage(r, &packages, m)
				for i := from; i < len(packages); i++ {
					packages[i].Declared, packages[i].Dev = true, key == "packages-dev"
				}
				return err
			})
		case key == "aliases":
			return r.Value(&aliases)
		}
		return r.Skip()
	})
	byName := make(map[string]string, len(aliases))
	for _, a := range aliases {
		byName[strings.ToLower(a.Package)] = a.Alias
	}
	for i := range packages {
		p := &packages[i]
		if isBranch(p.Version) {
			setQualifier(p, "alias", byName[strings.ToLower(p.Namespace+"/"+p.Name)])
		}
	}
	return result(packages, &bad, "composer.lock", err)
}
