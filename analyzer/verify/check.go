package verify

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A checker compares batches of recorded files with an image.
type checker struct {
	ended      func() error
	image      Image
	places     map[place]fileState // of files with components or findings
	result     *Result
	links      links
	diversions map[string]diversion
	filters    []filter

	batch []want
	at    map[string]int // 1 + the last of the batch, by path
	bytes int            // of its paths
	kept  int            // bytes of the paths of differences
}

type diversion struct{ to, pkg string }

// A want is a recorded file that waits for its entry.
type want struct {
	verdict int    // index
	path    string // in the image
	file    analyzer.RecordedFile
	before  int // 1 + the one before with the same path
	found   bool
}

// prepare collects the links of the image and the records that change where or whether a file is expected.
func (c *checker) prepare() {
	c.links.targets = make(map[string]string)
	for name, f := range c.image.Files {
		if f.Mode.Type() == fs.ModeSymlink {
			c.links.targets[name] = f.Target
		}
	}
	c.diversions = make(map[string]diversion)
	for i := range c.image.Records {
		if r := &c.image.Records[i]; r.Kind == kindDiversion && !r.Hidden {
			c.diversions[r.Key] = diversion{r.Fields["to"], r.Fields["package"]}
		}
	}
	c.filters = filters(c.image.Records)
	c.at = make(map[string]int)
}

func (c *checker) component(verdict int) *analyzer.Component {
	return &c.result.components[c.result.Verdicts[verdict].Component]
}

// add adds a file of component i, the last one with a verdict, to the batch.
func (c *checker) add(i int, f analyzer.RecordedFile) {
	p := &c.result.components[i]
	v := len(c.result.Verdicts) - 1
	c.result.Verdicts[v].Files++
	if p.Type == typeDeb {
		if d, ok := c.diversions[f.Path]; ok && d.pkg != p.Name && d.to != "" {
			f.Path = d.to
		}
	}
	name := c.links.parent(f.Path)
	if !f.Ghost && (f.Attributes != 0 || p.Type != typeRPM) { // else another rpm package replaced it
		c.note(place{p.ID, name}, packaged)
	}
	c.batch = append(c.batch, want{verdict: v, path: name, file: f, before: c.at[name]})
	c.at[name] = len(c.batch)
	if c.bytes += len(name) + len(f.Path); len(c.batch) >= batchFiles || c.bytes >= batchBytes {
		c.flush()
	}
}

// note adds to the state of a file with a component or a finding.
func (c *checker) note(at place, state fileState) {
	if before, ok := c.places[at]; ok {
		c.places[at] = before | state
	}
}

// flush compares the batch.
func (c *checker) flush() {
	if len(c.batch) == 0 {
		return
	}
	followed := c.followed()
	var dirs []later
	for name, f := range c.image.Files {
		for k := c.at[name]; k > 0; k = c.batch[k-1].before {
			w := &c.batch[k-1]
			if w.found {
				continue // the image has the path twice
			}
			w.found = true
			if target, ok := followed[name]; ok && w.file.Mode.IsDir() {
				dirs = append(dirs, later{k - 1, f, target})
				continue
			}
			c.compare(w, &f)
		}
	}
	c.compareLater(dirs)
	implied := c.implied()
	for i := range c.batch {
		switch w := &c.batch[i]; {
		case w.found:
		case !implied[w.path]:
			c.missing(w)
		case !w.file.Mode.IsDir() && w.file.Attributes&(analyzer.AttrType|analyzer.AttrContent|analyzer.AttrTarget) != 0:
			c.compare(w, &File{Entry: analyzer.Entry{Mode: fs.ModeDir | 0o755}, Layer: -1})
		}
	}
	c.batch, c.bytes = c.batch[:0], 0
	clear(c.at)
	clear(c.links.parents)
}

// implied returns the paths of the batch that no layer has an entry for, but files below. Runtimes make directories there.
func (c *checker) implied() map[string]bool {
	absent, found := make(map[string]bool), make(map[string]bool)
	for i := range c.batch {
		if w := &c.batch[i]; !w.found {
			absent[w.path] = true
		}
	}
	if len(absent) == 0 {
		return nil
	}
	for name := range c.image.Files {
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if absent[dir] {
				found[dir] = true
			}
		}
	}
	return found
}

// A later is a link in the place of a directory. rpm verifies the directory that it leads to.
type later struct {
	index  int // in the batch
	link   File
	target string
}

// followed returns the targets of links for which the batch has directories.
func (c *checker) followed() map[string]string {
	found := make(map[string]string)
	for i := range c.batch {
		w := &c.batch[i]
		if _, ok := c.links.targets[w.path]; ok && w.file.Mode.IsDir() {
			if target, ok := c.links.resolve(w.path); ok {
				found[w.path] = target
			}
		}
	}
	return found
}

