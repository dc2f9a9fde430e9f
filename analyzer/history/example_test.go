package history_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history"
)

func Example() {
	configuration := analyzer.NewFile("", 0, []byte(`{
		"config": {"User": "app", "Env": ["API_TOKEN=abc"], "Healthcheck": {"Test": ["CMD", "/check"]}},
		"history": [{"created_by": "RUN /bin/sh -c curl -s https://example.com/setup | sh # buildkit"}],
		"rootfs": {"diff_ids": ["sha256:01"]}
	}`))
	r, err := history.New().Analyze(context.Background(), configuration)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Printf("%s: %s (%s)\n", f.Rule, f.Title, f.Detail)
	}
	// Output:
	// download-to-shell: RUN executes a script from the network without checking it (instruction 1 of the history)
	// secret-in-environment: variable API_TOKEN seems to hold a secret, visible to every user of the image (CIS Docker Benchmark 4.10)
}
