package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/service"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// serverFlags let a service analyze and judge an image, such as examples/fleet.
type serverFlags struct{ url, tokenFile string }

func (f *serverFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "server", "", "let the service at `URL` analyze and judge the image, with its advisories, statements and policy")
	c.Flags().StringVar(&f.tokenFile, "token-file", "", "`FILE` of the token for --server (default: the token is in $FLEET_TOKEN)")
}

// open returns the service.
func (f *serverFlags) open(m *matchFlags) (*service.Client, error) {
	for _, given := range []struct {
		flag string
		set  bool
	}{{"--db", m.database != ""}, {"--policy", m.policy != ""}, {"--vex", len(m.vex) > 0}} {
		if given.set {
			return nil, fmt.Errorf("%s and --server exclude each other: the service has its own", given.flag)
		}
	}
	token := os.Getenv("FLEET_TOKEN")
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return nil, err
		}
		token = string(text)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, errors.New("--server needs a token; set $FLEET_TOKEN, or pass --token-file FILE")
	}
	return &service.Client{URL: strings.TrimSuffix(f.url, "/"), Token: token}, nil
}

// A served is an image that the service has analyzed. Platform names it among others of an index, and is "" if there is no other.
type served struct{ digest, platform string }

// submit submits an image in a registry, or the content of a file, and returns the images to report: of an index those that the service analyzes, those for a
// platform, or all with --platform all. It adds to all the images that were asked for and were not analyzed.
func (a *app) submit(ctx context.Context, s *service.Client, ref, platform string, all *outcomes) ([]served, error) {
	file := strings.TrimPrefix(strings.TrimPrefix(ref, "docker-archive:"), "oci-archive:")
	if info, err := os.Stat(file); err == nil {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: --server takes images in registries, archives and SBOMs", file)
		}
		if platform != "" {
			return nil, fmt.Errorf("%s: --server takes one image of a file; omit --platform", file)
		}
		path := "/v1/uploads"
		if isDocument(file) {
			path = "/v1/sboms"
		}
		m, err := s.Upload(ctx, path, "", func() (io.ReadCloser, error) { return os.Open(file) })
		return []served{{digest: m.Image}}, err
	}
	var wanted *v1.Platform
	every := platform == allPlatforms
	if platform != "" && !every {
		var err error
		if wanted, err = v1.ParsePlatform(platform); err != nil {
			return nil, fmt.Errorf("--platform %s: %w", platform, err)
		}
	}
	image, x, err := s.Analyze(ctx, strings.TrimPrefix(ref, "registry:"), wanted, every)
	if err != nil || x == nil {
		return []served{{digest: image}}, err
	}
	return a.reported(x, wanted, every, all), nil
}

// reported returns the images of an index to report: those for a platform, nil for any.
func (a *app) reported(x *service.Index, wanted *v1.Platform, every bool, all *outcomes) (list []served) {
	n := 0
	seen := make(map[string]int)
	for _, p := range x.Platforms {
		if is, err := v1.ParsePlatform(p.Platform); wanted != nil && (err != nil || !is.Satisfies(*wanted)) {
			continue
		}
		n++
		title := cmp.Or(p.Platform, "a platform without a name")
		switch {
		case p.State == "analyzed":
			if seen[title]++; seen[title] > 1 {
				title = fmt.Sprintf("%s.%d", title, seen[title])
			}
			list = append(list, served{p.Digest, title})
		case service.LeftOut(p.Reason) && !every && wanted == nil:
			a.say("%s was not analyzed: %s; --platform all includes it", terminal.Escape(title), terminal.Escape(p.Reason))
		default:
			all.failed = append(all.failed, fmt.Errorf("%s was not analyzed: %s", title, cmp.Or(p.Reason, p.State, "the service has not said why")))
		}
	}
	switch more := english.Count(x.More, "more platform"); {
	case x.More == 0 || wanted != nil:
	case every:
		all.failed = append(all.failed, fmt.Errorf("%s not analyzed", more))
	default:
		a.say("%s not analyzed", more)
	}
	if n == 1 && len(list) == 1 && !every {
		list[0].platform = ""
	}
	return list
}

// asked shows and judges the answers of a service. Submit returns the images, and adds those that were not analyzed to all.
func (a *app) asked(ctx context.Context, s *service.Client, ref string, f *matchFlags, all *outcomes, submit func() ([]served, error)) error {
	p := assess.Pipeline{Name: ref, Now: a.now()}
	if err := f.verdictFlags.apply(&p); err != nil {
		return err
	}
	if err := f.viewFlags.apply(a, &p); err != nil {
		return err
	}
	out, err := f.formatFlags.open(a) // before the submission, so that mistakes on the command line are found first
	if err != nil {
		return err
	}
	defer out.discard()
	images, err := submit()
	if err != nil {
		return err
	}
	if len(images) == 1 && images[0].platform == "" && len(all.failed) == 0 {
		return a.answer(ctx, s, &p, &f.verdictFlags, out, images[0])
	}
	out.discard()
	for _, m := range images {
		own := f.formatFlags
		own.tag = strings.ReplaceAll(m.platform, "/", "-")
		out, err := own.open(a)
		if err == nil {
			err = a.answer(ctx, s, &p, &f.verdictFlags, out, m)
			out.discard()
		}
		if err := all.add(ctx, a, m.platform, err); err != nil {
			return err
		}
	}
	return all.worst(ref)
}

// answer shows and judges the answer of a service about an image.
func (a *app) answer(ctx context.Context, s *service.Client, p *assess.Pipeline, f *verdictFlags, out writers, m served) error {
	answer, err := s.Report(ctx, m.digest)
	if err != nil {
		return err
	}
	x, err := json.Read(bytes.NewReader(answer))
	if err != nil {
		return fmt.Errorf("%s: %w", s.URL, err)
	}
	if m.platform != "" {
		x.Name = p.Name + " (" + m.platform + ")"
	}
	x = report.New(x.Report, x.Result, report.Options{Name: x.Name, Tool: x.Tool, Time: x.Time, Database: x.Database, Declared: true, Base: x.Base, VEX: x.VEX, Verdict: x.Verdict,
		View: p.View, Gate: p.Gate})
	if err := out.commit(x); err != nil {
		return err
	}
	return a.judge(ctx, f, x)
}

// sendInside sends the packages of a root file system to a service, as an SBOM.
func (a *app) sendInside(ctx context.Context, s *service.Client, f *matchFlags, read func() (*analyzer.Report, error)) (string, error) {
	found, err := read()
	if err != nil {
		return "", err
	}
	name := ""
	if len(f.names) > 0 {
		name = f.names[0]
	}
	var document bytes.Buffer
	if err := sbom.Encode(&document, report.New(found, nil, report.Options{Name: name, Declared: true}), sbom.Options{Name: name, Timestamp: a.now()}); err != nil {
		return "", err
	}
	m, err := s.Upload(ctx, "/v1/sboms", name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(document.Bytes())), nil })
	return m.Image, err
}
