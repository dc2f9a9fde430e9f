package dockerfile_test

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer/history/dockerfile"
)

func ExampleParse() {
	r, err := dockerfile.Parse(strings.NewReader(`FROM alpine
RUN wget -O- https://example.com/setup | sh
USER app
HEALTHCHECK CMD /check
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Printf("line %d: %s: %s\n", f.Line, f.Severity, f.Rule)
	}
	// Output:
	// line 1: low: unpinned-base
	// line 2: medium: download-to-shell
}
