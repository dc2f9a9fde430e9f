// Package auto keeps a database of advisories that fetches those that an image needs.
//
// A [Database] is a file, such as one in the user's cache directory. [Database.Open] fetches the advisories for the ecosystems of a
// report from their publishers, unless the file has them and they are new enough. The file grows with the images that are matched, and is
// renewed by their publishers' changes.
//
//	advisories := auto.Database{File: file, Feeds: all.Feeds()}
//	source, err := advisories.Open(ctx, found)
//	if err != nil {
//		return err
//	}
//	defer source.Close()
//	answer, err := assess.Pipeline{Source: source}.Report(ctx, found, nil)
//
// No other type of this module fetches without being told to. A program that must not depend on publishers uses a database that package
// db/feed updates at another time, or that package db/oci pulls.
//
// # Failures
//
// A feed that can't be fetched costs that feed only. If the file has its former data, Open uses that, and Source.Err says why it is not
// newer. Without such data, Coverage marks the feed as missing, so that a gate does not pass.
package auto
