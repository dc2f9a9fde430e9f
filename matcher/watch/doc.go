// Package watch finds the effects of a change of advisories on the packages of many images.
//
// [Compare] is a pure function: it takes the changes between two sources of advisories and an [Index] of package versions, matches exactly the
// package versions that the changes may be about with both sources, and returns the differences as [Event] values. An Event is about one
// vulnerability in one package, and has the set of all package versions, so that a day's changes are some thousand events for any
// number of images. Package db/catalog implements the Index.
package watch
