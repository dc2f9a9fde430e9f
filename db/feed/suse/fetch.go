package suse

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/listing"
	"github.com/hullmark/hullmark/matcher"
)

const directory = "https://ftp.suse.com/pub/projects/security/oval/"

// families are the datasets, with the names of their OVAL documents. A document of a major release has all of its service packs, and the modules
// and extensions.
var families = []struct {
	name       string
	document   *regexp.Regexp
	namespaces []string
}{
	{"sles", regexp.MustCompile(`^suse\.linux\.enterprise\.[0-9]+$`), []string{"sles", "sled", "sle_hpc"}},
	{"micro", regexp.MustCompile(`^suse\.linux\.(enterprise\.)?micro\.[0-9]+$`), []string{"sle-micro", "sl-micro"}},
	{"leap", regexp.MustCompile(`^opensuse\.leap\.[0-9]+\.[0-9]+$`), []string{"opensuse-leap"}},
	{"leap-micro", regexp.MustCompile(`^opensuse\.leap\.micro\.[0-9]+\.[0-9]+$`), []string{"opensuse-leap-micro"}},
	{"tumbleweed", regexp.MustCompile(`^opensuse\.tumbleweed$`), []string{"opensuse-tumbleweed"}},
}

// suffixes are those of the same document, best first. Documents without "-affected" lack unfixed vulnerabilities.
var suffixes = []string{"-affected.xml.gz", "-affected.xml.bz2", "-affected.xml", ".xml.gz", ".xml.bz2"}

// datasets returns the datasets of the documents among some files.
func datasets(files []string) []feed.Dataset {
	best := make(map[string]int) // document to the index of a suffix
	for _, name := range files {
		for i, suffix := range suffixes {
			document, ok := strings.CutSuffix(name, suffix)
			if !ok {
				continue
			}
			if j, known := best[document]; !known || i < j {
				best[document] = i
			}
			break
		}
	}
	var list []feed.Dataset
	for _, f := range families {
		s := feed.Dataset{Name: f.name}
		for document, i := range best {
			if f.document.MatchString(document) {
				s.URLs = append(s.URLs, directory+document+suffixes[i])
			}
		}
		if len(s.URLs) == 0 {
			continue
		}
		slices.Sort(s.URLs)
		for _, n := range f.namespaces {
			s.Covers = append(s.Covers, matcher.Key{Type: "rpm", Namespace: n})
		}
		list = append(list, s)
	}
	return list
}

// discover reads the list of SUSE's directory.
func discover(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	page, err := f.Read(ctx, directory)
	if err != nil {
		return nil, err
	}
	return datasets(listing.Names(page)), nil
}
