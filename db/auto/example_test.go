package auto_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/auto"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

// A program fetches the advisories that the packages of an image need. Here a directory is the mirror of the publishers.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	published := filepath.Join(dir, "mirror", "osv-vulnerabilities.storage.googleapis.com", "PyPI", "all.zip") // or a document
	os.MkdirAll(filepath.Dir(published), 0o777)
	os.WriteFile(published, []byte(`{"id":"PYSEC-1","modified":"2026-01-02T00:00:00Z",
		"affected":[{"package":{"ecosystem":"PyPI","name":"example"},"versions":["1.0"]}]}`), 0o666)

	advisories := auto.Database{
		File:   filepath.Join(dir, "advisories.db"),
		Feeds:  []feed.Feed{osv.Feed()}, // or all.Feeds()
		Update: feed.UpdateOptions{Mirror: filepath.Join(dir, "mirror")},
	}
	found := &analyzer.Report{Components: []analyzer.Component{{ID: "1", Package: analyzer.Package{Type: "pypi", Name: "example", Version: "1.0"}}}}
	source, err := advisories.Open(context.Background(), found)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	result, err := matcher.Matcher{Source: source}.Match(context.Background(), found)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range result.Matches {
		fmt.Println(m.ID, m.Component)
	}
	// Output: PYSEC-1 1
}
