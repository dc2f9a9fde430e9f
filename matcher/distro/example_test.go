package distro_test

import (
	"fmt"

	"github.com/hullmark/hullmark/matcher/distro"
)

// Linux Mint ships Ubuntu's packages, so that Ubuntu's advisories hold for them.
func ExampleBaseOf() {
	base, release, ok := distro.BaseOf("linuxmint", "21.3", "virginia", "Linux Mint 21.3")
	fmt.Println(base, release, ok)
	last, _ := distro.SupportEnds(base, release)
	fmt.Println(last.Format("2006-01-02"))
	// Output:
	// ubuntu 22.04 true
	// 2027-06-01
}

func ExampleLookup() {
	d, ok := distro.Lookup("Rocky Linux")
	fmt.Println(d.ID, d.Type, ok)
	fmt.Println(distro.ReleaseOf(d.ID, "9.4", "Blue Onyx"))
	// Output:
	// rocky rpm true
	// 9
}
