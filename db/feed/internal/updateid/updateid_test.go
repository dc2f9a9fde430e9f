package updateid

import (
	"slices"
	"testing"
)

func TestIs(t *testing.T) {
	for _, id := range []string{
		"RHSA-2019:1789", "RHBA-2020:1", "RHEA-2020:1", "ELSA-2019-1789", "ELSA-2023-12104", "ALSA-2022:0123", "RLSA-2022:1", "RXSA-2024:1", "CESA-2019:1",
		"ALAS-2011-1", "ALAS2-2018-939", "ALAS2023-2023-001", "ALAS2KERNEL-5.10-2022-001", "ALAS2LIVEPATCH-2021-1", "ALAS2022-2021-001",
		"SUSE-SU-2019:14018-1", "SUSE-RU-2019:1", "openSUSE-SU-2019:1718-1", "openSUSE-RU-2020:1",
		"PHSA-2019-3.0-0036", "PHSA-3.0-0036", "DSA-4500-1", "DLA-1861-1", "DTSA-1-1", "USN-4142-1", "LSN-0057-1", "FEDORA-2019-0b2f6b5f3c",
		"FEDORA-EPEL-2019-1a", "MGASA-2019-0223", "BRSA-abc1d2", "OESA-2021-1001", "openEuler-SA-2021-1001", "GLSA-202003-01", "ASA-201903-7",
	} {
		if !Is(id) {
			t.Errorf("%s is not one", id)
		}
	}
	for _, id := range []string{
		"", "CVE-2019-9169", "GHSA-xx65-cc7g-9pfp", "UBUNTU-CVE-2019-1", "DEBIAN-CVE-2019-1", "RUSTSEC-2020-1", "GO-2020-0001", "PYSEC-2019-1", "CGA-2xx-1",
		"DSA", "DSA-", "ALPINE-CVE-2020-1", "SUSE-2019:1", "MAL-2024-1", "TEMP-0841856-B18BAF",
	} {
		if Is(id) {
			t.Errorf("%s is one", id)
		}
	}
}

func TestInURLs(t *testing.T) {
	got := InURLs([]string{
		"https://ubuntu.com/security/notices/USN-890-2", "https://ubuntu.com/security/notices/USN-890-1", "https://usn.ubuntu.com/usn/usn-4115-1/",
		"https://access.redhat.com/errata/RHSA-2023:7625", "https://ubuntu.com/security/CVE-2019-1", "https://ubuntu.com/security/notices/USN-890-1",
		"https://example.com/asa-1", "", "USN-1-1",
	})
	if want := []string{"RHSA-2023:7625", "USN-4115-1", "USN-890-1", "USN-890-2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