func (c *checker) compareLater(list []later) {
	if len(list) == 0 {
		return
	}
	targets := make(map[string]*File)
	for _, l := range list {
		targets[l.target] = nil
	}
	for name, f := range c.image.Files {
		if _, ok := targets[name]; ok && f.Mode.IsDir() {
			targets[name] = &f
		}
	}
	for _, l := range list {
		g := &l.link
		if dir := targets[l.target]; dir != nil && (g.UID == 0 || g.UID == dir.UID) { // as rpm trusts links
			g = dir
		} else if l.target == "" {
			continue // the root
		}
		c.compare(&c.batch[l.index], g)
	}
}

// missing notes that the image does not have a recorded file.
func (c *checker) missing(w *want) {
	f := &w.file
	if f.Optional {
		return
	}
	v := &c.result.Verdicts[w.verdict]
	if c.image.Partial {
		v.NotHashed++
		return
	}
	v.Missing++
	d := Difference{
		Component: v.Component, Path: f.Path, Recorded: f.Path, Missing: true, Layer: -1,
		Config: f.Config, Ghost: f.Ghost, Documentation: f.Documentation || isDocumentation(f.Path),
	}
	d.Excluded = c.component(w.verdict).Type == typeDeb && excluded(c.filters, w.file.Path)
	c.keep(v, d)
}

// compare notes how an entry of the image differs from a recorded file.
func (c *checker) compare(w *want, g *File) {
	f := &w.file
	v := &c.result.Verdicts[w.verdict]
	typ := c.component(w.verdict).Type
	differs, content := c.differences(f, g, typ)
	switch content {
	case contentCompared:
		v.Compared++
	case contentNoDigest:
		v.NoDigest++
	case contentNotHashed:
		v.NotHashed++
	}
	if typ == typeRPM && c.shared(w) {
		differs &^= analyzer.AttrModTime
	}
	c.noteCompared(w, differs, content)
	if differs == 0 {
		return
	}
	v.Differing++
	d := Difference{
		Component: v.Component, Path: w.path, Recorded: f.Path, Attributes: differs, Layer: g.Layer,
		Config: f.Config, Ghost: f.Ghost, Documentation: f.Documentation || isDocumentation(w.path),
	}
	d.describe(f, g)
	c.keep(v, d)
}

// noteCompared notes how a file with a component or a finding compares.
func (c *checker) noteCompared(w *want, differs analyzer.Attributes, content contentState) {
	state := fileState(0)
	if content == contentCompared || content == contentNone && w.file.Attributes != 0 {
		state |= compared
	}
	if differs&^analyzer.AttrModTime != 0 {
		state |= differing
	}
	if differs&(analyzer.AttrContent|analyzer.AttrType) != 0 {
		state |= replaced
	}
	c.note(place{c.component(w.verdict).ID, w.path}, state)
}

// shared reports whether another package has the path, too. rpm does not verify the times of such files.
func (c *checker) shared(w *want) bool {
	last := &c.batch[c.at[w.path]-1]
	return last.before > 0
}

// keep judges a difference and keeps it.
func (c *checker) keep(v *Verdict, d Difference) {
	d.rateMissing()
	if d.Severity != "" {
		v.State = Changed
	}
	count, size := maxDifferences, maxDifferenceBytes
	if d.Severity == "" { // an image whose times are all new must not crowd out others
		count, size = count/2, size/2
	}
	if len(c.result.Differences) >= count || c.kept+len(d.Path) > size {
		c.result.omit(&d)
		return
	}
	c.kept += len(d.Path)
	c.result.Differences = append(c.result.Differences, d)
}

// omit counts a difference for which there is no room.
func (r *Result) omit(d *Difference) {
	if r.omitted == nil {
		r.omitted = make(map[group]int)
	}
	r.Omitted++
	r.omitted[group{d.Component, d.Rule, d.Severity}]++
}

// finish sets the states and sorts the differences.
func (c *checker) finish() {
	for i := range c.result.Verdicts {
		v := &c.result.Verdicts[i]
		without := v.NoDigest + v.NotHashed
		switch {
		case v.State == Changed:
		case v.Files == 0 || v.Compared == 0 && without > 0:
			v.State = NotVerifiable
		case without > 0:
			v.State = Incomplete
		default:
			v.State = Unchanged
		}
	}
	slices.SortStableFunc(c.result.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Path, b.Path))
	})
}

// isMounted reports whether runtimes mount something over a path, or the system makes its content anew at each start. Images often lack
// such files, and their modes depend on the tool that made the image.
func isMounted(p string) bool {
	top, _, _ := strings.Cut(p, "/")
	switch top {
	case "dev", "proc", "run", "sys", "tmp":
		return true
	}
	return strings.HasPrefix(p, "var/run/") || strings.HasPrefix(p, "var/lock/") || strings.HasPrefix(p, "var/tmp/")
}

// isDocumentation reports whether images are often made smaller without a file: documentation, manual pages, translations. So are caches and
// logs, which count as documentation here.
func isDocumentation(p string) bool {
	for _, dir := range [...]string{"usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/gtk-doc/",
		"var/cache/", "var/log/", "var/lib/apt/lists/", "usr/share/help/", "usr/share/lintian/", "usr/share/linda/", "usr/share/groff/", "usr/share/licenses/", "usr/share/doc-base/"} {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	return path.Dir(p) == "usr/share" && isDocumentation(p+"/")
}
