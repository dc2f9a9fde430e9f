package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer/source"
)

// An archive can come from anywhere that can be read from the beginning again.
func ExampleOpenStream() {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, e := range [][2]string{
		{"config.json", `{"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":[]}}`},
		{"manifest.json", `[{"Config":"config.json","RepoTags":["example.com/app:1"],"Layers":[]}]`},
	} {
		w.WriteHeader(&tar.Header{Name: e[0], Size: int64(len(e[1])), Mode: 0o644})
		io.WriteString(w, e[1])
	}
	w.Close()

	img, err := source.OpenStream(context.Background(), source.Stream{
		Ref: "bucket/app.tar",
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
		},
	}, source.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	config, err := img.ConfigFile()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(img.Ref, config.Platform())
	// Output: bucket/app.tar linux/arm64
}
