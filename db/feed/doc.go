// Package feed reads advisories from their publishers and adds them to a database.
//
// A [Feed] turns documents into records. Packages below this one provide feeds, and package feed/all lists them. [Load] adds the data of
// one location to a db.Builder: a file, a directory or a URL, plain, compressed or an archive. [Update] renews a database file from the
// publishers of feeds.
//
// # Errors
//
// One bad record does not spoil a feed. If a feed cannot understand a record, or parts of it, it sets Record.Err and continues. An error
// of Parse is about the document, a syntax error or an unexpected end for example, and ends it. Load counts the bad records, keeps the
// first errors, and fails if its only document has an error.
//
// # Limits
//
// Besides Limits, every feed bounds the memory for one document and one record. Real documents stay well below. Data beyond a limit
// is ErrTooLarge: the error of the document, or of the record if the feed can go on.
//
//	one JSON value                          64 MiB, counting 16 bytes more for each value in it, 128 for each array or object
//	the names of one JSON object            64 MiB, counting 16 bytes more for each
//	one XML element                         64 MiB, counting 64 bytes more for each element in it
//	one XML tag or text                     4 MiB
//	one row of CSV                          4 MiB
//	one stream of YAML                      4 MiB
//	one number                              1000 bytes
//	OVAL definitions, held until their end  1 GiB
//	Canonical's archives, before a join     64 GiB each, decompressed; 8 GiB of pairs
//	one document of CSAF or OpenVEX         64 MiB; of CSAF, products, relationships and vulnerabilities take 256 MiB in memory
//	advisories of one record                250,000: vulnerabilities times packages
//	ranges or fixes of one package          1000
//	errors of one record                    20 in full; the others are counted
//
// # Writing a feed
//
// A feed has two independent halves. Parse is a pure function of one document. It suffices to read files. Datasets tell where documents
// come from:
//
//	func Feed() feed.Feed {
//		return feed.Feed{Name: "example", Wants: isJSON, Parse: parse, Datasets: []feed.Dataset{{
//			URLs:   []string{"https://tracker.example/data.json"},
//			Covers: []matcher.Key{{Type: "deb", Namespace: "example"}},
//		}}}
//	}
//
//	func parse(r io.Reader) iter.Seq2[feed.Record, error] {
//		return feed.Records(func(yield func(feed.Record) error) error {
//			for d := json.NewDecoder(r); d.More(); {
//				var e entry
//				if err := d.Decode(&e); err != nil {
//					return err
//				}
//				if err := yield(e.record()); err != nil {
//					return err
//				}
//			}
//			return nil
//		})
//	}
//
// If a publisher has one file per release, each is a [Dataset]. If only several files together are complete, such as the repositories of
// a release, they are the URLs of one dataset. If URLs alone do not tell where the data is, a Dataset has a Fetch. It asks a [Fetcher] for
// files, with their checksums if they have any, and returns their paths.
//
//	func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
//		index, err := f.Read(ctx, f.Dataset.URLs[0])
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
//		path, err := f.Get(ctx, feed.Item{URL: href, Sum: sum})
//		return feed.Fetched{Locations: []string{path}, Fingerprint: sum}, err
//	}
//
// Fetch can write a file of its own with Fetcher.Create, if only several files together make a record. Item.Patience is for slow servers.
//
// If a publisher lists its changes, Fetch can return an increment to the state in Fetcher.Fingerprint. If a publisher lists its releases, a
// feed's Discover returns a dataset for each.
//
// The Fetcher deals with HTTP: conditional requests, retries, Retry-After, broken and stalled connections, and bodies that are cut off, too
// long or HTML pages. If a Fetch fails, Update keeps the former data of the dataset.
package feed
