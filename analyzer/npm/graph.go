package npm

// A graph says what depends on what, by keys of a lock file.
type graph map[string][]string

// reach returns the roots, and what they need directly or not.
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

// developmentOnly returns the keys that are needed for development and for nothing else.
func (g graph) developmentOnly(production, development []string) map[string]bool {
	needed := g.reach(production)
	only := g.reach(development)
	for key := range needed {
		delete(only, key)
	}
	return only
}
