package redhat

import (
	"testing"
	"time"
)

func FuzzChanged(f *testing.F) {
	f.Add([]byte(`"2024/cve-2024-1.json","2025-02-14T00:00:00+00:00"` + "\n"))
	f.Fuzz(func(t *testing.T, list []byte) {
		changes, last, err := changed(list, time.Time{})
		for _, c := range changes {
			if err != nil || c.at.After(last) || !documentName.MatchString(c.name) {
				t.Errorf("%+v %v %v", c, last, err)
			}
		}
	})
}

func TestComponent(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:rpm/redhat/python39@3.9-8100020240826142629.d47b87a4?epoch=0":                              "python39:3.9 8100020240826142629",
		"pkg:rpm/redhat/python39@3.9-8040020240902080505.63cd9eba?arch=src&epoch=0&rpmmod=python39:3.9": "python39:3.9 8040020240902080505",
		"pkg:rpm/redhat/container-tools@rhel8-8100020240826142629.d47b87a4":                             "container-tools:rhel8 8100020240826142629",
		"pkg:rpm/redhat/python3@3.6.8-67.el8_10?epoch=0":                                                "python3 ",
		"pkg:rpm/redhat/python2?arch=src&rpmmod=gimp:flatpak":                                           "gimp:flatpak/python2 ",
		"pkg:rpm/redhat/@3.9-8100020240826142629.d47b87a4":                                              "",
	} {
		c, ok, err := componentOf(purl, "")
		if got := c.key(true) + " " + c.build; ok && got != want || ok != (want != "") || err != nil {
			t.Errorf("%s: %q, %v, %v; want %q", purl, got, ok, err, want)
		}
	}
	if f, err := newBuild("8100020240826142629"); err != nil || f.minor != 10 || f.next != "8110000000000000000" {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := newBuild("820190220130217"); err != nil || f.minor != -1 { // before versions had the minor release
		t.Errorf("%+v, %v", f, err)
	}
}
