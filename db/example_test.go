package db_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

func Example() {
	var b db.Builder
	b.AddFeed(db.FeedInfo{Name: "debian", Date: time.Date(2019, 9, 1, 0, 0, 0, 0, time.UTC), Records: 1})
	key := matcher.Key{Type: "deb", Namespace: "debian", Release: "10", Name: "glibc"}
	err := b.Add(matcher.Advisory{
		ID: "CVE-2019-9169", Key: key, Feed: "debian",
		Status: matcher.Fixed, Ranges: []matcher.Range{{Fixed: "2.28-9"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for a, err := range d.Advisories(ctx, []matcher.Key{key}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a.ID, a.Status, "in", a.Ranges[0].Fixed)
	}
	coverage, err := d.Coverage(ctx, []matcher.Key{key})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(coverage[0].Feed, coverage[0].Date.Format(time.DateOnly))
	// Output:
	// CVE-2019-9169 fixed in 2.28-9
	// debian 2019-09-01
}
