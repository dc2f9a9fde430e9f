// Package jsonlines writes advisories as JSON, one object a line, for other programs to read. It reads the lines of a whole database.
//
// A line has one of these forms:
//
//	{"input":{...}}
//	{"coverage":{...}}
//	{"advisory":{...}}
//	{"threat":{...}}
//	{"change":"changed","was":{...},"advisory":{...}}
//
// An input is the description of data that a database was made from, see [db.FeedInfo], and a coverage that of an ecosystem that it covers, see
// [matcher.Coverage]. A threat is one feed's data about a vulnerability itself; see [matcher.Enrichment]. A change is "added", which has no
// "was", "changed", or "withdrawn", which has no "advisory". Members with unknown values are left out.
package jsonlines
