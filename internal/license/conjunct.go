package license

import "strings"

// Conjuncts splits an expression at each AND outside of parentheses. It does not split an expression with an OR outside of
// parentheses.
func Conjuncts(expression string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(expression); i++ {
		switch rest := expression[i:]; {
		case rest[0] == '(':
			depth++
		case rest[0] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(rest, " OR "):
			return []string{expression}
		case depth == 0 && strings.HasPrefix(rest, " AND "):
			parts = append(parts, expression[start:i])
			start = i + len(" AND ")
		}
	}
	parts = append(parts, expression[start:])
	if len(parts) > 1 {
		for i, p := range parts {
			parts[i] = unwrap(p)
		}
	}
	return parts
}

// unwrap removes parentheses around an expression.
func unwrap(expression string) string {
	depth := 0
	for i := range len(expression) {
		switch expression[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			if i > 0 && i == len(expression)-1 {
				return expression[1:i]
			}
			return expression
		}
	}
	return expression
}
