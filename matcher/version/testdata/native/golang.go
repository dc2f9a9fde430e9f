// Answers pairs of Go module versions with golang.org/x/mod/semver (golang-golang-x-mod-dev).
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\t")
		badA, badB := !semver.IsValid(a), !semver.IsValid(b)
		if badA || badB {
			digit := map[bool]int{true: 1}
			fmt.Fprintf(out, "?%d%d\n", digit[badA], digit[badB])
		} else {
			fmt.Fprintf(out, "%c\n", "<=>"[semver.Compare(a, b)+1])
		}
	}
}
