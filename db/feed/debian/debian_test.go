package debian_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher"
)

// TestStatus reads the fields of a release.
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		release string // JSON
		status  matcher.Status
		reason  string
		fixed   string
		level   matcher.Level
		word    string
	}{
		{`"status":"open"`, matcher.Affected, "", "", 0, ""},
		{`"status":"open","urgency":"not yet assigned"`, matcher.Affected, "", "", 0, ""},
		{`"status":"open","urgency":"high**"`, matcher.Affected, "", "", matcher.High, "high**"},
		{`"status":"open","urgency":"low"`, matcher.Affected, "", "", matcher.Low, "low"},
		{`"status":"open","urgency":"unimportant"`, matcher.Affected, "unimportant", "", matcher.Negligible, "unimportant"},
		{`"status":"open","urgency":"medium","nodsa":"Minor issue","nodsa_reason":""`,
			matcher.Deferred, "no-dsa: Minor issue", "", matcher.Medium, "medium"},
		{`"status":"open","urgency":"low","nodsa":"Too hard","nodsa_reason":"ignored"`,
			matcher.WillNotFix, "no-dsa (ignored): Too hard", "", matcher.Low, "low"},
		{`"status":"open","urgency":"low","nodsa":"","nodsa_reason":"postponed"`,
			matcher.Deferred, "no-dsa (postponed)", "", matcher.Low, "low"},
		{`"status":"open","urgency":"unimportant","nodsa":"Minor issue","nodsa_reason":""`,
			matcher.Deferred, "unimportant; no-dsa: Minor issue", "", matcher.Negligible, "unimportant"},
		{`"status":"open","urgency":"end-of-life"`, matcher.EndOfLife, "end-of-life", "", 0, ""},
		{`"status":"open","urgency":"end-of-life","nodsa":"x"`, matcher.EndOfLife, "end-of-life; no-dsa: x", "", 0, ""},
		{`"status":"undetermined","urgency":"medium"`, matcher.UnderInvestigation, "", "", matcher.Medium, "medium"},
		{`"status":"undetermined","urgency":"low","nodsa":"x"`, matcher.UnderInvestigation, "no-dsa: x", "", matcher.Low, "low"},
		{`"status":"resolved","urgency":"high","fixed_version":"1:2.0-1"`, matcher.Fixed, "", "1:2.0-1", matcher.High, "high"},
		{`"status":"resolved","urgency":"unimportant","fixed_version":"2.0-1"`,
			matcher.Fixed, "unimportant", "2.0-1", matcher.Negligible, "unimportant"},
		{`"status":"resolved","urgency":"low**","fixed_version":"0"`, matcher.NotAffected, "", "", matcher.Low, "low**"},
	} {
		doc := fmt.Sprintf(`{"glibc":{"CVE-2019-1":{"description":" Text. ","scope":"remote","debianbug":1,"releases":{"jessie":{%s,
			"repositories":{"jessie":"2.19-18"}}}}}}`, tt.release)
		recs, errs, fatal := feedtest.Parse(debian.Feed(), strings.NewReader(doc))
		if len(recs) != 1 || len(errs) != 0 || fatal != nil {
			t.Errorf("%s: %v, %v", tt.release, recs, errs)
			continue
		}
		want := matcher.Advisory{
			ID: "CVE-2019-1", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "8", Name: "glibc"},
			Status: tt.status, Reason: tt.reason, Summary: "Text.", Feed: "debian",
		}
		if tt.fixed != "" {
			want.Ranges = []matcher.Range{{Fixed: tt.fixed}}
		}
		if tt.word != "" {
			want.Severities = []matcher.Severity{{Source: "debian", Level: tt.level, Word: tt.word}}
		}
		if got := recs[0].Advisories; len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.release, got, want)
		}
	}
}

