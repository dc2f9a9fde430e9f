package jsonlines_test

import (
	"fmt"
	"os"

	"github.com/hullmark/hullmark/db/jsonlines"
	"github.com/hullmark/hullmark/matcher"
)

func ExampleWriteAdvisories() {
	advisories := []matcher.Advisory{{
		ID: "CVE-2024-0001", Feed: "debian", Status: matcher.Fixed,
		Key:    matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "bash"},
		Ranges: []matcher.Range{{Fixed: "5.2.15-3"}},
	}}
	if err := jsonlines.WriteAdvisories(os.Stdout, advisories); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"advisory":{"id":"CVE-2024-0001","package":{"type":"deb","namespace":"debian","release":"12","name":"bash"},"ranges":[{"fixed":"5.2.15-3"}],"status":"fixed","feed":"debian"}}
}
