package composer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// parseInstalled reads vendor/composer/installed.json: an array of packages, as Composer 1 wrote it, or an object with
// "packages" and "dev-package-names".
func parseInstalled(text []byte) ([]analyzer.Package, error) {
	s := newStream(bytes.TrimPrefix(text, []byte("\ufeff")))
	var packages []analyzer.Package
	dev := make(map[string]bool)
	open, err := s.begin()
	if err == nil {
		if open == '[' {
			err = s.packages(open, &packages)
		} else {
			err = s.members(open, func(key string) error {
				switch key {
				case "packages":
					open, err := s.begin()
					if err != nil {
						return err
					}
					return s.packages(open, &packages)
				case "dev-package-names":
					var names []string
					err := s.value(&names)
					for _, name := range names {
						dev[strings.ToLower(name)] = true
					}
					return err
				}
				return s.value(new(ignored))
			})
		}
	}
	for i := range packages {
		p := &packages[i]
		p.Dev = dev[strings.ToLower(p.Namespace+"/"+p.Name)]
	}
	return packages, s.err(installedJSON, err)
}

// ignored is a value that is only skipped.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// packages reads the packages of an array that has begun. (PHP writes an array with gaps as an object.)
func (s *stream) packages(open json.Delim, packages *[]analyzer.Package) error {
	return s.members(open, func(string) error {
		var d described
		if err := s.value(&d); err != nil {
			return err
		}
		p, err := d.locate()
		if err != nil {
			s.note(err)
		}
		if p.Name != "" {
			*packages = append(*packages, p)
		}
		return nil
	})
}

// parseLock reads composer.lock: "packages", "packages-dev", and "aliases", by which the application says what version
// a branch is to stand for.
func parseLock(text []byte) ([]analyzer.Package, error) {
	s := newStream(text)
	var packages []analyzer.Package
	type alias struct{ Package, Version, Alias string }
	var aliases []alias
	open, err := s.begin()
	if err == nil && open == '[' {
		err = errors.New("an array where an object is expected")
	}
	if err == nil {
		err = s.members(open, func(key string) error {
			switch key {
			case "packages", "packages-dev":
				open, err := s.begin()
				if err != nil {
					return err
				}
				from := len(packages)
				err = s.packages(open, &packages)
				for i := from; i < len(packages); i++ {
					packages[i].Declared, packages[i].Dev = true, key == "packages-dev"
				}
				return err
			case "aliases":
				return s.value(&aliases)
			}
			return s.value(new(ignored))
		})
	}
	byName := make(map[string]string, len(aliases))
	for _, a := range aliases {
		byName[strings.ToLower(a.Package)+" "+a.Version] = a.Alias
	}
	for i := range packages {
		p := &packages[i]
		if isBranch(p.Version) {
			setQualifier(p, "alias", byName[strings.ToLower(p.Namespace+"/"+p.Name)+" "+p.Version])
		}
	}
	return packages, s.err("composer.lock", err)
}
