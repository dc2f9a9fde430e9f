// Package db keeps advisories in one immutable file.
//
// A [Builder] collects advisories, in any order and from any number of feeds, and writes the file. [Open] and [OpenFile]
// read it. A [DB] is a [matcher.Source], which suffices to match an image, and a [matcher.Enricher] for data about the vulnerabilities
// themselves: probabilities, exploits and severities.
//
// The file is sorted, compressed in small blocks, and deterministic: the same advisories give the same bytes. A DB reads it through an
// io.ReaderAt, a few blocks for an image, and checks each against its hash. Damage is an error, never a wrong answer. Readers need no lock,
// because a file never changes: an updater replaces it by renaming a new one. The comment in format.go describes every byte.
//
// [DB.Sign] returns a signature to append to a file, and [OpenSigned] rejects a file unless a trusted key signed it. Package db/oci reads a
// file in a registry. [DB.CopyTo] reads from a file only the parts that an older copy lacks. [Builder.Keep] copies unchanged data to a new
// database, and [DB.Diff] yields the differences of two databases.
package db
