package db

import "github.com/hullmark/hullmark/matcher"

// appendParts appends the stored form of parts: for each, its path, its symbols, an empty string, its systems, and an empty
// string.
func appendParts(list []string, parts []matcher.Part) []string {
	for _, p := range parts {
		list = append(list, p.Path)
		for _, names := range [...][]string{p.Symbols, p.Systems} {
			for _, s := range names {
				if s != "" {
					list = append(list, s)
				}
			}
			list = append(list, "")
		}
	}
	return list
}

// partsOf is the inverse of appendParts. A list that is cut off has its last part without the rest.
func partsOf(list []string) []matcher.Part {
	var parts []matcher.Part
	for len(list) > 0 {
		p := matcher.Part{Path: list[0]}
		p.Symbols, list = cutEmpty(list[1:])
		p.Systems, list = cutEmpty(list)
		parts = append(parts, p)
	}
	return parts
}

// cutEmpty returns the strings before the first empty one, and those after it.
func cutEmpty(list []string) (before, after []string) {
	for i, s := range list {
		if s == "" {
			if i > 0 {
				before = list[:i:i]
			}
			return before, list[i+1:]
		}
	}
	return list, nil
}
