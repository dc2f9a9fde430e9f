// Package lazyregexp has expressions that are compiled when they are first used. Most runs of a program use few of the expressions of the
// packages that it imports, and compiling all of them takes a fifth of the start of the reference command.
package lazyregexp

import (
	"regexp"
	"sync"
)

// An Expression is a regular expression with methods of regexp.Regexp. It is safe for concurrent use.
type Expression struct {
	compiled func() *regexp.Regexp
}

// New returns an expression. It panics at the first use if the expression is wrong.
func New(expression string) *Expression {
	return &Expression{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })}
}

// Get returns the compiled expression.
func (e *Expression) Get() *regexp.Regexp { return e.compiled() }

// MatchString is regexp.Regexp.MatchString.
func (e *Expression) MatchString(s string) bool { return e.Get().MatchString(s) }

// FindString is regexp.Regexp.FindString.
func (e *Expression) FindString(s string) string { return e.Get().FindString(s) }

// FindStringSubmatch is regexp.Regexp.FindStringSubmatch.
func (e *Expression) FindStringSubmatch(s string) []string { return e.Get().FindStringSubmatch(s) }

// FindAllString is regexp.Regexp.FindAllString.
func (e *Expression) FindAllString(s string, n int) []string { return e.Get().FindAllString(s, n) }

// FindAllStringSubmatch is regexp.Regexp.FindAllStringSubmatch.
func (e *Expression) FindAllStringSubmatch(s string, n int) [][]string {
	return e.Get().FindAllStringSubmatch(s, n)
}

// ReplaceAllString is regexp.Regexp.ReplaceAllString.
func (e *Expression) ReplaceAllString(s, by string) string { return e.Get().ReplaceAllString(s, by) }

// FindAllSubmatch is regexp.Regexp.FindAllSubmatch.
func (e *Expression) FindAllSubmatch(b []byte, n int) [][][]byte {
	return e.Get().FindAllSubmatch(b, n)
}

// FindStringSubmatchIndex is regexp.Regexp.FindStringSubmatchIndex.
func (e *Expression) FindStringSubmatchIndex(s string) []int {
	return e.Get().FindStringSubmatchIndex(s)
}
