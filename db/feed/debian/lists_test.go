package debian_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const advisoryList = `[18 Jul 2019] DLA-1833-2 bzip2 - regression update
	[jessie] - bzip2 1.0.6-7+deb8u2
	NOTE: of the first
[24 Jun 2019] DLA-1833-1 bzip2 - security update
        {CVE-2016-3189 CVE-2019-12900}
        [jessie] - bzip2 1.0.6-7+deb8u1
[01 Aug 2002] DSA-141 squid - overflow
	{CVE-2002-1425}
	[etch] - squid <not-affected> (Vulnerable code introduced in 3.x)
`

const cveList = `CVE-2023-XXXX [code execution]
	- foot 1.15.3-2 (bug #1053115)
	[bullseye] - foot <no-dsa> (Minor issue)
CVE-2021-36367 (PuTTY through 0.75 ...)
	{DSA-1-1}
        - putty <unfixed> (unimportant)
        [buster] - putty <ignored> (Too hard)
        [stretch] - putty <end-of-life> (EOL)
        [jessie] - putty <postponed> (Later)
	- kitty <itp> (bug #1)
	- gone <removed>
	- unknown <undetermined>
	NOT-FOR-US: X
	TODO: check

CVE-2021-2000 (x)
	REJECTED
CVE-2021-30000
	RESERVED
`

func TestLists(t *testing.T) {
	for doc, want := range map[string]string{
		advisoryList: `DLA-1833-2 modified 2019-07-18T00:00:00Z
  DLA-1833-2 deb/debian/8/bzip2 fixed [, 1.0.6-7+deb8u2) updates [DLA-1833-2]
DLA-1833-1 modified 2019-06-24T00:00:00Z
  CVE-2016-3189 deb/debian/8/bzip2 fixed [, 1.0.6-7+deb8u1) updates [DLA-1833-1]
  CVE-2019-12900 deb/debian/8/bzip2 fixed [, 1.0.6-7+deb8u1) updates [DLA-1833-1]
DSA-141 modified 2002-08-01T00:00:00Z
  CVE-2002-1425 deb/debian/4/squid not-affected "Vulnerable code introduced in 3.x" updates [DSA-141]
`,
		cveList: `TEMP-A0BA2C28
  TEMP-A0BA2C28 deb/debian/sid/foot fixed [, 1.15.3-2)
  TEMP-A0BA2C28 deb/debian/11/foot deferred "no-dsa: Minor issue"
CVE-2021-36367
  CVE-2021-36367 deb/debian/sid/putty affected "unimportant"
  CVE-2021-36367 deb/debian/10/putty will-not-fix "ignored: Too hard"
  CVE-2021-36367 deb/debian/9/putty end-of-life "end-of-life: EOL"
  CVE-2021-36367 deb/debian/8/putty deferred "postponed: Later"
  CVE-2021-36367 deb/debian/sid/gone affected "removed"
  CVE-2021-36367 deb/debian/sid/unknown under-investigation
CVE-2021-2000 withdrawn
CVE-2021-30000
`,
	} {
		recs, bad, fatal := feedtest.Parse(debian.Lists(), strings.NewReader(doc))
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, want)
		}
	}
}

func TestListsCorpus(t *testing.T) {
	feedtest.Corpus(t, debian.Lists(), []feedtest.Sample{
		{Path: "debian/security-tracker-text-2023-04-02/DSA/list", Records: 5406},
		{Path: "debian/security-tracker-text-2023-04-02/DLA/list", Records: 3534},
		{Path: "debian/security-tracker-text-sample/data/CVE/list", Records: 6},
		{Path: "debian/security-tracker-text-sample/data/DLA/list", Records: 2, Bad: 1}, // a header that was damaged on purpose
		{Path: "debian/security-tracker-text-sample/data/DSA/list", Records: 1},
	})
}

func TestBadLists(t *testing.T) {
	for _, tt := range [][3]string{
		{"[24 Jun 2019] DLA-1833-1", "[24 Jun 2019] MALFORMED", `line 4: "[24 Jun 2019] MALFORMED bzip2 - security update" does not begin an entry`},
		{"24 Jun 2019", "99 Jun 2019", `DLA-1833-1: line 4: date "99 Jun 2019"`},
		{"<not-affected>", "<novel>", `DSA-141: line 9: unknown status "<novel>"`},
		{"[etch] - squid <not-affected> (Vulnerable code introduced in 3.x)", "[etch] - squid", "neither a version nor a status"},
		{"[etch] -", "what? ", "unknown line"},
	} {
		recs, bad, fatal := feedtest.Parse(debian.Lists(), strings.NewReader(strings.Replace(advisoryList, tt[0], tt[1], 1)))
		if len(bad) != 1 || fatal != nil || !strings.Contains(bad[0].Error(), tt[2]) || recs[0].ID != "DLA-1833-2" || recs[len(recs)-1].ID != "DSA-141" {
			t.Errorf("%v: %v, %v, %v", tt, recs, bad, fatal)
		}
	}
	for _, doc := range []string{"", "\n", "<!DOCTYPE html>", "{}", "\tline\n"} {
		if _, _, fatal := feedtest.Parse(debian.Lists(), strings.NewReader(doc)); fatal == nil {
			t.Errorf("%q is accepted", doc)
		}
	}
	feedtest.Damage(t, debian.Lists(), advisoryList, false)
	feedtest.Endless(t, debian.Lists(), advisoryList)
}

func FuzzParseList(f *testing.F) { feedtest.Fuzz(f, debian.Lists(), advisoryList, cveList) }

func ExampleLists() {
	for rec, err := range debian.Lists().Parse(strings.NewReader(advisoryList)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(rec.ID, a.ID, a.Key.Release, a.Key.Name, a.Status)
		}
	}
	// Output:
	// DLA-1833-2 DLA-1833-2 8 bzip2 fixed
	// DLA-1833-1 CVE-2016-3189 8 bzip2 fixed
	// DLA-1833-1 CVE-2019-12900 8 bzip2 fixed
	// DSA-141 CVE-2002-1425 4 squid not-affected
}
