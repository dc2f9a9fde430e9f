package plugintest_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

func ExampleVerify() {
	path, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	v := plugintest.Verify(context.Background(), plugin.Command{Path: path, Args: []string{"plugin:all"}}, fixtures)
	for _, c := range v.Checks[1:3] {
		fmt.Println(c.Name, c.Err)
	}
	// Output:
	// finds something in the fixtures <nil>
	// gives the same answers again <nil>
}
