// Answers pairs of Bitnami versions with the module github.com/bitnami/go-version.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/bitnami/go-version/pkg/version"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\t")
		v, errA := version.Parse(a)
		w, errB := version.Parse(b)
		if errA != nil || errB != nil {
			digit := map[bool]int{true: 1}
			fmt.Fprintf(out, "?%d%d\n", digit[errA != nil], digit[errB != nil])
		} else {
			fmt.Fprintf(out, "%c\n", "<=>"[v.Compare(w)+1])
		}
	}
}
