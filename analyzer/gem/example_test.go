package gem_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/gem"
)

func Example() {
	specification := analyzer.NewFile("var/lib/gems/3.1.0/specifications/nokogiri-1.13.3-x86_64-linux.gemspec", 0o644, []byte(`# -*- encoding: utf-8 -*-
# stub: nokogiri 1.13.3 x86_64-linux lib

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.13.3"
  s.platform = "x86_64-linux".freeze
  s.licenses = ["MIT".freeze]
  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
end
`))
	r, err := gem.New().Analyze(context.Background(), specification)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Licenses, p.Depends)
	}
	// Output:
	// pkg:gem/nokogiri@1.13.3?platform=x86_64-linux [MIT] [racc]
}
