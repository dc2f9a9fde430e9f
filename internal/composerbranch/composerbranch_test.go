package composerbranch

import "testing"

func TestIs(t *testing.T) {
	for version, want := range map[string]bool{
		"dev-main": true, "DEV-Main": true, " dev-feature/x ": true, "dev-main as 1.0.x-dev": true, "dev-main@dev": true, "master": true,
		"trunk@dev": true, "default as 2.0": true,
		"1.x-dev": false, "2.0.0-dev": false, "1.0": false, "": false, "mastery": false,
	} {
		if got := Is(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
