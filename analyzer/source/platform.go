package source

import (
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// parsePlatform reads "os/architecture[/variant]".
func parsePlatform(s string) (*v1.Platform, error) {
	p, err := v1.ParsePlatform(s)
	if err != nil || p.OS == "" || p.Architecture == "" {
		return nil, fmt.Errorf("platform %q is not of the form os/architecture[/variant], as in linux/arm64", s)
	}
	return p, nil
}

// wantedPlatform returns the platform to choose from an index: the requested one, else linux on this program's architecture.
func wantedPlatform(platform string) (v1.Platform, error) {
	if platform == "" {
		return v1.Platform{OS: "linux", Architecture: runtime.GOARCH}, nil
	}
	p, err := parsePlatform(platform)
	if err != nil {
		return v1.Platform{}, err
	}
	return *p, nil
}

// checkPlatform refuses an image for another platform than the requested one. It accepts root file systems, which do not name
// their platform.
func checkPlatform(img *Image, platform string) error {
	if platform == "" || img.root != nil {
		return nil
	}
	want, err := parsePlatform(platform)
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if have := config.Platform(); have == nil || !have.Satisfies(*want) {
		return fmt.Errorf("%w for %s: it is for %s/%s", errNotFound, platform, config.OS, config.Architecture)
	}
	return nil
}
