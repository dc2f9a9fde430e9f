// Package check holds tests of the module as a whole: that it is formatted and tidy, that packages import only what the
// import table allows, that there is no process state, and that the public interface is what its golden files say.
package check
