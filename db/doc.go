// Package db keeps advisories in one immutable file.
//
// A [Builder] collects advisories, in any order and from any number of feeds, and writes the file. [Open] and [OpenFile]
// read it: a [DB] is a [matcher.Source], which is all that matching an image needs. It is a [matcher.Enricher] as well, for
// what is known of vulnerabilities themselves: probabilities, exploits, ratings.
//
// The file is sorted, compressed in small blocks, and deterministic: the same advisories give the same bytes. It is read
// through an io.ReaderAt, a few blocks for an image, each checked against its hash before it is believed; damage is an
// error, never a wrong answer. A reader takes no lock while it reads, and a file is never changed: an updater renames a
// new one into its place. The comment in format.go describes every byte.
//
// [DB.Sign] makes a signature to append to a file, and [OpenSigned] rejects a file unless a trusted key signed it. A file far
// away is read through a [Prefetcher], as package db/oci does; [DB.CopyTo] brings of it what an older copy lacks.
// [Builder.Keep] takes over what has not changed, and [DB.Diff] says what has.
package db
