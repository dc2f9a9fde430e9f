package analyzer

// A Report is what an image consists of. It is plain data in canonical order: equal images, analyzers and limits give
// equal reports, at any parallelism, cached or not.
type Report struct {
	Image       ImageInfo
	Distro      *Distro // nil where no file names one
	Layers      []Layer // bottom first
	Components  []Component
	Findings    []FileFinding
	Diagnostics []Diagnostic
}

// An Image says what was scanned. All fields are empty for a file system.
type ImageInfo struct {
	ID       string // digest of the configuration: "sha256:..."
	Digest   string // digest of the manifest, where it is known without work
	Platform string // "linux/amd64", "linux/arm64/v8"
}

// A Layer is one layer of the image.
type Layer struct {
	DiffID    string // digest of the uncompressed tar stream: "sha256:..."
	CreatedBy string // the instruction that made it, from the image's history
	Entries   int64  // tar entries
	Bytes     int64  // bytes of the uncompressed tar stream
}

// A Component is a package of the merged image and where it came from.
type Component struct {
	Package
	ID       string // stable: a hash of PURL and location
	PURL     string
	Analyzer string
	Path     string // file it was found in
	Layer    int    // index of the layer that introduced it, -1 in a file system
	Owner    string // ID of the System component that owns Path
}

// A FileFinding is a Finding and the file it is about.
type FileFinding struct {
	Finding
	Analyzer string
	Path     string
	Layer    int
}

// A Diagnostic says that something was not read, or not fully understood.
type Diagnostic struct {
	Kind     DiagnosticKind
	Layer    int    // index of the layer, -1 where it is about the image as a whole
	Path     string // "" where it is about the layer as a whole
	Analyzer string // "" where it is the engine's own
	Message  string
}

// A DiagnosticKind sorts diagnostics by what a program may want to do about them.
type DiagnosticKind string

const (
	Malformed   DiagnosticKind = "malformed"   // a file is damaged, or not of the form its name promises
	TooLarge    DiagnosticKind = "too-large"   // a file or an archive in it exceeds a limit and was not read
	Unsupported DiagnosticKind = "unsupported" // a form that cannot be read
	Unreadable  DiagnosticKind = "unreadable"  // a file of a file system could not be opened or read
	Refused     DiagnosticKind = "refused"     // an entry that no extractor should follow: a name with "..", a link out of the root
	Panicked    DiagnosticKind = "panic"       // an analyzer crashed
	Unavailable DiagnosticKind = "unavailable" // an analyzer could not work: files that it wanted were not analyzed
)
