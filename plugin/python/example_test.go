package python_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hullmark/hullmark/plugin/python"
)

// A program that makes plugins copies the module beside each.
func Example() {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, python.SDK); err != nil {
		fmt.Println(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*.py"))
	for _, name := range found {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// __init__.py
	// analyzer_pb2.py
}
