// Package falco takes alerts of Falco and joins them to images: which image the container was made from, which package owns the executable or
// the file of the alert, and which vulnerabilities the package has. So an alert tells that a vulnerable package was executed.
//
// An [Intake] reads JSON lines over HTTP or from a file that grows. It loses none: a line that is no alert is stored as a [Diagnostic], an
// alert without a container or with an unknown image is an [Event] with a [Gap], and alerts of images and containers that are not monitored
// are counted. [Intake.Rejoin] fills gaps when images were analyzed meanwhile.
package falco
