package secrets_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/secrets"
)

func Example() {
	token := "xoxb" + "-2147483647-" + strings.Repeat("q7Rt", 6) // not a real one
	f := analyzer.NewFile("srv/app.conf", 0o644, []byte("# settings\nslack = "+token+"\n"))
	r, err := secrets.New(secrets.Options{}).Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Findings[0].Rule, r.Findings[0].Line)
	// Output: secrets:slack-bot-token 2
}
