// Package catalog remembers what many images contain, and which of them an advisory is about.
//
// It stores no matches. [Divide] divides a report into parts that images share: the components that each layer introduced, with all that
// their matches depend on; facts about each layer; facts about the image. A [Part] has the hash of its canonical form as its key, so the
// packages of a base image are stored once. [Restore] gives the report again, byte for byte, and [Match] its matches, chunk by chunk.
package catalog
