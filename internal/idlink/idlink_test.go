package idlink

import "testing"

func TestOf(t *testing.T) {
	for id, want := range map[string]string{
		"CVE-2021-23337":      "NVD https://nvd.nist.gov/vuln/detail/CVE-2021-23337",
		"GHSA-35jh-r3h4-6jhm": "GitHub https://github.com/advisories/GHSA-35jh-r3h4-6jhm",
		"TEMP-0000000-1":      "Debian https://security-tracker.debian.org/tracker/TEMP-0000000-1",
		"CVE-1/../ ?":         "NVD https://nvd.nist.gov/vuln/detail/CVE-1%2F..%2F%20%3F",
		"EDB-1":               " ", "CVE": "NVD https://nvd.nist.gov/vuln/detail/CVE", "": " ",
	} {
		publisher, address := Of(id)
		if got := publisher + " " + address; got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
}
