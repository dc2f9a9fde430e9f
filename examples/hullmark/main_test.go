package main

import (
	"os"
	"testing"
)

// TestMain keeps tests from the network, the user's files and the user's settings. Tests of what a user gets set them.
func TestMain(m *testing.M) {
	if os.Getenv("HULLMARK_TEST_MAIN") != "" { // the test binary is the command
		main()
	}
	dir, err := os.MkdirTemp("", "hullmark-test")
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{"HULLMARK_OFFLINE": "1", "HULLMARK_DB": "", "HULLMARK_DB_KEY": "", envMirror: "", "XDG_CACHE_HOME": dir} {
		os.Setenv(name, value)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
