package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
	"github.com/hullmark/hullmark/matcher/report/html"
	reportjson "github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/junit"
	"github.com/hullmark/hullmark/matcher/report/markdown"
	"github.com/hullmark/hullmark/matcher/report/sarif"
	"github.com/hullmark/hullmark/matcher/report/table"
	"github.com/hullmark/hullmark/sbom"
)

type packageView struct {
	ID            string   `json:"id"`
	PURL          string   `json:"purl,omitempty"`
	Type          string   `json:"type"`
	Namespace     string   `json:"namespace,omitempty"`
	Name          string   `json:"name"`
	Version       string   `json:"version"`
	Arch          string   `json:"arch,omitempty"`
	OS            bool     `json:"os,omitempty"`
	Declared      bool     `json:"declared,omitempty"`
	Source        string   `json:"source,omitempty"`
	SourceVersion string   `json:"sourceVersion,omitempty"`
	Licenses      []string `json:"licenses,omitempty"`
	Path          string   `json:"path,omitempty"`
	ArchivePath   string   `json:"archivePath,omitempty"`
	Layer         int      `json:"layer"`
	Owner         string   `json:"owner,omitempty"`
	Analyzer      string   `json:"analyzer,omitempty"`
}

func viewPackage(c *analyzer.Component) packageView {
	v := packageView{ID: c.ID, PURL: c.PURL, Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: c.Version, Arch: c.Arch, OS: c.System, Declared: c.Declared,
		Licenses: c.Licenses, Path: c.Path, ArchivePath: c.ArchivePath, Layer: c.Layer, Owner: c.Owner, Analyzer: c.Analyzer}
	if s := c.SourcePackage; s != nil {
		v.Source, v.SourceVersion = s.Name, s.Version
	}
	return v
}

// contents returns the report of the image in the path.
func (c *call) contents() (*analyzer.Report, error) {
	m, err := c.analyzed()
	if err != nil {
		return nil, err
	}
	return c.s.Answers.Report(c.ctx(), m)
}

func (c *call) listPackages() (*reply, error) {
	found, err := c.contents()
	if err != nil {
		return nil, err
	}
	var selected []*analyzer.Component
	for i := range found.Components {
		p := &found.Components[i]
		if t := c.query.Get("type"); (t == "" || t == p.Type) && c.inLayer(p) {
			selected = append(selected, p)
		}
	}
	p, err := sorted(c, selected, func(p **analyzer.Component) string {
		return join((*p).Type, (*p).Namespace, (*p).Name, (*p).Version, (*p).ID)
	})
	if err != nil {
		return nil, err
	}
	views := page[packageView]{Items: []packageView{}, Next: p.Next}
	for _, x := range p.Items {
		views.Items = append(views.Items, viewPackage(x))
	}
	return ok(views), nil
}

// inLayer reports whether a package is in the layer that the query names, if it names one.
func (c *call) inLayer(p *analyzer.Component) bool { return p.Layer == c.int("layer", p.Layer) }

// listed is a reply with a page of items.
func listed[T any](c *call, items []T, key func(*T) string) (*reply, error) {
	p, err := sorted(c, items, key)
	if err != nil {
		return nil, err
	}
	return ok(p), nil
}

// join joins texts to a key in whose order the first one counts first.
func join(list ...string) string { return strings.ToValidUTF8(strings.Join(list, "\x01"), "\uFFFD") }

func (c *call) raw(name string) (*reply, error) {
	m, err := c.image()
	if err == nil && m.State == store.Archived {
		err = errArchived
	}
	if err != nil {
		return nil, err
	}
	body, err := c.s.Answers.Document(c.ctx(), m, name)
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: body, kind: "application/json"}, nil
}

func (c *call) getManifest() (*reply, error) { return c.raw(answer.Manifest) }
func (c *call) getConfig() (*reply, error)   { return c.raw(journal.Config) }

type layerView struct {
	DiffID    string `json:"diffId"`
	CreatedBy string `json:"createdBy,omitempty"`
	Size      int64  `json:"size"`
	Entries   int64  `json:"entries"`
}

