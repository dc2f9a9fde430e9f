package journal_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
)

// A tag moves to a new build: both analyses and the move are events.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	j := &journal.Journal{Store: new(catalog.Memory), Now: func() time.Time { return now }}
	for i := range 2 {
		digest := "sha256:" + strings.Repeat(fmt.Sprint(i+1), 64)
		scanned := &analyzer.Report{Components: []analyzer.Component{{ID: "1", Layer: -1, Package: analyzer.Package{Type: "npm", Name: "left", Version: fmt.Sprint(i)}}}}
		tag := catalog.Tag{Name: "registry.example/team/app:latest", Digest: digest, Since: now}
		if err := j.Analyzed(ctx, catalog.Image{Digest: digest}, scanned, []catalog.Tag{tag}); err != nil {
			log.Fatal(err)
		}
		now = now.Add(time.Hour)
	}

	events, err := j.Store.Events(ctx, 0, 10)
	if err != nil {
		log.Fatal(err)
	}
	for i := range events {
		for image, err := range j.Images(ctx, &events[i], nil) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(events[i].Number, events[i].Kind, image.Repository, image.Tag, image.Digest[:10])
		}
	}
	// Output:
	// 1 image-analyzed registry.example/team/app latest sha256:111
	// 2 tag-moved registry.example/team/app latest sha256:222
	// 3 image-analyzed registry.example/team/app latest sha256:222
}
