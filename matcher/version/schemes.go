package version

// For returns the scheme of a PURL type. It returns false if the type is not one of [Types].
func For(purlType string) (Scheme, bool) {
	for i := range schemes {
		if schemes[i].name == purlType {
			return Scheme{&schemes[i]}, true
		}
	}
	return Scheme{}, false
}

// Types returns the sorted types that have a scheme: PURL types, and "cpe" for products in NVD's CPE names.
func Types() []string {
	list := make([]string, len(schemes))
	for i := range schemes {
		list[i] = schemes[i].name
	}
	return list
}

// schemes is sorted by name.
var schemes = [...]rules{
	{"alpm", parseRPM, compareALPM},
	{"apk", parseAPK, compareAPK},
	{"bioconductor", parseCRAN, compareLists},
	{"bitnami", parseBitnami, compareBitnami},
	{"cargo", parseCargo, compareSemver},
	{"composer", parseComposer, compareKeys},
	{"conan", parseConan, compareConan},
	{"cpe", parseCPE, compareKeys},
	{"cran", parseCRAN, compareLists},
	{"deb", parseDeb, compareDeb},
	{"ebuild", parseEbuild, compareKeys},
	{"gem", parseGem, compareKeys},
	{"generic", parseCPE, compareKeys},
	{"github", parseTag, compareSemver},
	{"golang", parseGo, compareSemver},
	{"hackage", parseHackage, compareLists},
	{"hex", parseHex, compareSemver},
	{"julia", parseJulia, compareJulia},
	{"maven", parseMaven, compareMaven},
	{"npm", parseNPM, compareSemver},
	{"nuget", parseNuGet, compareNuGet},
	{"opam", parseOpam, compareOpam},
	{"pub", parsePub, comparePub},
	{"pypi", parsePyPI, compareKeys},
	{"rpm", parseRPM, compareRPM},
	{"swift", parseSwift, compareSwift},
}
