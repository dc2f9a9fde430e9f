package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/client"
	"github.com/hullmark/hullmark/examples/fleet/config"
)

func archiveRun(ctx context.Context, p *program, c *call) error {
	dry := c.flags.Bool("dry-run", false, "list the images only")
	var rule struct {
		Repositories []string `json:"repositories,omitempty"`
		OlderThan    int64    `json:"olderThan,omitempty"`
		NewerTags    int      `json:"newerTags,omitempty"`
		Keep         int      `json:"keep,omitempty"`
	}
	c.flags.Var(&list[string]{&rule.Repositories, text, false}, "repository", "archive images of repositories that match `PATTERN` only (repeatable)")
	c.flags.Func("older-than", "archive images that were analyzed before this `TIME`, such as 90d", func(s string) error {
		d, err := config.ParseDuration(s)
		rule.OlderThan = int64(d / time.Second)
		return err
	})
	c.flags.IntVar(&rule.NewerTags, "newer-tags", 0, "archive images whose repository has `N` newer tags")
	c.flags.IntVar(&rule.Keep, "keep", 0, "keep the `N` newest images of each repository")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	body := make(map[string]any)
	if rule.OlderThan > 0 || rule.NewerTags > 0 || rule.Keep > 0 {
		body["rules"] = []any{rule}
	} else if len(rule.Repositories) > 0 {
		return usageError("--repository needs --older-than, --newer-tags or --keep")
	}
	query := url.Values{"limit": {"1000"}}
	if *dry {
		query.Set("dry_run", "true")
	}
	for {
		var page struct {
			Items           []client.Image
			Total, Archived int
		}
		if err := asked.JSON(ctx, http.MethodPost, "/v1/archive", query, body, &page); err != nil {
			return err
		}
		var rows [][]string
		for i := range page.Items {
			rows = append(rows, []string{page.Items[i].Digest, page.Items[i].Reference, shortTime(page.Items[i].Finished)})
		}
		if err := p.table(rows); err != nil {
			return err
		}
		if *dry || page.Archived == 0 || page.Total == len(page.Items) {
			_, err := fmt.Fprintf(p.stderr, "%d images match, %d archived\n", page.Total, page.Archived)
			return err
		}
	}
}

func archiveList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	return printList(ctx, p, asked, "/v1/images", url.Values{"state": {"archived"}}, *form, []string{"IMAGE", "NAME", "ANALYZED"}, func(i *client.Image) []string {
		return []string{i.Digest, nameOf(i), shortTime(i.Finished)}
	})
}

func archiveRestore(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPost, "/v1/images/"+client.Escape(args[0])+"/restore", nil, nil, nil)
}

func gcCommand(ctx context.Context, p *program, c *call) error {
	dry := c.flags.Bool("dry-run", false, "count objects, submissions and entries of the audit only")
	grace := 24 * time.Hour
	c.flags.Func("grace", "keep data younger than this `TIME` (default 24h)", func(s string) (err error) {
		grace, err = config.ParseDuration(s)
		return err
	})
	open := p.storeFlags(c)
	if _, err := c.parse(0); err != nil {
		return err
	}
	s, file, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	o := options(file)
	kept, err := p.bucket(file)
	if err != nil {
		return err
	}
	if kept == nil {
		kept = o.LocalObjects(s)
	}
	a, now := &archive.Archiver{Store: s, Objects: kept}, time.Now()
	o.Keep.Defaults()
	if *dry {
		rows, err := a.Retain(ctx, now, o.Keep, true)
		if err != nil {
			return err
		}
		n, bytes, err := a.Unused(ctx, now, grace)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "objects: %d (%d bytes)\nsubmissions: %d\nentries of the audit: %d\n", n, bytes, rows.Submissions, rows.Audit)
		return err
	}
	counts, err := a.Collect(ctx, now, file.KeepEvents, grace)
	if err != nil {
		return err
	}
	if counts.Retained, err = a.Retain(ctx, now, o.Keep, false); err != nil {
		return err
	}
	_, err = fmt.Fprint(p.stdout, counts)
	return err
}
