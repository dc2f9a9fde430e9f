// Package feed reads advisories where their publishers put them, and adds them to a database.
//
// [Open] opens a location: a file, a directory or a URL, plain, compressed or an archive, known by its content. A [Feed]
// turns documents found there into records; feed/debian, feed/osv and so on each provide one, and feed/all knows them by
// their names. [Load] does both, for a db.Builder. [Update] renews a database file from where the feeds' publishers put
// their data.
//
// # Errors
//
// A feed is never lost to one bad record. Feed.Parse yields a [RecordError] for a record that it does not understand, or
// not in full, together with what it did understand, and goes on. Any other error is about the document as a whole, such
// as a JSON syntax error or a body that ends early; it is the last thing yielded. Load counts the former, keeps the
// first few messages, and fails on the latter; a document that is one of many counts as a bad record itself.
//
// # Writing a feed
//
// A feed has two halves that do not know each other. Parse is a pure function of one document, which is all that is
// needed to read files. Sources say where documents come from:
//
//	func Feed() feed.Feed {
//		return feed.Feed{Name: Name, Wants: isJSON, Parse: Parse, Sources: []feed.Source{{
//			URLs:   []string{"https://tracker.example/data.json"},
//			Covers: []matcher.Key{{Type: "deb", Namespace: "example"}},
//		}}}
//	}
//
// A publisher with a file for each release has a [Source] for each; the URLs of one source are files that only together
// are complete, such as the repositories of one release. What no URL alone says is got by a Source's Fetch: it asks a
// [Fetcher] for files, with their checksums if there are any, and says where they are.
//
//	func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
//		index, err := f.Read(ctx, feed.Item{URL: f.Source.URLs[0]})
//		if err != nil {
//			return feed.Fetched{}, err
//		}
//		href, sum, err := parseIndex(index)
//		if err != nil {
//			return feed.Fetched{}, err
//		}
//		if sum == f.Fingerprint {
//			return feed.Fetched{}, feed.ErrUnchanged
//		}
//		data, err := f.Get(ctx, feed.Item{URL: href, Sum: sum})
//		return feed.Fetched{Locations: []string{data.Path}, Fingerprint: sum}, err
//	}
//
// A publisher that lists changes lets a Fetch return an increment, if Fetcher.Fingerprint says which state is there.
//
// Neither half deals with HTTP: conditional requests, retries, Retry-After, broken and stalled connections, bodies that
// are cut off, too long or a page of HTML are the Fetcher's. A Fetch that fails need not clean up, and costs nothing but
// the news: Update keeps what the database holds of the source.
package feed
