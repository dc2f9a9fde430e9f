package npm

// A graph maps the key of a package in a lock file to the keys of its dependencies.
type graph map[string][]string

// reach returns the roots and their direct and indirect dependencies.
func (g graph) reach(roots []string) map[string]bool {
	seen := make(map[string]bool, len(g))
	for todo := roots; len(todo) > 0; {
		key := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[key] {
			seen[key] = true
			todo = append(todo, g[key]...)
		}
	}
	return seen
}

// developmentOnly returns the keys that development reaches and production does not.
func (g graph) developmentOnly(production, development []string) map[string]bool {
	needed := g.reach(production)
	only := g.reach(development)
	for key := range needed {
		delete(only, key)
	}
	return only
}
