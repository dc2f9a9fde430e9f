package source

import (
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// wantedPlatform returns the platform to choose of an index: the one that was asked for, else that of this program, on
// linux.
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

// checkPlatform refuses an image for another platform than the one that was asked for.
func checkPlatform(img v1.Image, platform string) error {
	if platform == "" {
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
		return fmt.Errorf("%w for %s: it is for %s/%s", ErrNotFound, platform, config.OS, config.Architecture)
	}
	return nil
}
