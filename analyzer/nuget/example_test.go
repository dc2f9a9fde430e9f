package nuget_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/nuget"
)

func Example() {
	deps := analyzer.NewFile("app/shop.deps.json", 0o644, []byte(`{
		"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0"},
		"targets": {".NETCoreApp,Version=v8.0": {"Serilog.Sinks.File/5.0.0": {"dependencies": {"Serilog": "2.10.0"}}}},
		"libraries": {
			"shop/1.0.0": {"type": "project"},
			"Serilog.Sinks.File/5.0.0": {"type": "package"},
			"Serilog/2.12.0": {"type": "package"}
		}
	}`))
	r, err := nuget.New().Analyze(context.Background(), deps)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Depends)
	}
	// Output:
	// pkg:nuget/Serilog.Sinks.File@5.0.0 [Serilog]
	// pkg:nuget/Serilog@2.12.0 []
}
