package retrieve_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/retrieve"
)

func Example() {
	a := retrieve.New(retrieve.Options{Paths: []string{"/etc/app/*.conf"}})
	f := analyzer.NewFile("etc/app/db.conf", 0o644, []byte("host = db\npassword = hunter2\n"))
	r, err := a.Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r.Records[0].Fields["content"])
	// Output:
	// host = db
	// password = [redacted]
}

func ExampleSearch() {
	e, err := retrieve.ParseExpression(`INSECURE=curl .*(-k|--insecure)`)
	if err != nil {
		fmt.Println(err)
		return
	}
	a := retrieve.Search(retrieve.SearchOptions{Expressions: []retrieve.Expression{e}})
	f := analyzer.NewFile("usr/local/bin/get", 0o755, []byte("#!/bin/sh\ncurl -u me:hunter2 --insecure https://example.com\n"))
	r, err := a.Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, record := range r.Records {
		fmt.Println(record.Key, record.Fields["match"])
	}
	// Output:
	// INSECURE:2:1 curl -u me:[redacted] --insecure
}
