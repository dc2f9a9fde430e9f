package updateinfo

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
)

// Fetch gets updateinfo.xml of a repository, whose repomd.xml the source's first URL names, or a list of mirrors of it: the
// first mirror counts that answers. The checksum that repomd.xml gives is verified, and is the fingerprint.
func Fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	if len(f.Source.URLs) == 0 {
		return feed.Fetched{}, errors.New("updateinfo: no URL of a mirror.list or repomd.xml")
	}
	first := f.Source.URLs[0]
	if !isMirrorList(first) {
		return fetchRepository(ctx, f, first)
	}
	list, err := f.Read(ctx, feed.Item{URL: first})
	if err != nil {
		return feed.Fetched{}, err
	}
	mirrors := mirrorsOf(list)
	if len(mirrors) == 0 {
		return feed.Fetched{}, fmt.Errorf("updateinfo: %s: no mirrors", first)
	}
	var errs []error
	for _, m := range mirrors {
		got, err := fetchRepository(ctx, f, m)
		if err == nil || errors.Is(err, feed.ErrUnchanged) || ctx.Err() != nil {
			return got, err
		}
		errs = append(errs, err)
	}
	return feed.Fetched{}, errors.Join(errs...)
}

func isMirrorList(location string) bool {
	u, err := url.Parse(location)
	return err == nil && strings.HasPrefix(path.Base(u.Path), "mirror")
}

// maxMirrors bounds how many mirrors are asked.
const maxMirrors = 5

// mirrorsOf returns the URLs of repomd.xml of the repositories in a list, one a line.
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

func fetchRepository(ctx context.Context, f *feed.Fetcher, repomd string) (feed.Fetched, error) {
	b, err := f.Read(ctx, feed.Item{URL: repomd})
	if err != nil {
		return feed.Fetched{}, err
	}
	href, sum, err := parseRepomd(b)
	if err != nil {
		return feed.Fetched{}, fmt.Errorf("updateinfo: %s: %w", repomd, err)
	}
	if sum == f.Fingerprint {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	location := href
	if i := strings.LastIndex(repomd, "repodata/"); i >= 0 {
		location = repomd[:i] + href
	}
	data, err := f.Get(ctx, feed.Item{URL: location, Sum: sum})
	return feed.Fetched{Locations: []string{data.Path}, Fingerprint: sum}, err
}

// parseRepomd returns where updateinfo is, relative to the repository, and its checksum. Source:
// https://github.com/rpm-software-management/createrepo_c, src/xml_parser_repomd.c.
func parseRepomd(b []byte) (href, sum string, err error) {
	x := xmlstream.New(bytes.NewReader(b))
	for {
		e, err := x.Next()
		if err == io.EOF {
			return "", "", errors.New("no updateinfo in repomd.xml")
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
				if err == nil && kind != "sha" { // SHA-1 is worth nothing
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
