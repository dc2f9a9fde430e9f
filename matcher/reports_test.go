package matcher_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// TestReportedDistros recreates images whose distribution other scanners mistook.
func TestReportedDistros(t *testing.T) {
	for _, c := range []struct {
		name      string
		release   string // os-release
		purlType  string
		ecosystem string
		ends      string // last day of support
	}{
		// CentOS Stream has the ID of CentOS Linux, but other packages than RHEL. https://github.com/aquasecurity/trivy/issues/9898
		{"CentOS Stream 9", "NAME=\"CentOS Stream\"\nID=\"centos\"\nVERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n", "rpm", "centos 9", "2027-05-31"},
		{"CentOS Stream 8", "NAME=\"CentOS Stream\"\nID=\"centos\"\nVERSION_ID=\"8\"\nPRETTY_NAME=\"CentOS Stream 8\"\n", "rpm", "centos 8", "2024-05-31"},
		// CentOS Linux 8 ended in 2021, though RHEL 8 goes on. https://github.com/endoflife-date/endoflife.date/pull/290
		{"CentOS Linux 8", "NAME=\"CentOS Linux\"\nID=\"centos\"\nVERSION_ID=\"8\"\nPRETTY_NAME=\"CentOS Linux 8\"\n", "rpm", "rhel 8", "2021-12-31"},
		{"CentOS Linux 7", "NAME=\"CentOS Linux\"\nID=\"centos\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n", "rpm", "rhel 7", "2024-06-30"},
		// MicroOS takes its packages from Tumbleweed; its version is a date. https://github.com/aquasecurity/trivy/issues/8409
		{"openSUSE MicroOS", "NAME=\"openSUSE MicroOS\"\nID=\"opensuse-microos\"\nID_LIKE=\"suse opensuse opensuse-tumbleweed\"\nVERSION_ID=\"20250212\"\nPRETTY_NAME=\"openSUSE MicroOS\"\n", "rpm", "opensuse-tumbleweed ", ""},
		{"openSUSE Leap Micro", "NAME=\"openSUSE Leap Micro\"\nID=\"opensuse-leap-micro\"\nVERSION_ID=\"6.0\"\nPRETTY_NAME=\"openSUSE Leap Micro 6.0\"\n", "rpm", "opensuse-leap-micro 6.0", ""},
		// The ID of Leap has a hyphen. https://github.com/google/osv-scalibr/issues/2203
		{"openSUSE Leap", "NAME=\"openSUSE Leap\"\nID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n", "rpm", "opensuse-leap 15.6", "2026-04-30"},
		// CleanStart is no Alpine, and its ID is an abbreviation. https://github.com/google/osv-scalibr/issues/2043
		{"CleanStart", "NAME=\"CleanStart\"\nID=clnstrt\nVERSION_ID=1.0.0\n", "apk", "cleanstart ", ""},
		{"CleanStart, renamed", "NAME=\"CleanStart\"\nID=cleanstart\nVERSION_ID=1.0.0\n", "apk", "cleanstart ", ""},
		// The version of MinimOS is a date, which advisories don't name. https://github.com/google/osv-scalibr/pull/2406
		{"MinimOS", "ID=minimos\nNAME=\"MinimOS\"\nVERSION_ID=\"20241031\"\n", "apk", "minimos ", ""},
		// A testing image has no VERSION_ID, but the codename of the coming release. https://github.com/anchore/grype/issues/1446
		{"Debian testing", "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nNAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=trixie\nID=debian\n", "deb", "debian 13", "2030-06-30"},
		// Debian's images of Raspberry Pi OS, 64 bit, are Debian. https://github.com/openthread/ot-br-posix/issues/3579
		{"Raspberry Pi OS", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\nDEBIAN_VERSION_FULL=13.6\nID=debian\n", "deb", "debian 13", "2030-06-30"},
		// Amazon prolonged the support of Amazon Linux 2. https://github.com/aws/aws-lambda-base-images/issues/292
		{"Amazon Linux 2", "NAME=\"Amazon Linux\"\nID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n", "rpm", "amzn 2", "2026-06-30"},
		// Keys of RHEL have the major number alone. https://github.com/anchore/grype/issues/221
		{"UBI 8", "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nVERSION_ID=\"8.3\"\n", "rpm", "rhel 8", "2029-05-31"},
		// Rebuilds that publish errata don't have Red Hat's. https://github.com/anchore/grype/issues/3130
		{"Rocky Linux 8", "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.10\"\n", "rpm", "rocky 8", "2029-05-31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{"etc/os-release": {Data: []byte(c.release)}}
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{osrelease.New()}}.ScanFS(t.Context(), root)
			if err != nil || report.Distro == nil {
				t.Fatal(report, err)
			}
			d := report.Distro
			report.Components = []analyzer.Component{{ID: "1", Package: analyzer.Package{Type: c.purlType, Namespace: d.ID, Name: "a", Version: "1", System: true}}}
			key := matcher.EcosystemOf(&report.Components[0], d)
			if got := key.Namespace + " " + key.Release; got != c.ecosystem {
				t.Errorf("ecosystem %q, want %q", got, c.ecosystem)
			}
			end, ok := distro.SystemSupportEnds(d.ID, d.VersionID, d.Codename, d.Name)
			if got := end.Format(time.DateOnly); ok != (c.ends != "") || ok && got != c.ends {
				t.Errorf("support ends %s, %v, want %q", got, ok, c.ends)
			}
			if !ok {
				return
			}
			for now, want := range map[time.Time]bool{end: false, end.AddDate(0, 0, 2): true} {
				result, err := matcher.Matcher{Source: advisories{{ID: "CVE-1", Key: key}}, Now: now}.Match(t.Context(), report)
				if err != nil {
					t.Fatal(err)
				}
				if len(result.Coverage) == 0 || result.Coverage[0].EndOfLife != want {
					t.Errorf("%s: coverage %+v, want end of life %v", now.Format(time.DateOnly), result.Coverage, want)
				}
			}
		})
	}
}
