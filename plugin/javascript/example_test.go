package javascript_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hullmark/hullmark/plugin/javascript"
)

// A program that makes plugins copies the module beside each.
func Example() {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, javascript.SDK); err != nil {
		fmt.Println(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*.js"))
	for _, name := range found {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// certificate.js
	// index.js
}
