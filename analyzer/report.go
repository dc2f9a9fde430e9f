package analyzer

// A Report is the result of a scan: the packages of an image, findings and diagnostics. It is plain data in canonical order: equal
// images, analyzers and limits give equal reports, at any parallelism, cached or not.
type Report struct {
	Image       ImageInfo
	Distro      *Distro // nil if no file names one
	Layers      []Layer // bottom first
	Components  []Component
	Findings    []FileFinding
	Records     []FileRecord
	Diagnostics []FileDiagnostic
	Files       *Files        // all entries of the merged image, if an analyzer asks for them; or nil
	Examined    []Examination // one for each analyzer, by name
}

// ImageInfo identifies an image. All fields are empty for a file system.
type ImageInfo struct {
	ID       string // digest of the configuration: "sha256:..."
	Digest   string // digest of the manifest, if it is known without work
	Platform string // "linux/amd64", "linux/arm64/v8"

	// BaseName and BaseDigest name the image that it was built on, if annotations of its manifest do.
	BaseName, BaseDigest string
}

// A Layer is one layer of the image.
type Layer struct {
	DiffID    string // digest of the uncompressed tar stream: "sha256:..."
	CreatedBy string // the instruction that made it, from the image's history; a scan replaces secrets and values of build arguments
	Entries   int64  // tar entries
	Bytes     int64  // bytes of the uncompressed tar stream; 0 if Lazy
	Lazy      bool   // read by its table of contents, which nothing compares with the layer
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
	Nested   bool   // a program of Owner, by the text in it: lists leave it out, since they have Owner, unless the matcher judges it
	Altered  bool   // Path is not as the database of its Owner has it, by package verify: the distribution does not answer for it
}

// A FileFinding is a Finding and the file it is about.
type FileFinding struct {
	Finding
	Analyzer string
	Path     string // "" for the image's configuration
	Layer    int    // -1 for the image's configuration and in a file system
	Owner    string // ID of the System component that owns Path
	Hidden   bool   // an upper layer deletes or replaces the file
	Intact   bool   // package verify found Path as the database of its Owner records it, but for times; dpkg does not record modes
}
