package composer_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/composer"
)

func Example() {
	installed := analyzer.NewFile("srv/app/vendor/composer/installed.json", 0o644, []byte(`{
		"packages": [{
			"name": "monolog/monolog", "version": "2.9.1", "license": ["MIT"],
			"require": {"php": ">=7.2", "psr/log": "^1.0.1"},
			"provide": {"psr/log-implementation": "1.0.0"}
		}]
	}`))
	r, err := composer.New().Analyze(context.Background(), installed)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Licenses, p.Depends, p.Provides)
	}
	// Output:
	// pkg:composer/monolog/monolog@2.9.1 [MIT] [psr/log] [psr/log-implementation]
}
