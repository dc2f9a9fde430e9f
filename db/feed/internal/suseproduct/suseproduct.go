// Package suseproduct names the ecosystems of the products of SUSE and openSUSE.
package suseproduct

import (
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

var (
	enterprise = lazyregexp.New(`^SUSE Linux Enterprise (Server|Desktop|High Performance Computing|Point of Sale|Real Time|Micro|.*Module.*|.*Extension.*|.*Kit)(?: for [A-Za-z ]+?)?(?: v\.? ?[0-9]+)?(?: for SAP Applications| Business Critical Linux)? ([0-9]+(?:\.[0-9]+)?)(?: SP([0-9]+))?(?:[- ].*)?$`)
	micro      = lazyregexp.New(`^SUSE Linux (?:Enterprise )?Micro (?:for Rancher )?([0-9]+\.[0-9]+)(?:[- ].*)?$`)
	open       = lazyregexp.New(`^openSUSE (?:Leap )?([0-9]+\.[0-9]+)(?: NonFree)?$`)
	notSlug    = lazyregexp.New(`[^a-z0-9.]+`)
)

// Ecosystem returns the ecosystem of a product from its human-readable name. Namespace and release are those of os-release(5) in an image.
// Modules and extensions belong to the server that they extend. A product without a known base gets a release of its own,
// "suse-manager-server-4.1". No image has that release, but the database keeps the data.
func Ecosystem(product string) matcher.Key {
	product = strings.Join(strings.Fields(product), " ")
	key := matcher.Key{Type: "rpm", Namespace: "sles"}
	switch m := micro.FindStringSubmatch(product); {
	case m != nil && m[1][0] == '5':
		key.Namespace, key.Release = "sle-micro", m[1]
		return key
	case m != nil:
		key.Namespace, key.Release = "sl-micro", m[1]
		return key
	}
	if strings.HasPrefix(product, "openSUSE Tumbleweed") {
		key.Namespace = "opensuse-tumbleweed"
		return key
	}
	if release, ok := strings.CutPrefix(product, "openSUSE Leap Micro "); ok {
		key.Namespace, key.Release = "opensuse-leap-micro", release
		return key
	}
	if m := open.FindStringSubmatch(product); m != nil {
		key.Namespace = "opensuse-leap"
		if !strings.Contains(product, "Leap ") && !strings.HasPrefix(m[1], "42.") { // openSUSE before Leap
			key.Namespace = "opensuse"
		}
		key.Release = m[1]
		return key
	}
	if m := enterprise.FindStringSubmatch(product); m != nil {
		switch {
		case strings.HasPrefix(m[1], "Desktop"):
			key.Namespace = "sled"
		case strings.HasPrefix(m[1], "High"):
			key.Namespace = "sle_hpc"
		}
		key.Release = m[2]
		if m[3] != "" {
			key.Release += "." + m[3]
		}
		return key
	}
	key.Release = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(product), "-"), "-")
	return key
}

// Restricted reports whether a product requires a separate contract.
func Restricted(product string) bool {
	for _, s := range []string{"LTSS", "BCL", "ESPOS", "TERADATA", "SAP", "Extended"} {
		if strings.Contains(product, s) {
			return true
		}
	}
	return false
}
