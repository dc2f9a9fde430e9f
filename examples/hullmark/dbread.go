package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/jsonlines"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report/table"
)

func (a *app) dbInfoCommand() *cobra.Command {
	return command("db/info", func(ctx context.Context, args []string) error {
		d, err := a.openDB(ctx, args[0], databaseFlags{})
		if err != nil {
			return err
		}
		defer d.Close()
		return a.write("", func(out *output) error {
			writeInfo(out, d.Info(), a.style(out))
			return nil
		})
	})
}

// writeInfo describes a database. The buffer of out keeps errors.
func writeInfo(out *output, i db.Info, style terminal.Style) {
	fmt.Fprintf(out, "format %d, %s bytes in %s, index sha256:%s\n", i.Version, english.Number(int(i.Size)), english.Count(i.Blocks, "block"), i.Hash)
	writeSignatures(out, i)
	fmt.Fprintf(out, "%s, %s\n\n", english.Count(i.Advisories, "advisory"), english.Count(i.Ranges, "range"))
	feeds := terminal.Grid{Columns: []terminal.Column{
		{Title: "FEED"}, {Title: "DATE"}, {Title: "RECORDS", Right: true}, {Title: "WITHDRAWN", Right: true}, {Title: "BAD", Right: true},
		{Title: "FROM", Min: 10, Shrink: 1},
	}}
	for _, x := range i.Feeds {
		feeds.Add(x.Name, day(x.Date), english.Number(x.Records), english.Number(x.Withdrawn), english.Number(x.Bad), x.URL)
	}
	feeds.Write(out, style)
	fmt.Fprintln(out)
	coverage := terminal.Grid{Columns: []terminal.Column{
		{Title: "COVERS"}, {Title: "FEED"}, {Title: "DATE"}, {Title: "ADVISORIES", Right: true}, {Title: ""},
	}}
	for _, c := range i.Coverage {
		note := ""
		if c.EndOfLife {
			note = "end of life"
		}
		coverage.Add(words(c.Type, c.Namespace, c.Release), c.Feed, day(c.Date), english.Number(c.Advisories), note)
	}
	coverage.Write(out, style)
	if len(i.Enrichments) > 0 {
		fmt.Fprintln(out)
		enrichments := terminal.Grid{Columns: []terminal.Column{{Title: "ENRICHES"}, {Title: "VULNERABILITIES", Right: true}}}
		for _, e := range i.Enrichments {
			enrichments.Add(e.Feed, english.Number(e.Vulnerabilities))
		}
		enrichments.Write(out, style)
	}
}

func writeSignatures(w io.Writer, i db.Info) {
	if len(i.Signatures) == 0 {
		fmt.Fprintln(w, "not signed")
	}
	for _, s := range i.Signatures {
		fmt.Fprintf(w, "signed at %s by ed25519:%s\n", s.Time.Format(time.RFC3339), hex.EncodeToString(s.Key))
	}
}

// words joins words that are not empty.
func words(list ...string) string {
	return strings.Join(strings.Fields(strings.Join(list, " ")), " ")
}

func (a *app) dbVerifyCommand() *cobra.Command {
	var f databaseFlags
	c := command("db/verify", func(ctx context.Context, args []string) error {
		d, err := a.openDB(ctx, args[0], f)
		if err != nil {
			return err
		}
		defer d.Close()
		if err := d.Verify(ctx); err != nil {
			return databaseError(err)
		}
		return a.write("", func(out *output) error {
			i := d.Info()
			fmt.Fprintf(out, "undamaged: %s bytes, index sha256:%s\n", english.Number(int(i.Size)), i.Hash)
			writeSignatures(out, i)
			return nil
		})
	})
	f.registerKey(c, "")
	return c
}

func (a *app) dbExportCommand() *cobra.Command {
	var f databaseFlags
	var file string
	c := command("db/export", func(ctx context.Context, args []string) error {
		d, err := a.openDB(ctx, args[0], f)
		if err != nil {
			return err
		}
		defer d.Close()
		return a.write(file, func(out *output) error { return jsonlines.Write(ctx, out, d) })
	})
	f.registerKey(c, "")
	outputFlag(c, &file)
	return c
}

func (a *app) dbImportCommand() *cobra.Command {
	var file string
	c := command("db/import", func(ctx context.Context, args []string) error {
		in, err := a.input(ctx, args[0])
		if err != nil {
			return err
		}
		defer in.Close()
		var b db.Builder
		if err := jsonlines.Read(ctx, in, &b); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		return a.write(file, func(out *output) error {
			_, err := b.WriteTo(out)
			return err
		})
	})
	outputFlag(c, &file)
	return c
}

func (a *app) dbDiffCommand() *cobra.Command {
	var file string
	c := command("db/diff", func(ctx context.Context, args []string) error {
		old, err := a.openDB(ctx, args[0], databaseFlags{})
		if err != nil {
			return err
		}
		defer old.Close()
		now, err := a.openDB(ctx, args[1], databaseFlags{})
		if err != nil {
			return err
		}
		defer now.Close()
		var added, changed, withdrawn int
		err = a.write(file, func(out *output) (err error) {
			added, changed, withdrawn, err = jsonlines.WriteChanges(out, now.Diff(ctx, old))
			return err
		})
		if err != nil {
			return err
		}
		a.say("%s added, %s changed, %s withdrawn", english.Number(added), english.Number(changed), english.Number(withdrawn))
		return nil
	})
	outputFlag(c, &file)
	return c
}

// queryFlags are the flags of db query.
type queryFlags struct {
	databaseFlags
	json bool
}

func (a *app) dbQueryCommand() *cobra.Command {
	var f queryFlags
	c := command("db/query", func(ctx context.Context, args []string) error { return a.dbQuery(ctx, args[0], &f) })
	f.register(c)
	c.Flags().BoolVar(&f.json, "json", false, "write JSON lines, as db export does")
	return c
}

func (a *app) dbQuery(ctx context.Context, text string, f *queryFlags) error {
	f.cacheBlocks("")
	data, err := a.openKnown(ctx, f.databaseFlags)
	if err != nil {
		return err
	}
	defer data.Close()
	list, enrichments, err := assess.Lookup(ctx, data, text)
	switch {
	case errors.Is(err, assess.ErrUncovered):
		return fmt.Errorf("%w; hullmark db info lists its coverage", err)
	case err != nil:
		return err
	case len(list)+len(enrichments) == 0 && !f.json:
		a.say("no advisory is about %s", terminal.Escape(text))
		return nil
	}
	return a.write("", func(out *output) error {
		if f.json {
			return errors.Join(jsonlines.WriteAdvisories(out, list), jsonlines.WriteEnrichments(out, enrichments))
		}
		return errors.Join(table.WriteAdvisories(out, list, a.tableOptions(out)), table.WriteEnrichments(out, enrichments, a.tableOptions(out)))
	})
}
