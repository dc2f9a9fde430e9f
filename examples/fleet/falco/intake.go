package falco

import (
	"bufio"
	"bytes"
	"cmp"
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

var (
	ErrUnknown  = errors.New("unknown image")                // no analyzed image is known
	ErrPlatform = errors.New("images for several platforms") // the names fit several images of an index
)

// An ImageName has the names of an image in an alert. Fields may be empty.
type ImageName struct {
	Digest     string // of the manifest, of an index, or of the configuration
	ID         string // the beginning of the configuration's digest, 12 characters at least, without "sha256:"
	Repository string
	Tag        string
	Platform   string // of the host
}

// Images finds images of a tenant.
type Images interface {
	// Find returns the digest of an analyzed image, or ErrUnknown. Repository and Tag count only without a Digest. If the name is that of an index, ID
	// and Platform choose among its images. Find returns ErrPlatform if several remain.
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

// Lines stores lines that arrived now. It skips empty lines. Platform is the host's for alerts without the field; it may be empty.
func (t *Intake) Lines(ctx context.Context, tenant, source, platform string, lines [][]byte) (Tally, error) {
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
		m, err := t.store(ctx, tenant, source, platform, records, nil)
		if err != nil {
			return n, err
		}
		n.add(m)
	}
	return n, nil
}

// store writes records and the position after them in one transaction.
func (t *Intake) store(ctx context.Context, tenant, source, platform string, records []record, at *Position) (n Tally, err error) {
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
			Platform: cmp.Or(a.platform, platform), Container: a.container, Image: a.repository, Executable: a.executable, File: a.file, Alert: body(line)}
		if a.tag != "" {
			e.Image += ":" + a.tag
		}
		j.join(ctx, &e, a)
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
	found   map[ImageName]found
	images  map[string]*owners
	failed  map[string]bool
}

func (t *Intake) joiner(ctx context.Context, tenant string) (*joiner, error) {
	targets, err := t.Store.Targets(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return &joiner{t, tenant, targets, make(map[ImageName]found), make(map[string]*owners), make(map[string]bool)}, nil
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

// A found is the image of a name, or the gap.
type found struct {
	digest string
	gap    Gap
}

// find returns the image of a name. It asks for each name once, unless that fails.
func (j *joiner) find(ctx context.Context, name ImageName) (found, error) {
	if f, known := j.found[name]; known {
		return f, nil
	}
	digest, err := j.t.Images.Find(ctx, j.tenant, name)
	f := found{digest: digest}
	switch {
	case errors.Is(err, ErrUnknown):
		f = found{gap: NoImage}
	case errors.Is(err, ErrPlatform):
		f = found{gap: NoPlatform}
	case err != nil:
		return f, err
	}
	j.found[name] = f
	return f, nil
}

// image finds the image of an event. The digest in the alert is certain unless it is that of an index; then, and before a tag, which may have moved,
// the image that an agent reported for the container counts. An index has an image for each platform, and a wrong one would have the alert
// count for an image that never ran: so the image's identifier or the platform of the host must choose it.
func (j *joiner) image(ctx context.Context, e *Event, a *alert) (found, error) {
	name := ImageName{cmp.Or(e.Digest, a.digest), a.id, a.repository, a.tag, e.Platform}
	sure := name
	sure.Repository, sure.Tag = "", ""
	f := found{gap: NoImage}
	if sure.Digest != "" || sure.ID != "" {
		var err error
		if f, err = j.find(ctx, sure); err != nil || f.gap == "" {
			return f, err
		}
	}
	if isContainer(e.Container) {
		images, err := j.t.Store.Containers(ctx, j.tenant, e.Container)
		switch {
		case err != nil:
			return f, err
		case len(images) > 1:
			return found{gap: Ambiguous}, nil
		case len(images) == 1:
			return j.find(ctx, ImageName{Digest: images[0], ID: a.id, Platform: e.Platform})
		}
	}
	if name.Digest != "" || name.Repository == "" {
		return f, nil
	}
	return j.find(ctx, name)
}

// join sets the image, the component and the vulnerabilities of an event, or the gap.
func (j *joiner) join(ctx context.Context, e *Event, a *alert) {
	if a.digest == "" && a.id == "" && a.repository == "" && (e.Container == "" || e.Container == "host") {
		e.Gap = NoContainer
		if e.Container == "host" {
			e.Gap = OnHost
		}
		return
	}
	f, err := j.image(ctx, e, a)
	e.Digest, e.Component, e.Vulnerabilities, e.Gap = f.digest, "", nil, f.gap
	if err != nil {
		j.fail(ctx, e, err)
	}
	if e.Gap != "" {
		return
	}
	o := j.images[e.Digest]
	if o == nil {
		a, err := j.t.Images.Assess(ctx, j.tenant, e.Digest)
		if err != nil {
			j.fail(ctx, e, err)
			return
		}
		o = newOwners(a)
		j.images[e.Digest] = o
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
			a, err := readAlert(e.Alert)
			if err != nil { // of a version that took more
				continue
			}
			if j.join(ctx, e, a); e.Gap.rejoinable() {
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
			if _, err := t.store(ctx, tenant, path.Base(name), "", records, &next); err != nil {
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
