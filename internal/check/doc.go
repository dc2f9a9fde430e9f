// Package check holds tests of the whole module: formatting, imports, process state, the exported API and its growth, and plain
// English. Each rule is one test. The API and the prose ceilings are in testdata; run the tests with -update to accept changes.
package check
