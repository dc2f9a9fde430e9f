package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A prose is the text of one file.
type prose struct {
	file string
	text string
}

// proseTexts returns the comments and Markdown pages of the module, and the string literals.
func proseTexts(t *testing.T) (comments, literals []prose) {
	t.Helper()
	for _, name := range proseFiles(t) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".md") {
			comments = append(comments, prose{name, markdownText(string(b))})
			continue
		}
		comments = append(comments, prose{name, commentText(string(b))})
		literals = append(literals, prose{name, stringText(t, name, b)})
	}
	return comments, literals
}

// proseFiles returns the files with prose: Markdown pages, and Go files without tests and generated ones.
func proseFiles(t *testing.T) []string {
	t.Helper()
	skip := []string{".git", "testdata", "vendor", "node_modules", "third_party"}
	var list []string
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && slices.Contains(skip, d.Name()):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md"):
			list = append(list, name)
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".pb.go"):
			list = append(list, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var space = regexp.MustCompile(`\s+`)

var trailing = regexp.MustCompile(`[^:"'][ \t;{})]// (.*)`)

// commentText returns the comments of a Go file without directives: those on lines of their own, then those that follow a
// space or a bracket. An indented comment is in both.
func commentText(source string) string {
	if strings.HasPrefix(source, "// Code generated") {
		return ""
	}
	var list []string
	for line := range strings.SplitSeq(source, "\n") {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if ok && !strings.HasPrefix(text, "go:") && !strings.HasPrefix(text, "nolint") {
			list = append(list, strings.TrimPrefix(text, " "))
		}
	}
	for _, m := range trailing.FindAllStringSubmatch(source, -1) {
		list = append(list, m[1])
	}
	return space.ReplaceAllString(strings.Join(list, " "), " ")
}

// markdownCode matches code of a Markdown page, and the rest of a page from its first table or indented block.
var markdownCode = regexp.MustCompile("(?sm)```.*?```|^    .*$|`[^`]*`|^\\|.*$")

func markdownText(page string) string {
	return space.ReplaceAllString(markdownCode.ReplaceAllString(page, " "), " ")
}

// stringText returns the string literals of a Go file that have at least three words: error messages, help and reports.
// Literals that are joined with + count as one.
func stringText(t *testing.T, name string, source []byte) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	add := func(s string) {
		if s = strings.TrimSpace(space.ReplaceAllString(s, " ")); strings.Count(s, " ") >= 2 {
			list = append(list, s)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				add(joined(n))
				return false
			}
		case *ast.BasicLit:
			add(joined(n))
		}
		return true
	})
	return strings.Join(list, "\n")
}

// joined returns the text of a string literal, or of a sum with its other operands left out.
func joined(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		return joined(x.X) + joined(x.Y)
	case *ast.BasicLit:
		if s, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING {
			return s
		}
	}
	return ""
}
