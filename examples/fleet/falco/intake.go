package falco

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

const (
	maxLine  = 256 << 10 // bytes
	maxLines = 10_000    // of a request
	maxBody  = 16 << 20  // of a request
	atOnce   = 500       // lines in a transaction
	maxMarks = 1000      // of a tenant, which are compared with each event
	maxHead  = 256       // bytes by which a file is recognized
	poll     = time.Second
)

// ErrUnknown reports that no analyzed image is known.
var ErrUnknown = errors.New("unknown image")

// An ImageName has the names of an image in an alert. Fields may be empty.
type ImageName struct {
	Digest     string // of the manifest, of an index, or of the configuration
	Repository string
	Tag        string
}

// Images finds images of a tenant.
type Images interface {
	// Find returns the digest of an analyzed image, or ErrUnknown. A Digest alone decides if there is one.
	Find(ctx context.Context, tenant string, name ImageName) (digest string, err error)

	// Assess assesses an analyzed image, or returns ErrUnknown.
	Assess(ctx context.Context, tenant, digest string) (*report.Assessment, error)
}

// An Intake reads alerts. It may be used by many goroutines at once, one of them for each file.
type Intake struct {
	Store  Store
	Images Images
	Log    *slog.Logger
	Now    func() time.Time
	Poll   time.Duration // between looks at a file; a second if zero
}

// A Tally counts lines.
type Tally struct {
	Stored    int `json:"stored"`
	Malformed int `json:"malformed"`
	Ignored   int `json:"ignored"`
}

func (n *Tally) add(m Tally) {
	n.Stored, n.Malformed, n.Ignored = n.Stored+m.Stored, n.Malformed+m.Malformed, n.Ignored+m.Ignored
}

func (t *Intake) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

func (t *Intake) log() *slog.Logger {
	if t.Log == nil {
		return slog.Default()
	}
	return t.Log
}

// A record is a line.
type record struct {
	line []byte
	long bool // the line was cut
}

// Lines stores lines that arrived now. It skips empty lines.
func (t *Intake) Lines(ctx context.Context, tenant, source string, lines [][]byte) (Tally, error) {
	var n Tally
	for group := range slices.Chunk(lines, atOnce) {
		records := make([]record, 0, len(group))
		for _, line := range group {
			r := record{line: line}
			if len(line) > maxLine {
				r.line, r.long = line[:maxLine], true
			}
			records = append(records, r)
		}
		m, err := t.store(ctx, tenant, source, records, nil)
		if err != nil {
			return n, err
		}
		n.add(m)
	}
	return n, nil
}

// store writes records and the position after them in one transaction.
func (t *Intake) store(ctx context.Context, tenant, source string, records []record, at *Position) (n Tally, err error) {
	j, err := t.joiner(ctx, tenant)
	if err != nil {
		return n, err
	}
	b := &Batch{Ignored: make(map[string]int), File: at}
	now := t.now().UTC().Truncate(time.Microsecond)
	for _, r := range records {
		line := bytes.TrimSpace(r.line)
		if len(line) == 0 {
			continue
		}
		reason := "too long"
		var a *alert
		if !r.long {
			if a, err = readAlert(line); err == nil {
				reason = ""
			} else {
				reason = err.Error()
			}
		}
		if reason != "" {
			b.Diagnostics = append(b.Diagnostics, Diagnostic{Received: now, Source: source, Reason: reason, Line: clip(string(line[:min(len(line), maxText+1)]))})
			continue
		}
		e := Event{Time: a.time.UTC().Truncate(time.Microsecond), Received: now, Source: source, Rule: a.rule, Priority: a.priority, Host: a.host,
			Container: a.container, Image: a.repository, Executable: a.executable, File: a.file, Digest: a.digest, Alert: body(line)}
		if a.tag != "" {
			e.Image += ":" + a.tag
		}
		j.join(ctx, &e)
		if target := j.off(&e); target != "" {
			b.Ignored[target]++
			n.Ignored++
			continue
		}
		b.Events = append(b.Events, e)
	}
	n.Stored, n.Malformed = len(b.Events), len(b.Diagnostics)
	return n, t.Store.Write(ctx, tenant, b)
}

