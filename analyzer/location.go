package analyzer

import "strings"

// Location returns the file that c was found in and, if that is an archive, the path within it: "opt/app.war!WEB-INF/lib/x.jar".
func (c *Component) Location() string {
	if c.ArchivePath != "" {
		return c.Path + "!" + c.ArchivePath
	}
	return c.Path
}

// Instruction returns the Dockerfile instruction that created the layer, as far as the image's history tells: CreatedBy
// without the wrapping that the classic builder and BuildKit add.
func (l *Layer) Instruction() string { return instruction(l.CreatedBy) }

func instruction(createdBy string) string {
	s := strings.Join(strings.Fields(createdBy), " ")
	s = strings.TrimSuffix(s, " # buildkit")
	if rest, ok := strings.CutPrefix(s, "|"); ok { // the values of build arguments
		if _, command, ok := strings.Cut(rest, "/bin/sh -c "); ok {
			return "RUN " + command
		}
		if _, command, ok := strings.Cut(rest, " -c "); ok { // another shell
			return "RUN " + command
		}
	}
	if rest, ok := strings.CutPrefix(s, "RUN "); ok {
		if strings.HasPrefix(rest, "|") {
			return instruction(rest)
		}
		return "RUN " + strings.TrimPrefix(rest, "/bin/sh -c ")
	}
	rest, ok := strings.CutPrefix(s, "/bin/sh -c ")
	if !ok {
		return s
	}
	if rest, ok := strings.CutPrefix(rest, "#(nop) "); ok {
		return strings.TrimSpace(rest)
	}
	return "RUN " + rest
}

// Label names a component for people: its PURL, or else its name and version: "catalina@10.1.54".
func (c *Component) Label() string {
	switch {
	case c.PURL != "":
		return c.PURL
	case c.Version != "":
		return c.Name + "@" + c.Version
	}
	return c.Name
}
