package updateinfo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

// amazonCDN has the repositories of Amazon Linux. Their updateinfo.xml lists the packages of all architectures, whatever the repository.
const amazonCDN = "https://cdn.amazonlinux.com/"

// extras are the extras of Amazon Linux 2 that feeds know without the catalog: those with security updates of packages in many images.
var extras = []string{
	"corretto8", "docker", "ecs", "java-openjdk11", "kernel-5.10", "kernel-5.15", "kernel-5.4", "nginx1", "php8.2", "postgresql14", "python3.8",
	"redis6", "ruby3.0", "tomcat9",
}

// amazonDatasets returns a dataset for each release. That of release 2 has the core repository and those of some extras. The last one is for
// Inputs about Amazon Linux 1.
func amazonDatasets(extras []string) []feed.Dataset {
	dataset := func(release string, urls ...string) feed.Dataset {
		return feed.Dataset{Name: release, URLs: urls, Fetch: fetch, Covers: []matcher.Key{{Type: "rpm", Namespace: "amzn", Release: release}}}
	}
	second := dataset("2", amazonCDN+"2/core/latest/x86_64/mirror.list")
	for _, name := range extras {
		second.URLs = append(second.URLs, amazonCDN+"2/extras/"+name+"/latest/x86_64/mirror.list")
	}
	third := dataset("2023")
	for _, name := range []string{"core", "kernel-livepatch", "nvidia"} {
		third.URLs = append(third.URLs, amazonCDN+"al2023/"+name+"/mirrors/latest/x86_64/mirror.list")
	}
	return []feed.Dataset{second, third, dataset("2018")}
}

var extraName = lazyregexp.New(`^[a-zA-Z0-9][a-zA-Z0-9._+-]*$`)

// discoverExtras reads the catalog of extras: {"topics": [{"n": "kernel-5.15"}]}.
func discoverExtras(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	const location = amazonCDN + "2/extras-catalog.json"
	b, err := f.Read(ctx, location)
	if err != nil {
		return nil, err
	}
	var catalog struct {
		Topics []struct {
			Name string `json:"n"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(b, &catalog); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	var names []string
	for _, t := range catalog.Topics {
		if !extraName.MatchString(t.Name) {
			return nil, fmt.Errorf("%s: %.80q is not the name of an extra", location, t.Name)
		}
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no extras", location)
	}
	slices.Sort(names)
	return amazonDatasets(slices.Compact(names)), nil
}
