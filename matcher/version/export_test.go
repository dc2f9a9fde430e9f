package version

func (s Scheme) Name() string { return s.name() }

// HasTool reports whether TestDifferential asks a tool about a type.
func HasTool(name string) bool { return tools[name] != nil }

// HasModel reports whether a model stands for the tool.
func HasModel(name string) bool { return models[name] != nil }
