package accounts_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/accounts"
)

func Example() {
	file := analyzer.NewFile("etc/sudoers.d/deploy", 0o440, []byte("deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart app\n"))
	r, err := accounts.New().Analyze(context.Background(), file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rec := range r.Records {
		fmt.Println(rec.Kind, rec.Fields["users"], rec.Fields["run-as"], rec.Fields["command"])
	}
	for _, f := range r.Findings {
		fmt.Println(f.Severity, f.Rule)
	}
	// Output:
	// sudo-rule deploy root /usr/bin/systemctl restart app
	// medium passwordless-sudo
}
