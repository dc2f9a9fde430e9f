package files_test

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/files"
)

func Example() {
	f := analyzer.NewFile("usr/local/bin/helper", 0o755, nil)
	f.Entry = &analyzer.Entry{Mode: 0o755 | fs.ModeSetuid, GID: 50}
	r, err := files.New().Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, found := range r.Findings {
		fmt.Println(found.Severity, found.Title)
	}
	for _, record := range r.Records {
		fmt.Println(record.Kind, record.Fields)
	}
	// Output:
	// medium set-uid program runs as user root (mode 4755)
	// set-uid map[executable:true gid:50 mode:4755 uid:0]
}
