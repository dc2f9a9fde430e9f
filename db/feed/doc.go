// Package feed reads advisories where their publishers put them, and adds them to a database.
//
// [Open] opens a location: a file, a directory or a URL, plain, compressed or an archive, known by its content. A [Feed]
// turns documents found there into records; feed/debian, feed/osv and so on each provide one, and feed/all knows them by
// their names. [Load] does both, for a db.Builder.
//
// # Errors
//
// A feed is never lost to one bad record. Feed.Parse yields a [RecordError] for a record that it does not understand, or
// not in full, together with what it did understand, and goes on. Any other error is about the document as a whole, such
// as a JSON syntax error or a body that ends early; it is the last thing yielded. Load counts the former, keeps the
// first few messages, and fails on the latter; a document that is one of many counts as a bad record itself.
package feed
