package updateinfo

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// fetch downloads updateinfo.xml of repositories. Each of the dataset's URLs is that of a repository's repomd.xml, of a list of mirrors, or of
// an updateinfo.xml. From a list, fetch uses the first mirror that answers. It verifies the checksums in repomd.xml. The fingerprint has a
// line for each URL, with the checksum.
//
// A repository other than the first may have no updateinfo.xml, as most extras of Amazon Linux. If one does not exist, it costs only its own
// updates, see Fetcher.GetAll.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	if !slices.ContainsFunc(f.Dataset.URLs, func(s string) bool { return isMirrorList(s) || isIndex(s) }) {
		return f.GetAll(ctx, f.Dataset.URLs)
	}
	was := make(map[string]string)
	for line := range strings.SplitSeq(f.Fingerprint, "\n") {
		location, sum, _ := strings.Cut(line, " ")
		was[location] = sum
	}
	var got feed.Fetched
	var items []feed.Item
	var lines []string
	for i, location := range f.Dataset.URLs {
		it := feed.Item{URL: location}
		var err error
		if isMirrorList(location) || isIndex(location) {
			it, err = find(ctx, f, location)
		}
		state := it.Sum
		switch had := was[location]; {
		case errors.Is(err, errNone) && i > 0:
			state = none
		case errors.Is(err, fs.ErrNotExist) && had != "" && had != none && had != absent:
			state = lost
			got.Increment, got.Partial, got.Date = true, true, f.Date
			got.Missing = append(got.Missing, err)
		case errors.Is(err, fs.ErrNotExist) && i > 0:
			state = absent
			got.Missing = append(got.Missing, err)
		case err != nil:
			return feed.Fetched{}, err
		default:
			items = append(items, it)
		}
		if state != "" { // otherwise nothing tells whether it has changed
			lines = append(lines, location+" "+state)
		}
	}
	if len(lines) == len(f.Dataset.URLs) {
		got.Fingerprint = strings.Join(lines, "\n")
	}
	if got.Fingerprint == f.Fingerprint && f.Fingerprint != "" {
		return feed.Fetched{Missing: got.Missing}, feed.ErrUnchanged
	}
	if len(items) == 0 {
		return feed.Fetched{}, errors.Join(got.Missing...)
	}
	for _, it := range items {
		path, err := f.Get(ctx, it)
		if err != nil {
			return feed.Fetched{}, err
		}
		got.Locations = append(got.Locations, path)
	}
	return got, nil
}

// States of a repository without a checksum.
const (
	none   = "none"   // it has no updateinfo.xml
	absent = "absent" // it does not exist, and the database has nothing of it
	lost   = "lost"   // it does not exist, and the database has its former data
)

func isIndex(location string) bool {
	u, err := url.Parse(location)
	return err == nil && path.Base(u.Path) == "repomd.xml"
}

func isMirrorList(location string) bool {
	u, err := url.Parse(location)
	return err == nil && strings.HasPrefix(path.Base(u.Path), "mirror")
}

// find returns the item of updateinfo.xml from an index or a list of mirrors.
func find(ctx context.Context, f *feed.Fetcher, location string) (feed.Item, error) {
	if isIndex(location) {
		return findIn(ctx, f, location)
	}
	list, err := f.Read(ctx, location)
	if err != nil {
		return feed.Item{}, err
	}
	errs := []error{fmt.Errorf("updateinfo: %s: no mirror answers", location)}
	for _, m := range mirrorsOf(list) {
		it, err := findIn(ctx, f, m)
		if err == nil || ctx.Err() != nil {
			return it, err
		}
		errs = append(errs, err)
	}
	return feed.Item{}, errors.Join(errs...)
}

// maxMirrors bounds the number of mirrors that find tries.
const maxMirrors = 5

// mirrorsOf returns the URLs of the repomd.xml of the repositories in a list, which has one repository a line.
func mirrorsOf(list []byte) []string {
	var out []string
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && len(out) < maxMirrors {
			out = append(out, strings.TrimSuffix(line, "/")+"/repodata/repomd.xml")
		}
	}
	return out
}

// findIn returns the item of updateinfo.xml in a repository.
func findIn(ctx context.Context, f *feed.Fetcher, repomd string) (feed.Item, error) {
	b, err := f.Read(ctx, repomd)
	if err != nil {
		return feed.Item{}, err
	}
	href, sum, err := parseRepomd(b)
	if err != nil {
		return feed.Item{}, fmt.Errorf("updateinfo: %s: %w", repomd, err)
	}
	if i := strings.LastIndex(repomd, "repodata/"); i >= 0 {
		href = repomd[:i] + href
	}
	return feed.Item{URL: href, Sum: sum}, nil
}

var errNone = errors.New("no updateinfo in repomd.xml")

// parseRepomd returns the path of updateinfo.xml in the repository and its checksum. Source:
// https://github.com/rpm-software-management/createrepo_c, src/xml_parser_repomd.c.
func parseRepomd(b []byte) (href, sum string, err error) {
	x := xmlstream.New(bytes.NewReader(b))
	for {
		e, err := x.Next()
		if err == io.EOF {
			return "", "", errNone
		}
		if err != nil {
			return "", "", err
		}
		if e.Name.Local != "data" || xmlstream.Attr(e, "type") != "updateinfo" {
			continue
		}
		_, err = x.Element(func(e *xml.StartElement) error {
			switch e.Name.Local {
			case "location":
				href = xmlstream.Attr(e, "href")
			case "checksum":
				kind := xmlstream.Attr(e, "type")
				hex, err := x.Text()
				if err == nil && kind != "sha" { // SHA-1 is insecure
					sum = kind + ":" + hex
				}
				return err
			}
			return nil
		})
		switch {
		case err != nil:
			return "", "", err
		case href == "" || sum == "":
			return "", "", errors.New("updateinfo without location or checksum in repomd.xml")
		}
		return href, sum, nil
	}
}
