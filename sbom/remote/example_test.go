package remote_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1remote "github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/remote"
)

func Example() {
	ctx := context.Background()
	server := httptest.NewServer(ggcr.New(ggcr.WithReferrersSupport(true), ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	img, err := imagetest.Image(new(imagetest.Layer).File("usr/lib/node_modules/lodash/package.json", `{"name": "lodash", "version": "4.17.20"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	tag, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err == nil {
		err = v1remote.Write(tag, img)
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	opened, err := source.Open(ctx, tag.Name(), source.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer opened.Close()
	found, err := scan.Scanner{Analyzers: all.All()}.Scan(ctx, opened)
	if err != nil {
		fmt.Println(err)
		return
	}
	image := tag.Repository.Name() + "@" + found.Image.Digest
	if _, err := remote.Write(ctx, image, report.New(found, nil, report.Options{}), sbom.Options{}, registry.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	read, _, err := remote.Read(ctx, image, registry.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range read.Components {
		fmt.Println(c.PURL)
	}
	// Output: pkg:npm/lodash@4.17.20
}
