package openeuler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// documentName matches the name of a document in an index, with its year and number.
var documentName = lazyregexp.New(`^[0-9]{4}/cvrf-openEuler-SA-([0-9]{4})-([0-9]{1,6})\.xml$`)

// maxDocuments bounds the number of documents that an index may list.
const maxDocuments = 100_000

// fetch downloads the documents of a directory, the dataset's URL. Its index.txt lists their names, one a line:
//
//	2025/cvrf-openEuler-SA-2025-1379.xml
//
// The first time, fetch downloads all documents, and later the new ones: those with a higher number than any of their year before. The
// fingerprint is the highest number of each year, "2024:2633 2025:1379". openEuler does not list changes of documents.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	base := strings.TrimSuffix(f.Dataset.URLs[0], "/") + "/"
	b, err := f.Read(ctx, base+"index.txt")
	if err != nil {
		return feed.Fetched{}, err
	}
	was := parseHighest(f.Fingerprint)
	highest := make(map[int]int)
	numbers := make(map[string][2]int) // year and number of the documents to download
	for line := range strings.Lines(string(b)) {
		name := strings.TrimSpace(line)
		if name == "" {
			continue
		}
		m := documentName.FindStringSubmatch(name)
		if m == nil {
			return feed.Fetched{}, fmt.Errorf("openeuler: index.txt: %.80q is not the name of a document", name)
		}
		year, _ := strconv.Atoi(m[1])   // digits
		number, _ := strconv.Atoi(m[2]) // digits
		highest[year] = max(highest[year], number)
		if number > was[year] {
			numbers[name] = [2]int{year, number}
		}
		if len(numbers) > maxDocuments {
			return feed.Fetched{}, fmt.Errorf("openeuler: index.txt: more than %d documents: %w", maxDocuments, feed.ErrTooLarge)
		}
	}
	for year, number := range was {
		if highest[year] < number {
			return feed.Fetched{}, fmt.Errorf("openeuler: index.txt no longer lists document %d of %d", number, year)
		}
	}
	switch {
	case len(highest) == 0:
		return feed.Fetched{}, errors.New("openeuler: index.txt lists no documents")
	case len(numbers) == 0:
		return feed.Fetched{}, feed.ErrUnchanged
	}
	got := feed.Fetched{Increment: len(was) > 0, Additive: true}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		g.Go(func() error {
			_, err := f.Get(ctx, feed.Item{URL: base + name, Name: "documents/" + name})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, fs.ErrNotExist) {
				if n := numbers[name]; got.Increment { // the next fetch asks for it and all after it
					highest[n[0]] = min(highest[n[0]], n[1]-1)
				}
				got.Missing = append(got.Missing, err)
				return nil
			}
			got.Locations = []string{"documents"}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return feed.Fetched{}, err
	}
	if len(got.Locations) == 0 {
		return feed.Fetched{}, errors.Join(got.Missing...)
	}
	got.Fingerprint = formatHighest(highest)
	return got, nil
}

// parseHighest parses a fingerprint.
func parseHighest(fingerprint string) map[int]int {
	highest := make(map[int]int)
	for field := range strings.FieldsSeq(fingerprint) {
		var year, number int
		if n, _ := fmt.Sscanf(field, "%d:%d", &year, &number); n == 2 {
			highest[year] = number
		}
	}
	return highest
}

func formatHighest(highest map[int]int) string {
	var fields []string
	for _, year := range slices.Sorted(maps.Keys(highest)) {
		fields = append(fields, fmt.Sprintf("%d:%d", year, highest[year]))
	}
	return strings.Join(fields, " ")
}
