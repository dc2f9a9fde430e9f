package db

import (
	"fmt"
	"strconv"
	"strings"
)

// A cve is a CVE identifier. The year is above the number, so the order of integers is that of identifiers. The year 0 stands for
// identifiers of exploits in the Exploit Database that have no CVE.
type cve uint64

const (
	maxYear   = 9999
	maxNumber = 999_999_999
)

func makeCVE(year, number uint32) cve { return cve(year)<<32 | cve(number) }

func (c cve) year() uint32   { return uint32(c >> 32) }
func (c cve) number() uint32 { return uint32(c) }

// exploitPrefix begins the identifiers of exploits: "EDB-16929".
const exploitPrefix = "EDB-"

// String returns the identifier, with at least four digits in the number of a CVE: "CVE-2019-0001".
func (c cve) String() string {
	if c.year() == 0 {
		return exploitPrefix + strconv.FormatUint(uint64(c.number()), 10)
	}
	return fmt.Sprintf("CVE-%04d-%04d", c.year(), c.number())
}

// parseCVE is the inverse of String. It returns false for other strings.
func parseCVE(s string) (cve, bool) {
	if number, ok := strings.CutPrefix(s, exploitPrefix); ok {
		n, err := strconv.ParseUint(number, 10, 32)
		c := makeCVE(0, uint32(n))
		return c, err == nil && n <= maxNumber && c.String() == s
	}
	rest, ok := strings.CutPrefix(s, "CVE-")
	year, number, dash := strings.Cut(rest, "-")
	if !ok || !dash || len(year) != 4 || len(number) < 4 || len(number) > 9 || len(number) > 4 && number[0] == '0' {
		return 0, false
	}
	y, err := strconv.ParseUint(year, 10, 32)
	n, err2 := strconv.ParseUint(number, 10, 32)
	return makeCVE(uint32(y), uint32(n)), err == nil && err2 == nil && y > 0
}
