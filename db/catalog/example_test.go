package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Which images would an advisory touch that is not published yet?
func Example() {
	ctx := context.Background()
	var store catalog.Memory
	var builder catalog.IndexBuilder
	for digest, version := range map[string]string{
		"sha256:1111111111111111111111111111111111111111111111111111111111111111": "1.0.0",
		"sha256:2222222222222222222222222222222222222222222222222222222222222222": "2.0.0",
	} {
		scanned := &analyzer.Report{Components: []analyzer.Component{{ID: "1", Layer: -1, Package: analyzer.Package{Type: "npm", Name: "left", Version: version}}}}
		if err := catalog.Put(ctx, &store, catalog.Image{Digest: digest}, scanned); err != nil {
			log.Fatal(err)
		}
		_, parts, err := catalog.Load(ctx, &store, digest)
		if err != nil {
			log.Fatal(err)
		}
		if err := builder.Add(digest, parts); err != nil {
			log.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := builder.WriteTo(&file); err != nil {
		log.Fatal(err)
	}
	index, err := catalog.OpenIndex(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}

	draft := matcher.Advisory{ID: "DRAFT-1", Key: matcher.Key{Type: "npm", Name: "left"}, Ranges: []matcher.Range{{Fixed: "1.5.0"}}}
	numbers, err := watch.Affected(ctx, matcher.Matcher{}, index, draft)
	if err != nil {
		log.Fatal(err)
	}
	images, err := index.Images(ctx, numbers)
	if err != nil {
		log.Fatal(err)
	}
	for digest, err := range images.Digests(ctx) {
		fmt.Println(digest[:12], err)
	}
	// Output: sha256:11111 <nil>
}