func (c *call) getHistory() (*reply, error) {
	found, err := c.contents()
	if err != nil {
		return nil, err
	}
	views := []layerView{}
	for i := range found.Layers {
		l := &found.Layers[i]
		views = append(views, layerView{l.DiffID, l.CreatedBy, int64(l.Bytes), int64(l.Entries)})
	}
	return ok(page[layerView]{Items: views}), nil
}

type fileView struct {
	Path    string            `json:"path"`
	Mode    string            `json:"mode"`
	UID     int               `json:"uid,omitempty"`
	GID     int               `json:"gid,omitempty"`
	Size    int64             `json:"size"`
	Target  string            `json:"target,omitempty"`
	Link    string            `json:"link,omitempty"`
	Layer   int               `json:"layer"`
	Owner   string            `json:"owner,omitempty"`
	Digests map[string]string `json:"digests,omitempty"`
}

// listFiles pages through the list, which is sorted, without a copy of it.
func (c *call) listFiles() (*reply, error) {
	found, err := c.contents()
	if err != nil {
		return nil, err
	}
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	prefix, limit := c.query.Get("prefix"), c.limit()
	var views []fileView
	for f := range found.Files.All() {
		if len(views) > limit {
			break
		}
		if after != "" && f.Path <= after || !strings.HasPrefix(f.Path, prefix) || !clean(f.Path) {
			continue
		}
		v := fileView{Path: f.Path, Mode: f.Mode.String(), UID: f.UID, GID: f.GID, Size: f.Size, Target: f.Target, Link: f.Link, Layer: f.Layer, Owner: f.Owner}
		for _, d := range f.Digests {
			if v.Digests == nil {
				v.Digests = make(map[string]string)
			}
			v.Digests[d.Algorithm] = fmt.Sprintf("%x", d.Sum)
		}
		views = append(views, v)
	}
	return ok(paged(views, limit, func(v *fileView) string { return v.Path })), nil
}

type findingView struct {
	Rule     string `json:"rule"`
	Title    string `json:"title"`
	Detail   string `json:"detail,omitempty"`
	Severity string `json:"severity,omitempty"`
	Analyzer string `json:"analyzer"`
	Path     string `json:"path"`
	Line     int    `json:"line,omitempty"`
	Layer    int    `json:"layer"`
	Hidden   bool   `json:"hidden,omitempty"`

	number int
}

func (c *call) findings(by string) (*reply, error) {
	found, err := c.contents()
	if err != nil {
		return nil, err
	}
	views := []findingView{}
	for i := range found.Findings {
		f := &found.Findings[i]
		if by == "" || by == f.Analyzer {
			views = append(views, findingView{f.Rule, f.Title, f.Detail, f.Severity, f.Analyzer, f.Path, f.Line, f.Layer, f.Hidden, i})
		}
	}
	return listed(c, views, func(v *findingView) string { return fmt.Sprintf("%08d", v.number) })
}

func (c *call) listFindings() (*reply, error) { return c.findings(c.query.Get("analyzer")) }
func (c *call) listSecrets() (*reply, error)  { return c.findings("secrets") }

type recordView struct {
	Kind     string            `json:"kind"`
	Key      string            `json:"key"`
	Analyzer string            `json:"analyzer"`
	Path     string            `json:"path"`
	Line     int               `json:"line,omitempty"`
	Layer    int               `json:"layer"`
	Hidden   bool              `json:"hidden,omitempty"`
	Fields   map[string]string `json:"fields"`

	number int
}

func (c *call) listRecords() (*reply, error) {
	found, err := c.contents()
	if err != nil {
		return nil, err
	}
	views := []recordView{}
	for i := range found.Records {
		r := &found.Records[i]
		if kind := c.query.Get("kind"); kind != "" && kind != r.Kind {
			continue
		}
		fields := r.Fields
		if fields == nil {
			fields = map[string]string{}
		}
		views = append(views, recordView{r.Kind, r.Key, r.Analyzer, r.Path, r.Line, r.Layer, r.Hidden, fields, i})
	}
	return listed(c, views, func(v *recordView) string { return fmt.Sprintf("%08d", v.number) })
}

