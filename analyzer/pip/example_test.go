package pip_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/pip"
)

func Example() {
	metadata := analyzer.NewFile("usr/lib/python3/dist-packages/Flask-2.2.2.dist-info/METADATA", 0o644, []byte(`Metadata-Version: 2.1
Name: Flask
Version: 2.2.2
License: BSD-3-Clause
Requires-Dist: Werkzeug (>=2.2.2)
Requires-Dist: python-dotenv ; extra == 'dotenv'

Flask is a lightweight web application framework.
`))
	r, err := pip.New().Analyze(context.Background(), metadata)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.Name, p.Version, p.Licenses, p.Depends)
	}
	// Output:
	// Flask 2.2.2 [BSD-3-Clause] [werkzeug]
}
