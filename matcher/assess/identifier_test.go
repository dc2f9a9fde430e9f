package assess

import "testing"

func TestNormalID(t *testing.T) {
	for id, want := range map[string]string{
		" cve-2019-9169 ": "CVE-2019-9169", "ghsa-XX65-cc7g-9pfp": "GHSA-xx65-cc7g-9pfp", "rhsa-2019:1789": "RHSA-2019:1789",
		"Alas2kernel-5.10-2022-001": "ALAS2KERNEL-5.10-2022-001", "opensuse-su-2019:1718-1": "openSUSE-SU-2019:1718-1",
		"suse-su-2019:1-1": "SUSE-SU-2019:1-1", "fedora-2022-8BD3bf5b40": "FEDORA-2022-8bd3bf5b40", "fedora-epel-2022-8BD3": "FEDORA-EPEL-2022-8bd3",
		"edb-1": "EDB-1", "bid-8732": "BID-8732", "usn-1-1": "USN-1-1", "dsa-4500-1": "DSA-4500-1", "temp-0841856-b18baf": "TEMP-0841856-B18BAF",
		"Something-else": "Something-else", "": "", "cve": "cve",
	} {
		if got := normalID(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
