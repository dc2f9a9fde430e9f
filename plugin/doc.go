// Package plugin runs analyzers in other processes, which may be written in other languages.
//
// The names to know:
//
//   - [Serve] makes a plugin of any analyzers: a main function of one line.
//   - [Start] starts a plugin, as a [Command] says, and returns a [Process].
//   - [Process.Analyzers] are its analyzers, for a Scanner like any others. Selection stays with the host: only the files that
//     they want cross, in chunks, many small ones together.
//   - [Unavailable] stands for a plugin that did not start, so that reports tell.
//
// Beside this package, proto/analyzer.proto and its README.md are all that authors in other languages need, README.md leads
// from nothing to a published plugin, and package plugintest tests one.
//
// # What may go wrong
//
// Whatever a plugin does, a scan goes on without it, and the report says so in one diagnostic of kind
// [analyzer.Unavailable], which names the first of the files that were not analyzed. A process that ends, hangs or does not
// keep to the protocol is replaced as Command.Restarts allows; the files that were under way are tried once more, one by one,
// so that a file that kills the plugin costs no other. A plugin that claims what it must not, such as too many patterns, too
// long answers, files that it was not given or types of packages that it may not report, is given up. No cache keeps what was
// said of a layer for which a plugin was not available throughout.
//
// # What is a boundary, and what is not
//
// A plugin is a program that runs with the rights of its host. Nothing here stops a malicious one from reading files, from
// using the network or from starting programs that outlive it. What holds is this:
//
//   - It cannot crash or hang its host, or make it allocate more than Limits say; it gets none of its environment and none of
//     its open files.
//   - Nobody else can pretend to be the plugin or the host, or listen: they know each other by certificates that are made for
//     each process (mutual TLS).
//   - Command.SHA256 sees to it that the executable is the right one, unless somebody may write to it while it is started.
//     It does not cover what an interpreter loads.
//   - Command.Types keeps a plugin from hiding what others report. Within its types it is believed.
//
// Limits.Memory and Limits.CPU bound accidents: a process may start others, which have the same limits each for themselves,
// and shared memory does not count. Limits.Cgroup is a boundary for memory and the number of processes, kept by the kernel.
// Command.NoNetwork takes the network away, unless the process has the privileges to get it back: one that runs as root can
// enter the namespace of another. Sockets in the file system stay in reach. What must not be trusted at all belongs into a
// container or virtual machine of its own.
package plugin