// matched returns a request to match the image in the path with the newest advisories and the tenant's marks, the hash of the marks, and a function
// that releases the advisories.
func (c *call) matched() (r *answer.Request, marks [sha256.Size]byte, release func(), err error) {
	m, err := c.analyzed()
	if err != nil {
		return nil, marks, nil, err
	}
	source, release, err := c.source()
	if err != nil {
		return nil, marks, nil, err
	}
	r = &answer.Request{Image: m, Now: today(), Source: source}
	list, documents, err := c.s.Verdicts.Journal(c.tenant()).Marks(c.ctx(), m.Digest)
	if err != nil {
		release()
		return nil, marks, nil, err
	}
	if len(documents) > 0 {
		r.VEX = documents
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", m.Reference, m.Config) // which the marks may name
	for i := range list {
		fmt.Fprintf(h, "%q %x\n", list[i].ID, sha256.Sum256(list[i].Document))
	}
	return r, [sha256.Size]byte(h.Sum(nil)), release, nil
}

// today returns the beginning of the day, so that equal answers of a day have equal bytes.
func today() time.Time { return time.Now().UTC().Truncate(24 * time.Hour) }

// assess assesses the image in the path with the newest advisories.
func (c *call) assess(matched, judged bool) (*report.Assessment, error) {
	if !matched {
		m, err := c.analyzed()
		if err != nil {
			return nil, err
		}
		return c.s.Answers.Assess(c.ctx(), &answer.Request{Image: m, Now: today()})
	}
	r, _, release, err := c.matched()
	if err != nil {
		return nil, err
	}
	defer release()
	if judged {
		p, err := c.s.Verdicts.Policy(c.ctx(), r.Image, c.query.Get("policy"))
		switch {
		case err == nil:
			r.Policy, r.Now = p.Policy, time.Now()
		case c.query.Get("policy") != "" || !errors.Is(err, verdict.ErrUnmapped):
			return nil, err
		}
	}
	return c.s.Answers.Assess(c.ctx(), r)
}

// source returns the advisories that count for the tenant, and a function that releases them.
func (c *call) source() (advisories.Source, func(), error) {
	return c.s.Advisories.For(c.ctx(), c.tenant())
}

func (c *call) getSBOM() (*reply, error) {
	a, err := c.assess(c.query.Get("vulnerabilities") == "true", false)
	if err != nil {
		return nil, err
	}
	o := sbom.Options{Name: a.Name, Version: c.query.Get("version"), Tool: a.Tool}
	switch c.query.Get("format") {
	case "cyclonedx-xml":
		o.Format = sbom.CycloneDXXML
	case "spdx-json":
		o.Format = sbom.SPDXJSON
	case "in-toto":
		o.Statement = true
	}
	var b bytes.Buffer
	if err := sbom.Encode(&b, a, o); err != nil {
		return nil, unprocessable(err)
	}
	return &reply{status: http.StatusOK, body: b.Bytes(), kind: o.MediaType(), database: a.Database.Hash}, nil
}

// unprocessable is the problem of a form that cannot express the answer.
func unprocessable(err error) error {
	return &problem{Status: http.StatusUnprocessableEntity, Code: "unsupported", Detail: err.Error()}
}

// forms are the forms of reports.
var forms = map[string]struct {
	kind  string
	write func(io.Writer, *report.Assessment) error
}{
	"json":  {"application/json", reportjson.Write},
	"sarif": {"application/sarif+json", sarif.Write},
	"html":  {"text/html; charset=utf-8", html.Write},
	"table": {"text/plain; charset=utf-8", func(w io.Writer, a *report.Assessment) error {
		return table.Write(w, a, table.Options{})
	}},
	"gitlab":   {"application/json", gitlab.Write},
	"junit":    {"application/xml", junit.Write},
	"markdown": {"text/markdown; charset=utf-8", markdown.Write},
}

func (c *call) getReport() (*reply, error) {
	a, err := c.assess(true, true)
	if err != nil {
		return nil, err
	}
	form := c.query.Get("format")
	if form == "" {
		form = "json"
	}
	var b bytes.Buffer
	if err := forms[form].write(&b, a); err != nil {
		return nil, unprocessable(err)
	}
	return &reply{status: http.StatusOK, body: b.Bytes(), kind: forms[form].kind, database: a.Database.Hash}, nil
}
