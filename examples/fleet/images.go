package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/client"
)

// annotations is a flag KEY=VALUE, repeatable.
type annotations map[string]string

func (a annotations) String() string { return "" }

func (a annotations) Set(s string) error {
	k, v, ok := strings.Cut(s, "=")
	if !ok || k == "" {
		return fmt.Errorf("%q is not KEY=VALUE", s)
	}
	a[k] = v
	return nil
}

func imageAdd(ctx context.Context, p *program, c *call) error {
	marks := make(annotations)
	c.flags.Var(marks, "annotation", "store `KEY=VALUE` with the image (repeatable)")
	archive := c.flags.Bool("archive", false, "the argument is a `docker save` archive or one with an OCI layout, - for standard input")
	document := c.flags.Bool("sbom", false, "the argument is an SBOM, - for standard input")
	name := c.flags.String("name", "", "`REFERENCE` of the image in an archive or SBOM")
	platform := c.flags.String("platform", "", "of an index, analyze these `PLATFORMS` only, such as linux/amd64,linux/arm64 (default all of Linux, at most 16)")
	again := c.flags.Bool("again", false, "analyze the image also if it is analyzed already")
	wait := c.flags.Bool("wait", false, "wait until it is analyzed")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	var s *client.Submission
	switch {
	case *archive && *document:
		return usageError("--archive and --sbom exclude each other")
	case *archive:
		s, err = asked.Upload(ctx, "/v1/uploads", *name, "application/octet-stream", p.opener(args[0]))
	case *document:
		s, err = asked.Upload(ctx, "/v1/sboms", *name, "application/octet-stream", p.opener(args[0]))
	default:
		s, err = asked.Submit(ctx, args[0], *platform, marks, *again)
	}
	if err != nil {
		return err
	}
	if !*wait {
		_, err = fmt.Fprintln(p.stdout, s.ID)
		return err
	}
	return p.waited(ctx, asked, s.ID)
}

// opener returns a function that opens a file, or standard input once.
func (p *program) opener(name string) func() (io.ReadCloser, error) {
	if name != "-" {
		return func() (io.ReadCloser, error) { return os.Open(name) }
	}
	used := false
	return func() (io.ReadCloser, error) {
		if used {
			return nil, fmt.Errorf("standard input cannot be sent again")
		}
		used = true
		return io.NopCloser(p.stdin), nil
	}
}

// waited waits for a submission and prints the digest of its index or image, so that no platform stands for the others.
func (p *program) waited(ctx context.Context, c *client.Client, id string) error {
	s, err := c.Wait(ctx, id)
	if err != nil {
		return err
	}
	if s.State == "failed" {
		return &exitError{exitUncovered, fmt.Sprintf("the analysis failed: %s: %s", s.Reason, s.Message)}
	}
	if s.Message != "" {
		fmt.Fprintln(p.stderr, "not analyzed:", printable(s.Message))
	}
	_, err = fmt.Fprintln(p.stdout, printable(s.Named()))
	return err
}

func imageWait(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return p.waited(ctx, asked, args[0])
}

func imageList(ctx context.Context, p *program, c *call) error {
	state := c.flags.String("state", "", "list images in this `STATE` only: waiting, analyzing, analyzed, failed or archived")
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	query := make(url.Values)
	if *state != "" {
		query.Set("state", *state)
	}
	return printList(ctx, p, asked, "/v1/images", query, *form, []string{"IMAGE", "STATE", "NAME", "ANALYZED"}, func(i *client.Image) []string {
		state := i.State
		if i.Reason != "" {
			state += " (" + i.Reason + ")"
		}
		return []string{i.Digest, state, nameOf(i), shortTime(i.Finished)}
	})
}

// nameOf returns the first tag that points at an image, or the name by which it was submitted.
func nameOf(i *client.Image) string {
	if len(i.Tags) > 0 {
		return i.Tags[0].Name
	}
	return i.Reference
}

func shortTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// printList prints all pages of a list as a table with a head, or each item as JSON in a line.
func printList[T any](ctx context.Context, p *program, c *client.Client, path string, query url.Values, form string, head []string, row func(*T) []string) error {
	if form == "json" {
		for item, err := range client.Pages[json.RawMessage](ctx, c, path, query) {
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(p.stdout, "%s\n", item); err != nil {
				return err
			}
		}
		return nil
	}
	if form != "table" {
		return usageError(fmt.Sprintf("unknown format %q; the formats are table and json", form))
	}
	rows := [][]string{head}
	for item, err := range client.Pages[T](ctx, c, path, query) {
		if err != nil {
			return err
		}
		rows = append(rows, row(&item))
	}
	return p.table(rows)
}

func imageGet(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return p.print(ctx, asked, "/v1/images/"+client.Escape(args[0]), nil)
}

// print prints the bytes of an answer.
func (p *program) print(ctx context.Context, c *client.Client, path string, query url.Values) error {
	response, err := c.Do(ctx, &client.Request{Path: path, Query: query})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(p.stdout, response.Body); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func imageDelete(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodDelete, "/v1/images/"+client.Escape(args[0]), nil, nil, nil)
}

func reportCommand(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table, json, sarif, html, gitlab, junit or markdown")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return p.print(ctx, asked, "/v1/images/"+client.Escape(args[0])+"/report", url.Values{"format": {*form}})
}

func sbomCommand(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "", "`FORMAT`, such as cyclonedx-json or spdx-json (default CycloneDX in JSON)")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	query := make(url.Values)
	if *form != "" {
		query.Set("format", *form)
	}
	return p.print(ctx, asked, "/v1/images/"+client.Escape(args[0])+"/sbom", query)
}

// A vulnerability has the fields that a table shows.
type vulnerability struct {
	ID, Status, Fixed, Uncertain, Suppressed string
	Severity                                 struct{ Level string }
	Package                                  struct{ Name, Version string }
	Exploited                                time.Time
}

func vulnCommand(ctx context.Context, p *program, c *call) error {
	kind := c.flags.String("type", "all", "packages of the distribution or others: `TYPE` os, non-os or all")
	severity := c.flags.String("severity", "", "vulnerabilities of this `LEVEL` and higher ones only")
	vendor := c.flags.Bool("vendor-only", false, "leave out vulnerabilities that the publisher will not fix")
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	query := url.Values{"type": {*kind}}
	if *severity != "" {
		query.Set("severity", *severity)
	}
	if *vendor {
		query.Set("vendor_only", "true")
	}
	return printList(ctx, p, asked, "/v1/images/"+client.Escape(args[0])+"/vulnerabilities", query, *form, []string{"VULNERABILITY", "SEVERITY", "PACKAGE", "VERSION", "FIXED", "STATUS"},
		func(v *vulnerability) []string {
			status := v.Status
			switch {
			case v.Suppressed != "":
				status = "suppressed: " + v.Suppressed
			case !v.Exploited.IsZero():
				status += ", exploited"
			}
			return []string{v.ID, v.Severity.Level, v.Package.Name, v.Package.Version, v.Fixed, status}
		})
}

func affectedCommand(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	query := url.Values{"id": {args[0]}}
	if strings.HasPrefix(args[0], "pkg:") {
		query = url.Values{"purl": {args[0]}}
	}
	return printList(ctx, p, asked, "/v1/affected", query, *form, []string{"IMAGE", "NAME", "ANALYZED"}, func(i *client.Image) []string {
		return []string{i.Digest, nameOf(i), shortTime(i.Finished)}
	})
}
