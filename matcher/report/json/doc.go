// Package json writes and reads the JSON form of an Assessment, and that of Explanations. JSON.md and EXPLAIN.md beside this file
// describe every field; [Schema] is their JSON Schema.
//
// The form depends on the image, the database, the VEX documents, the policy and the day only: equal ones give equal bytes. Lists
// are in canonical order and present even if they are empty.
package json