// body returns an alert as databases store it: PostgreSQL has no text with NUL, which JSON writes as an escape.
func body(line []byte) []byte { return bytes.ToValidUTF8(line, []byte("\uFFFD")) }

// A joiner joins the events of a batch. It assesses each image once.
type joiner struct {
	t       *Intake
	tenant  string
	targets []Target
	found   map[ImageName]string
	images  map[string]*owners
	failed  map[string]bool
}

func (t *Intake) joiner(ctx context.Context, tenant string) (*joiner, error) {
	targets, err := t.Store.Targets(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return &joiner{t, tenant, targets, make(map[ImageName]string), make(map[string]*owners), make(map[string]bool)}, nil
}

// off returns the target that turns the monitoring of an event off. A container counts before its image, and a digest before a repository.
func (j *joiner) off(e *Event) string {
	repository, _ := splitImage(e.Image)
	var best *Target
	rank := 0
	for i := range j.targets {
		target := &j.targets[i]
		r := 0
		switch {
		case e.Container != "" && e.Container != "host" && isContainer(target.Name) && (strings.HasPrefix(e.Container, target.Name) || strings.HasPrefix(target.Name, e.Container)):
			r = 3
		case e.Digest != "" && target.Name == e.Digest:
			r = 2
		case repository != "" && target.Name == repository:
			r = 1
		}
		if r > rank {
			best, rank = target, r
		}
	}
	if best == nil || best.On {
		return ""
	}
	return best.Name
}

var container = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

func isContainer(s string) bool { return container.MatchString(s) }

// join sets the image, the component and the vulnerabilities of an event, or the gap. Before, Event.Digest is the one in the alert.
func (j *joiner) join(ctx context.Context, e *Event) {
	name := ImageName{Digest: e.Digest}
	name.Repository, name.Tag = splitImage(e.Image)
	e.Digest, e.Component, e.Vulnerabilities, e.Gap = "", "", nil, ""
	if name == (ImageName{}) {
		switch {
		case e.Container == "":
			e.Gap = NoContainer
			return
		case e.Container == "host":
			e.Gap = OnHost
			return
		}
	}
	// The image of the container is more certain than a tag, which may have moved.
	if name.Digest == "" && isContainer(e.Container) {
		images, err := j.t.Store.Containers(ctx, j.tenant, e.Container)
		switch {
		case err != nil:
			j.fail(ctx, e, err)
			return
		case len(images) > 1:
			e.Gap = Ambiguous
			return
		case len(images) == 1:
			name.Digest = images[0]
		}
	}
	if name == (ImageName{}) {
		e.Gap = NoImage
		return
	}
	digest, known := j.found[name]
	if !known {
		var err error
		if digest, err = j.t.Images.Find(ctx, j.tenant, name); err != nil && !errors.Is(err, ErrUnknown) {
			j.fail(ctx, e, err)
			return
		}
		j.found[name] = digest
	}
	if digest == "" {
		e.Gap = NoImage
		return
	}
	e.Digest = digest
	o := j.images[digest]
	if o == nil {
		a, err := j.t.Images.Assess(ctx, j.tenant, digest)
		if err != nil {
			j.fail(ctx, e, err)
			return
		}
		o = newOwners(a)
		j.images[digest] = o
	}
	e.Gap = NoOwner
	for _, p := range []string{e.Executable, e.File} {
		if owner := o.of(p); owner >= 0 {
			e.Gap, e.Component = "", o.found.Components[owner].Label()
			e.Vulnerabilities = o.vulnerabilities[o.found.Components[owner].ID]
			return
		}
	}
}

func (j *joiner) fail(ctx context.Context, e *Event, err error) {
	e.Gap = Failed
	if errors.Is(err, ErrUnknown) {
		e.Gap = NoImage
	} else if !j.failed[err.Error()] {
		j.failed[err.Error()] = true
		j.t.log().WarnContext(ctx, "joining an alert failed", "error", err)
	}
}

// Rejoin tries again to join events whose image was not known, and returns how many it joined.
func (t *Intake) Rejoin(ctx context.Context, tenant string) (joined int, err error) {
	j, err := t.joiner(ctx, tenant)
	if err != nil {
		return 0, err
	}
	for after := ""; ; {
		list, err := t.Store.Gaps(ctx, tenant, after, atOnce)
		if err != nil || len(list) == 0 {
			return joined, err
		}
		for i := range list {
			e := &list[i]
			after = e.ID
			if a, err := readAlert(e.Alert); err == nil && e.Digest == "" {
				e.Digest = a.digest
			}
			if j.join(ctx, e); e.Gap.rejoinable() {
				continue
			}
			if err := t.Store.Join(ctx, tenant, e); err != nil {
				return joined, err
			}
			joined++
		}
	}
}

// Follow stores the lines of a file and those that are added to it, until ctx ends. It goes on where the last call ended, also after a crash:
// lines and the position are stored together. A file that is truncated or replaced is read from its beginning; the former one is read to its end
// before, if it is still open. A last line without an end is stored when it is complete, or when the file is replaced.
func (t *Intake) Follow(ctx context.Context, tenant, name string) error {
	pause := t.Poll
	if pause == 0 {
		pause = poll
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var f *os.File
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	for {
		if f == nil {
			opened, err := os.Open(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("falco: %w", err)
			}
			if err == nil {
				f = opened
			}
		}
		if f != nil {
			replaced := replaced(f, name)
			if err := t.read(ctx, tenant, name, f, replaced); err != nil {
				return err
			}
			if replaced {
				f.Close()
				f = nil
				continue
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// replaced reports whether another file has the name now.
func replaced(f *os.File, name string) bool {
	own, err1 := f.Stat()
	named, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && !os.SameFile(own, named)
}

// read stores the lines after the stored position. The last one counts without an end if the file is final.
func (t *Intake) read(ctx context.Context, tenant, name string, f *os.File, final bool) error {
	at, err := t.Store.Position(ctx, tenant, name)
	if err != nil {
		return err
	}
	// The position of another file, or of one that was truncated, doesn't count.
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("falco: %w", err)
	}
	head := make([]byte, min(size, maxHead))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("falco: %w", err)
	}
	length, sum, _ := strings.Cut(at.Head, ":")
	var known int
	if fmt.Sscanf(length, "%d", &known); at.Offset > size || known > len(head) || sum != hash(head[:known]) {
		at = Position{Name: name}
	}
	at.Head = fmt.Sprintf("%d:%s", len(head), hash(head))
	if _, err := f.Seek(at.Offset, io.SeekStart); err != nil {
		return fmt.Errorf("falco: %w", err)
	}
	r := bufio.NewReaderSize(f, 64<<10)
	for {
		records, next, end, err := readRecords(r, at, final)
		if err != nil {
			return fmt.Errorf("falco: %s: %w", path.Base(name), err)
		}
		if next.Offset != at.Offset {
			if _, err := t.store(ctx, tenant, path.Base(name), records, &next); err != nil {
				return err
			}
		}
		if at = next; end {
			return nil
		}
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// readRecords reads up to atOnce lines, and returns the position after them.
func readRecords(r *bufio.Reader, at Position, final bool) (records []record, next Position, end bool, err error) {
	next = at
	for len(records) < atOnce {
		var line []byte
		var size int64
		var long, complete bool
		for {
			part, err := r.ReadSlice('\n')
			size += int64(len(part))
			if keep := maxLine - len(line); len(part) > keep {
				part, long = part[:keep], true
			}
			line = append(line, part...)
			if err == nil {
				complete = true
				break
			}
			if err == io.EOF {
				break
			}
			if err != bufio.ErrBufferFull {
				return nil, at, false, err
			}
		}
		if !complete && (!final || size == 0) {
			return records, next, true, nil
		}
		records = append(records, record{line, long})
		next.Offset += size
		if !complete {
			return records, next, true, nil
		}
	}
	return records, next, false, nil
}
