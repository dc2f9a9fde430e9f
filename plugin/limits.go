package plugin

import (
	"time"

	"github.com/hullmark/hullmark/internal/limit"
)

// Sizes in bytes that both sides use. The window is the amount that a side may send before the other has read it.
const (
	maxMessage  = 16 << 20
	window      = 1 << 20
	chunk       = 256 << 10 // content of files in one message
	answerBatch = 256 << 10 // a message with this many bytes of answers is sent
	maxEntry    = 1 << 20   // an entry with its extended attributes
	maxBatch    = 128       // number of files or answers in one message
)

// Limits bound the data that a plugin may send to its host and the resources of its processes. Zero fields mean the defaults.
type Limits struct {
	// Answer is the largest answer to one file in bytes, as sent; 64 MiB. A record counts 64 bytes more, and each of its fields 32 more.
	// All answers together have a credit of four times as much. The credit grows by 4 KiB for each file that the host sends and
	// by 16 bytes for each byte of its content and of its entry.
	Answer int64

	// Output is the number of bytes that a process may write to standard output and standard error; 16 MiB.
	Output int64

	// Patterns is the largest number of patterns of all analyzers together; 1,000.
	Patterns int

	// Memory limits the private memory of a process in bytes, not counting files that it maps for reading. CPU limits its
	// processor time. On Linux both are resource limits (RLIMIT_DATA, RLIMIT_CPU), which apply to each child separately. On
	// other systems a Command that sets them does not start. 0 means no limit.
	Memory int64
	CPU    time.Duration

	// Cgroup is a directory of the unified hierarchy (cgroup v2) on Linux, in which the host may create groups with the
	// controllers memory and pids. Each process gets a group, which limits the process and its children together to Memory
	// bytes and to Tasks processes and threads (0 means no limit), and ends them together. "" means no group.
	Cgroup string
	Tasks  int
}

func (l Limits) withDefaults() Limits {
	limit.Default(&l.Answer, 64<<20)
	limit.Default(&l.Output, 16<<20)
	limit.Default(&l.Patterns, 1000)
	return l
}
