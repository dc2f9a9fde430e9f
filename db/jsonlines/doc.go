// Package jsonlines writes advisories as JSON, one object a line, for other programs to read.
//
// A line has one of these forms:
//
//	{"advisory":{...}}
//	{"threat":{...}}
//	{"change":"changed","was":{...},"advisory":{...}}
//
// A threat is what one feed reports about a vulnerability itself; see [matcher.Enrichment]. A change is "added", which has no
// "was", "changed", or "withdrawn", which has no "advisory". Members with unknown values are left out.
package jsonlines
