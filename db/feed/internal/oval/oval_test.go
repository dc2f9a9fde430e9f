package oval

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

const document = `<?xml version="1.0"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
 <definitions>
  <definition id="oval:ex:def:1" class="patch">
   <metadata>
    <title>EX-2024:1: tool</title>
    <affected family="unix"><platform>Example Linux 9</platform></affected>
    <reference source="CVE" ref_id="CVE-2024-1" ref_url="https://example.org/CVE-2024-1"/>
    <description>A flaw.</description>
    <advisory><severity>Important</severity><issued date="2024-01-02"/></advisory>
   </metadata>
   <criteria operator="AND">
    <criterion test_ref="oval:ex:tst:9" comment="Example Linux 9 is installed"/>
    <criteria operator="OR">
     <criteria operator="AND">
      <criterion test_ref="oval:ex:tst:1" comment="tool is earlier than 0:1.2-3"/>
      <criterion test_ref="oval:ex:tst:2" comment="tool is signed with the key"/>
     </criteria>
     <criterion test_ref="oval:ex:tst:3" comment="tool-libs is earlier than 0:1.2-4"/>
    </criteria>
   </criteria>
  </definition>
 </definitions>
 <tests>
  <rpminfo_test id="oval:ex:tst:1" check="at least one"><object object_ref="oval:ex:obj:1"/><state state_ref="oval:ex:ste:1"/></rpminfo_test>
 </tests>
 <objects><rpminfo_object id="oval:ex:obj:1"><name>tool</name></rpminfo_object></objects>
 <states><rpminfo_state id="oval:ex:ste:1"><evr operation="less than">0:1.2-3</evr></rpminfo_state></states>
</oval_definitions>`

func rules() *Rules {
	return &Rules{Product: func(c *Criterion) (matcher.Key, bool) {
		return matcher.Key{Type: "rpm", Namespace: "example", Release: "9"}, c.Comment == "Example Linux 9 is installed"
	}}
}

// statements returns a line for each package of a document's definitions.
func statements(doc string) (list []string, err error) {
	err = Parse(strings.NewReader(doc), func(d *Definition) error {
		packages, err := d.Packages(rules())
		for _, p := range packages {
			list = append(list, fmt.Sprintf("%s %s: %s/%s/%s %s %+v", d.ID, d.Severity, p.Key.Type, p.Key.Namespace, p.Key.Release, p.Name, p.Range))
		}
		return err
	})
	return list, err
}

func TestParse(t *testing.T) {
	got, err := statements(document)
	want := []string{ // the first by its comment, the second by its test
		"oval:ex:def:1 Important: rpm/example/9 tool-libs {Introduced: Fixed:0:1.2-4 LastAffected: Repo:}",
		"oval:ex:def:1 Important: rpm/example/9 tool {Introduced: Fixed:0:1.2-3 LastAffected: Repo:}",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	n := 0
	err = Comments(strings.NewReader(document), func(d *Definition) error {
		if n++; d.Title != "EX-2024:1: tool" || d.Criteria.Leaves[0].Test != nil {
			t.Errorf("%+v", d)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("%d definitions, %v", n, err)
	}
}

func TestParseErrors(t *testing.T) {
	for doc, want := range map[string]string{
		"":                         "unexpected EOF",
		"<html/>":                  `"html" instead of "oval_definitions"`,
		document[:len(document)/2]: "unexpected EOF",
		document[:len(document)-3]: "unexpected EOF",
	} {
		if _, err := statements(doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", doc, err, want)
		}
	}
}

// all returns the comments of the leaves of each case, "a b".
func all(cases [][]*Criterion) (list []string) {
	for _, leaves := range cases {
		var names []string
		for _, l := range leaves {
			names = append(names, l.Comment)
		}
		list = append(list, strings.Join(names, " "))
	}
	return list
}

func leaf(names ...string) (list []Criterion) {
	for _, n := range names {
		list = append(list, Criterion{Comment: n})
	}
	return list
}

func TestCases(t *testing.T) {
	ignore := func(c *Criterion) bool { return c.Comment == "ignored" }
	for _, tt := range []struct {
		c    Criteria
		want []string
	}{
		{Criteria{Leaves: leaf("a", "b")}, []string{"a b"}},
		{Criteria{Or: true, Leaves: leaf("a", "b")}, []string{"a", "b"}},
		{Criteria{Leaves: leaf("a", "ignored"), Criteria: []Criteria{{Or: true, Leaves: leaf("b", "c")}}}, []string{"a b", "a c"}},
		{Criteria{Criteria: []Criteria{{Or: true, Leaves: leaf("a", "b")}, {Or: true, Leaves: leaf("c", "d")}}}, []string{"a c", "a d", "b c", "b d"}},
		{Criteria{Or: true, Leaves: leaf("a"), Criteria: []Criteria{{Leaves: leaf("b", "c")}}}, []string{"a", "b c"}},
		{Criteria{Leaves: leaf("a"), Criteria: []Criteria{{Or: true, Leaves: leaf("ignored", "b")}}}, []string{"a", "a b"}}, // ignored leaves hold
	} {
		got, err := tt.c.Cases(ignore)
		if err != nil || !reflect.DeepEqual(all(got), tt.want) {
			t.Errorf("%+v: %q, %v, want %q", tt.c, all(got), err, tt.want)
		}
	}
	bomb := Criteria{}
	for range 40 {
		bomb.Criteria = append(bomb.Criteria, Criteria{Or: true, Leaves: leaf("a", "b")})
	}
	if _, err := bomb.Cases(ignore); !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("2^40 cases: %v", err)
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		c    Criterion
		want Bound
	}{
		{Criterion{Comment: "tool is earlier than 0:1.2-3"}, Bound{Name: "tool", Range: matcher.Range{Fixed: "0:1.2-3"}}},
		{Criterion{Comment: "Package tool is greater than 1.0, affected by CVE-2024-1"}, Bound{Name: "tool", Range: matcher.Range{Introduced: "1.0"}}},
		{Criterion{Comment: "Package tool is installed with version 1.2 or earlier"}, Bound{Name: "tool", Range: matcher.Range{LastAffected: "1.2"}}},
		{Criterion{Comment: "tool is not affected"}, Bound{Name: "tool", NotAffected: true}},
		{Criterion{Comment: "tool is installed"}, Bound{Name: "tool"}},
		{Criterion{Comment: "x", Test: &Test{Name: "tool", State: State{EVR: "1-2", Operation: "less than"}}}, Bound{Name: "tool", Range: matcher.Range{Fixed: "1-2"}}},
		{Criterion{Comment: "x", Test: &Test{Name: "tool", State: State{Version: "0", VersionOperation: "equals"}}}, Bound{Name: "tool", NotAffected: true}},
	} {
		if got, ok := tt.c.Package(); !ok || got != tt.want {
			t.Errorf("%+v: %+v, %v, want %+v", tt.c, got, ok, tt.want)
		}
	}
	if b, ok := (&Criterion{Comment: "something else"}).Package(); ok {
		t.Errorf("something else: %+v", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(document)
	f.Add(`<oval_definitions><definitions><definition><criteria/></definition></definitions></oval_definitions>`)
	f.Fuzz(func(t *testing.T, doc string) {
		statements(doc)
		Comments(strings.NewReader(doc), func(d *Definition) error {
			d.Erratum("x", d.ID)
			return nil
		})
	})
}
