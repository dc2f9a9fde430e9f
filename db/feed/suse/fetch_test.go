package suse

import (
	"strings"
	"testing"
)

func TestDatasets(t *testing.T) {
	got := ""
	for _, s := range datasets([]string{
		"suse.linux.enterprise.15.xml.gz", "suse.linux.enterprise.15-affected.xml.bz2", "suse.linux.enterprise.15-affected.xml.gz", "suse.linux.enterprise.15-patch.xml.gz",
		"suse.linux.enterprise.15-sp4-affected.xml.gz", "suse.linux.enterprise.16.0-affected.xml.gz", "suse.linux.enterprise.16-affected.xml.bz2",
		"suse.linux.micro.6-affected.xml.gz", "suse.linux.enterprise.micro.5.0-affected.xml.gz", "opensuse.leap.15.6.xml.bz2", "opensuse.leap.16.0-affected.xml",
		"opensuse.leap.micro.5.2.xml.gz", "opensuse.tumbleweed.xml.gz", "suse.manager.4.3.xml.gz", "SHA256SUMS", "opensuse.13.2.xml.gz",
	}) {
		got += s.Name + ":"
		for _, u := range s.URLs {
			got += " " + strings.TrimPrefix(u, directory)
		}
		got += "\n"
	}
	const want = `sles: suse.linux.enterprise.15-affected.xml.gz suse.linux.enterprise.16-affected.xml.bz2
micro: suse.linux.micro.6-affected.xml.gz
leap: opensuse.leap.15.6.xml.bz2 opensuse.leap.16.0-affected.xml
leap-micro: opensuse.leap.micro.5.2.xml.gz
tumbleweed: opensuse.tumbleweed.xml.gz
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