func TestReleases(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(debian.Feed(), strings.NewReader(`{"a":{"CVE-1":{"releases":{
		"jessie":{"status":"open"},"bookworm":{"status":"open"},"sid":{"status":"open"},"novel":{"status":"open"}}}}}`))
	if len(errs) > 0 || fatal != nil {
		t.Fatal(errs, fatal)
	}
	var got []string
	for _, a := range recs[0].Advisories {
		got = append(got, a.Key.Release)
	}
	if want := []string{"8", "12", "sid", "novel"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBadRecords reads a bad entry before a good one.
func TestBadRecords(t *testing.T) {
	const good = `{"releases":{"jessie":{"status":"open"}}}`
	for _, tt := range []struct{ name, bad, want string }{
		{"unknown status", `"a":{"CVE-1":{"releases":{"jessie":{"status":"novel"}}}}`, `CVE-1: a: jessie: unknown status "novel"`},
		{"no status", `"a":{"CVE-1":{"releases":{"jessie":{}}}}`, `unknown status ""`},
		{"unknown urgency", `"a":{"CVE-1":{"releases":{"jessie":{"status":"open","urgency":"dire"}}}}`, `unknown urgency "dire"`},
		{"unknown reason", `"a":{"CVE-1":{"releases":{"jessie":{"status":"open","nodsa_reason":"novel"}}}}`, `unknown nodsa_reason "novel"`},
		{"no fixed version", `"a":{"CVE-1":{"releases":{"jessie":{"status":"resolved"}}}}`, "resolved without a fixed version"},
		{"open and fixed", `"a":{"CVE-1":{"releases":{"jessie":{"status":"open","fixed_version":"1"}}}}`, `open, but with fixed version "1"`},
		{"wrong type", `"a":{"CVE-1":{"releases":{"jessie":{"status":1}}}}`, "CVE-1: a: releases: jessie: json"},
		{"no releases", `"a":{"CVE-1":{}}`, "CVE-1: a: no releases"},
		{"entry no object", `"a":{"CVE-1":[]}`, "CVE-1: a: not an object"},
		{"entry null", `"a":{"CVE-1":null}`, "CVE-1: a: not an object"},
		{"source no object", `"a":[{"x":[1]},2]`, "a: not an object"},
		{"source no name", `"":{"CVE-1":{"x":1}}`, "source package without a name"},
		{"no id", `"a":{"":` + good + `}`, "a: entry without an ID"},
		{"entry twice", `"a":{"CVE-1":` + good + `,"CVE-1":` + good + `}`, "CVE-1: a: entry given twice"},
		{"source twice", `"a":{},"a":{"CVE-1":` + good + `}`, "a: source package given twice"},
		{"release twice", `"a":{"CVE-1":{"releases":{"jessie":{"status":"open"},"jessie":{"status":"open"}}}}`, `"jessie" given twice`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recs, errs, fatal := feedtest.Parse(debian.Feed(), strings.NewReader(`{`+tt.bad+`,"z":{"CVE-9":`+good+`}}`))
			if len(errs) != 1 || fatal != nil || !strings.Contains(errs[0].Error(), tt.want) {
				t.Errorf("errors %v, want one with %q", errs, tt.want)
			}
			if len(recs) == 0 || recs[len(recs)-1].ID != "CVE-9" || len(recs[len(recs)-1].Advisories) != 1 {
				t.Errorf("the good record is lost: %+v", recs)
			}
		})
	}
}

// TestPartlyBadEntry reads an entry with good and bad releases.
func TestPartlyBadEntry(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(debian.Feed(), strings.NewReader(`{"a":{"CVE-1":{"releases":{
		"stretch":{"status":"open"},"jessie":{"status":7},"buster":{"status":"novel"},"sid":{"status":"open"}}}}}`))
	if len(errs) != 1 || fatal != nil || len(recs) != 1 || len(recs[0].Advisories) != 2 {
		t.Fatalf("%+v, %v", recs, errs)
	}
	for _, want := range []string{"jessie", "buster"} {
		if !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%v does not name %s", errs[0], want)
		}
	}
}

func TestFatal(t *testing.T) {
	const start = `{"a":{"CVE-1":{"releases":{"jessie":{"status":"open"}}},`
	for _, tt := range []struct {
		name string
		r    io.Reader
		recs int
		want error // nil: any
	}{
		{"empty", strings.NewReader(""), 0, io.ErrUnexpectedEOF},
		{"HTML", strings.NewReader("<html>"), 0, nil},
		{"list", strings.NewReader("[]"), 0, nil},
		{"number", strings.NewReader("1"), 0, nil},
		{"truncated", strings.NewReader(start), 1, io.ErrUnexpectedEOF},
		{"truncated in a key", strings.NewReader(start + `"CVE`), 1, io.ErrUnexpectedEOF},
		{"truncated in an entry", strings.NewReader(start + `"CVE-2":{"rel`), 1, io.ErrUnexpectedEOF},
		{"truncated after a source", strings.NewReader(`{"a":{}`), 0, io.ErrUnexpectedEOF},
		{"data after the end", strings.NewReader(`{} {}`), 0, nil},
		{"read error", io.MultiReader(strings.NewReader(start), iotest.ErrReader(iotest.ErrTimeout)), 1, iotest.ErrTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recs, errs, fatal := feedtest.Parse(debian.Feed(), tt.r)
			if len(recs) != tt.recs || len(errs) > 0 || fatal == nil {
				t.Fatalf("%v, %v, %v", recs, errs, fatal)
			}
			if tt.want != nil && !errors.Is(fatal, tt.want) || !strings.HasPrefix(fatal.Error(), "byte ") {
				t.Errorf("got %v, want %v", fatal, tt.want)
			}
		})
	}
}

func TestStop(t *testing.T) {
	doc := `{"a":{"CVE-1":{"releases":{"jessie":{"status":"open"}}},"CVE-2":1},"b":[]}`
	for n := 1; n <= 3; n++ {
		i := 0
		for range debian.Feed().Parse(strings.NewReader(doc)) {
			if i++; i == n {
				break
			}
		}
		if i != n {
			t.Errorf("stopped after %d, want %d", i, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"glibc":{"CVE-2019-9169":{"description":"x","releases":{"jessie":{"status":"open","urgency":"high**","nodsa":"y","nodsa_reason":""},
		"buster":{"status":"resolved","fixed_version":"2.28-9"}}}}}`)
	f.Add(`{"a":[],"b":{"c":1}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		feedtest.Check(t, debian.Feed().Parse(strings.NewReader(doc)))
		recs, _, _ := feedtest.Parse(debian.Feed(), strings.NewReader(doc))
		for _, rec := range recs {
			for _, a := range rec.Advisories {
				if (a.Status == matcher.Fixed) != (len(a.Ranges) == 1) {
					t.Fatalf("%+v", a)
				}
			}
		}
	})
}

func ExampleFeed() {
	tracker := strings.NewReader(`{"glibc": {"CVE-2019-9169": {"releases": {
		"jessie": {"status": "open", "urgency": "high**", "nodsa": "Minor issue", "nodsa_reason": ""},
		"buster": {"status": "resolved", "urgency": "high**", "fixed_version": "2.28-9"}}}}}`)
	for rec, err := range debian.Feed().Parse(tracker) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Debian", a.Key.Release, a.Status, a.Reason, a.Ranges)
		}
	}
	// Output:
	// CVE-2019-9169 glibc in Debian 8 deferred no-dsa: Minor issue []
	// CVE-2019-9169 glibc in Debian 10 fixed  [{ 2.28-9  }]
}
