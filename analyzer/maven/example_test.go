package maven_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/maven"
)

func Example() {
	var content bytes.Buffer
	w := zip.NewWriter(&content)
	properties, err := w.Create("META-INF/maven/org.yaml/snakeyaml/pom.properties")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Fprint(properties, "version=1.33\ngroupId=org.yaml\nartifactId=snakeyaml\n")
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	for _, name := range []string{"srv/lib/yaml.jar", "srv/lib/slf4j-api-1.7.32.jar"} {
		r, err := maven.New().Analyze(context.Background(), analyzer.NewFile(name, 0o644, content.Bytes()))
		if err != nil {
			fmt.Println(err)
		}
		for _, p := range r.Packages {
			fmt.Println(p.PURL(nil))
		}
		content.Reset()
		if err := zip.NewWriter(&content).Close(); err != nil { // an archive that states nothing
			fmt.Println(err)
		}
	}
	// Output:
	// pkg:maven/org.yaml/snakeyaml@1.33
	// pkg:maven/org.slf4j/slf4j-api@1.7.32
}
