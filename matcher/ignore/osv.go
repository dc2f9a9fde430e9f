package ignore

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/hullmark/hullmark/matcher/report"
)

// An osvFile is an osv-scanner.toml file, https://google.github.io/osv-scanner/configuration/.
type osvFile struct {
	IgnoredVulns []struct {
		ID          string `toml:"id"`
		IgnoreUntil any    `toml:"ignoreUntil"`
		Reason      string `toml:"reason"`
	}
	PackageOverrides []struct {
		Name          string `toml:"name"`
		Version       string `toml:"version"`
		Ecosystem     string `toml:"ecosystem"`
		Group         string `toml:"group"`
		Ignore        bool   `toml:"ignore"`
		Vulnerability struct {
			Ignore bool `toml:"ignore"`
		} `toml:"vulnerability"`
		License        any    `toml:"license"`
		EffectiveUntil any    `toml:"effectiveUntil"`
		Reason         string `toml:"reason"`
	}
	LoadPath          string
	GoVersionOverride string
}

// osvTypes are the PURL types of OSV's ecosystems.
var osvTypes = map[string]string{
	"alpine": "apk", "crates.io": "cargo", "cran": "cran", "debian": "deb", "go": "golang", "hex": "hex", "maven": "maven", "npm": "npm", "nuget": "nuget", "packagist": "composer",
	"pub": "pub", "pypi": "pypi", "rubygems": "gem", "swifturl": "swift", "ubuntu": "deb", "red hat": "rpm", "rocky linux": "rpm", "almalinux": "rpm", "suse": "rpm", "opensuse": "rpm", "wolfi": "apk", "chainguard": "apk",
}

// osv reads an osv-scanner.toml file. A key that it does not have is an error: a date under a wrong name would never end.
func (o *other) osv(text []byte) error {
	var f osvFile
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var strict *toml.StrictMissingError
		var decode *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			line, _ := strict.Errors[0].Position()
			return fmt.Errorf("line %d: unknown key %s: %w", line, strings.Join(strict.Errors[0].Key(), "."), ErrSyntax)
		case errors.As(err, &decode):
			line, _ := decode.Position()
			return fmt.Errorf("line %d: %s: %w", line, strings.TrimPrefix(decode.Error(), "toml: "), ErrSyntax)
		}
		return fmt.Errorf("%w: %w", err, ErrSyntax)
	}
	for i, v := range f.IgnoredVulns {
		place := fmt.Sprintf("IgnoredVulns[%d]", i)
		until, err := tomlInstant(v.IgnoreUntil)
		if err != nil {
			return fmt.Errorf("%s: ignoreUntil: %w", place, err)
		}
		if v.ID == "" {
			return fmt.Errorf("%s has no id: %w", place, ErrSyntax)
		}
		if err := o.add(report.Ignore{ID: v.ID, Reason: v.Reason, Expires: until}, place); err != nil {
			return err
		}
	}
	for i, p := range f.PackageOverrides {
		place := fmt.Sprintf("PackageOverrides[%d]", i)
		until, err := tomlInstant(p.EffectiveUntil)
		if err != nil {
			return fmt.Errorf("%s: effectiveUntil: %w", place, err)
		}
		g := report.Ignore{Package: p.Name, Version: p.Version, Reason: p.Reason, Expires: until}
		ecosystem, release, _ := strings.Cut(p.Ecosystem, ":")
		if p.Ecosystem != "" {
			g.Type = osvTypes[strings.ToLower(ecosystem)]
		}
		switch {
		case !p.Ignore && !p.Vulnerability.Ignore:
			o.note(place, "not carried over: it is about licences only")
		case p.Name == "":
			o.note(place, "not carried over: it has no name of a package")
		case p.Group != "":
			o.note(place, "not carried over: group %s", p.Group)
		case p.Ecosystem != "" && g.Type == "", release != "":
			o.note(place, "not carried over: ecosystem %s", p.Ecosystem)
		default:
			if p.License != nil {
				o.note(place, "not carried over: the part about licences")
			}
			if err := o.add(g, place); err != nil {
				return err
			}
		}
	}
	if f.GoVersionOverride != "" {
		o.note("GoVersionOverride", "not carried over")
	}
	return nil
}

// tomlInstant returns the time of a value: a date, a time or a text.
func tomlInstant(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case toml.LocalDate:
		return v.AsTime(time.UTC), nil
	case toml.LocalDateTime:
		return v.AsTime(time.UTC), nil
	case string:
		return instant(v)
	}
	return time.Time{}, fmt.Errorf("%v is no time: %w", v, ErrSyntax)
}
