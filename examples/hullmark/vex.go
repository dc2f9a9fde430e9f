package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
)

func (a *app) vexCommand() *cobra.Command {
	return group("vex", a.vexAddCommand(), a.vexMergeCommand(), command("vex/check", a.vexCheck))
}

func (a *app) vexAddCommand() *cobra.Command {
	var s vex.Statement
	var products, parts []string
	var status, expires, author string
	c := command("vex/add", func(_ context.Context, args []string) (err error) {
		if s.Status.UnmarshalText([]byte(strings.ReplaceAll(status, "_", "-"))) != nil {
			return fmt.Errorf("unknown --status %q; use not_affected, affected, fixed or under_investigation", status)
		}
		s.Time = a.now().UTC().Truncate(time.Second)
		if s.Expires, err = until(expires); err != nil {
			return err
		}
		d, err := a.vexFile(args[0])
		switch {
		case errors.Is(err, os.ErrNotExist):
			d = vex.NewDocument(author, s.Time)
		case err != nil:
			return err
		case d.Format != "OpenVEX":
			return fmt.Errorf("%s is a document of %s; vex add completes OpenVEX, and hullmark vex merge writes it", args[0], d.Format)
		case len(d.Problems) > 0:
			return fmt.Errorf("%s has statements that cannot be read: %s", args[0], d.Problems[0])
		}
		s.Vulnerability, s.Author = args[1], author
		for _, p := range products {
			s.Products = append(s.Products, vex.Product{Name: p, Parts: parts})
		}
		if err := d.Add(s); err != nil {
			return err
		}
		return a.writeVEX(d, args[0], "OpenVEX")
	})
	flags := c.Flags()
	flags.StringArrayVar(&products, "product", nil, "`NAME` of the image or package: a package URL, a digest, or a reference; repeatable")
	flags.StringArrayVar(&parts, "part", nil, "`PURL` of a package within the products, which alone the statement is about; repeatable")
	flags.StringVar(&status, "status", "", "`STATUS`: not_affected, affected, fixed or under_investigation")
	flags.StringVar(&s.Justification, "justification", "", "`WORD` of OpenVEX that says why it is not affected: vulnerable_code_not_present, ...")
	flags.StringVar(&s.Detail, "detail", "", "`TEXT` that explains it, or the action to take if it is affected")
	flags.StringVar(&author, "author", "", "`NAME` of the author of the statement")
	flags.StringVar(&expires, "expires", "", "last `DATE` on which it holds: 2027-01-31")
	flags.StringArrayVar(&s.Aliases, "alias", nil, "another `ID` of the vulnerability; repeatable")
	return c
}

// until returns the last moment of a date, or the time in a text.
func until(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("--expires %q is not a date; write it as 2027-01-31", text)
	}
	return t.UTC(), nil
}

func (a *app) vexMergeCommand() *cobra.Command {
	var output, format, author string
	c := command("vex/merge", func(_ context.Context, args []string) error {
		var docs []*vex.Document
		for _, name := range args {
			d, err := a.vexFile(name)
			if err != nil {
				return err
			}
			docs = append(docs, d)
		}
		if author == "" {
			author = docs[0].Author
		}
		name, ok := vexFormats[format]
		if !ok {
			return fmt.Errorf("unknown --format %q; use openvex or cyclonedx", format)
		}
		d := vex.Merge(author, a.now().UTC().Truncate(time.Second), docs...)
		for _, p := range d.Problems {
			a.say("left out: %s", oneLine(p))
		}
		return a.writeVEX(d, output, name)
	})
	outputFlag(c, &output)
	c.Flags().StringVarP(&format, "format", "f", "openvex", "write `FORMAT`: openvex or cyclonedx")
	c.Flags().StringVar(&author, "author", "", "`NAME` of the author of the merged document (default: that of the first)")
	return c
}

var vexFormats = map[string]string{"openvex": "OpenVEX", "cyclonedx": "CycloneDX"}

// vexCheck reports the mistakes in documents.
func (a *app) vexCheck(_ context.Context, args []string) error {
	found := 0
	for _, name := range args {
		d, err := a.vexFile(name)
		if err != nil {
			return err
		}
		list := d.Check(a.now())
		found += len(list)
		for _, p := range list {
			a.say("%s: %s", terminal.Escape(name), oneLine(p))
		}
		if err := a.print("%s: %s, %s", terminal.Escape(name), d.Format, english.Count(d.Len(), "statement")); err != nil {
			return err
		}
	}
	if found > 0 {
		return errors.New(english.Count(found, "problem"))
	}
	return nil
}

func (a *app) vexFile(name string) (*vex.Document, error) {
	return readFile("vex", name, func(r io.Reader) (*vex.Document, error) { return vex.Read(r, name) })
}

// writeVEX writes a document to a file, or to standard output if the name is empty.
func (a *app) writeVEX(d *vex.Document, name, format string) error {
	var b strings.Builder
	omitted, err := d.Write(&b, format)
	for _, o := range omitted {
		a.say("left out: %s", oneLine(o))
	}
	if err != nil {
		return err
	}
	return a.write(name, func(out *output) error {
		_, err := io.WriteString(out, b.String())
		return err
	})
}

// writeDecided writes the file of --write-vex.
func (a *app) writeDecided(name string, x *report.Assessment) error {
	if name == "" {
		return nil
	}
	d, omitted := vex.Decided(x, "hullmark")
	for _, o := range omitted {
		a.say("--write-vex leaves out %s", oneLine(o))
	}
	format := "OpenVEX"
	if strings.Contains(name, ".cdx.") {
		format = "CycloneDX"
	}
	if err := a.writeVEX(d, name, format); !errors.Is(err, vex.ErrEmpty) {
		return err
	}
	a.say("nothing is decided: %s is not written", terminal.Escape(name))
	return nil
}
