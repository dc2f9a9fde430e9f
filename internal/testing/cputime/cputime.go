// Package cputime measures the processor time of tests and benchmarks. Other programs of a busy machine change it less than wall time.
package cputime

import "time"

var start = time.Now()

// Used returns the processor time that this process has used, of all processors. Where the system does not say, it is the time since the
// process started.
func Used() time.Duration { return used() }

// Of returns the processor time that f takes.
func Of(f func()) time.Duration {
	before := Used()
	f()
	return Used() - before
}
