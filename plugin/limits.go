package plugin

import "time"

// Sizes that both sides keep to, in bytes. The window is what a side may send before the other has read.
const (
	maxMessage  = 16 << 20
	window      = 1 << 20
	chunk       = 256 << 10 // of file contents in one message
	answerBatch = 256 << 10 // of answers, above which no more are added to a message
	maxBatch    = 128       // files, or answers, in one message
)

// Limits bound what a plugin may make its host do, and what its process may use. Zero fields mean the defaults.
type Limits struct {
	// Answer is how many bytes a plugin may say of one file, as they are sent; 64 MiB. Over all files it may say four times
	// as much at once, a credit that grows again by 4 KiB for each file that it is asked about and 16 bytes for each byte of
	// them.
	Answer int64

	// Output is how many bytes a process may write to standard output and standard error; 16 MiB.
	Output int64

	// Patterns is how many patterns the analyzers of a plugin may have together; 1,000.
	Patterns int

	// Memory is how many bytes of private memory a process may have, of which files that it maps for reading are none. CPU is
	// how long it may compute over its whole life. On Linux both are resource limits (RLIMIT_DATA, RLIMIT_CPU), which each
	// process that it starts has for itself; elsewhere a Command that sets them does not start. 0: no limit.
	Memory int64
	CPU    time.Duration

	// Cgroup is a directory of the unified hierarchy (cgroup v2) in which the host may make groups, with the controllers
	// memory and pids enabled for them, on Linux. Each process gets a group there, which holds it and all that it starts to
	// Memory, and to Tasks processes and threads (0: no limit), and ends them together. "": none.
	Cgroup string
	Tasks  int
}

func (l Limits) withDefaults() Limits {
	if l.Answer <= 0 {
		l.Answer = 64 << 20
	}
	if l.Output <= 0 {
		l.Output = 16 << 20
	}
	if l.Patterns <= 0 {
		l.Patterns = 1000
	}
	return l
}
