// Package newplugin writes new plugins from templates.
package newplugin

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/hullmark/hullmark/plugin/javascript"
	"github.com/hullmark/hullmark/plugin/python"
)

// templates has a directory for each language and one for all of them. The names of Go's files end with .tmpl, so that they are not part of
// this module.
//
//go:embed templates
var templates embed.FS

// A language describes the plugins in one language.
type language struct {
	name    string
	command string // the executable, "" if it is named after the plugin
	sdk     fs.FS  // is copied beside the program; may be nil
	next    string // commands for the user, to complete and test the plugin in its directory
}

var languages = []language{
	{name: "go", next: "go mod tidy && go test . && go build -o {{.Name}} ."},
	{name: "javascript", command: "plugin.js", sdk: javascript.SDK, next: "npm install && npm test"},
	{name: "python", command: "plugin.py", sdk: python.SDK, next: "python3 -m pip install --target . -r requirements.txt && ./test_plugin.py"},
}

// Languages returns the languages of plugins.
func Languages() (names []string) {
	for _, l := range languages {
		names = append(names, l.name)
	}
	return names
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Create writes a plugin with a test into a directory, which must be empty or not exist, and returns the command that gets its
// dependencies and tests it. The plugin has the name of the directory.
func Create(dir, lang string) (next string, err error) {
	i := slices.IndexFunc(languages, func(l language) bool { return l.name == lang })
	if i < 0 {
		return "", fmt.Errorf("unknown language %q; known languages are %s", lang, strings.Join(Languages(), ", "))
	}
	l := languages[i]
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	data := struct{ Name, Command, Go string }{Name: filepath.Base(absolute), Command: l.command, Go: "1.26"}
	if !validName.MatchString(data.Name) {
		return "", fmt.Errorf("%s: the plugin has the name of its directory: lower-case letters, digits and hyphens, with a letter first", dir)
	}
	if data.Command == "" {
		data.Command = data.Name
	}
	files, err := l.files(data)
	if err != nil {
		return "", err
	}
	if err := write(dir, files); err != nil {
		return "", err
	}
	return fill("next", l.next, data)
}

// files returns the files of a plugin by path.
func (l *language) files(data any) (map[string]string, error) {
	files := make(map[string]string)
	for _, dir := range []string{"all", l.name} {
		sub, err := fs.Sub(templates, path.Join("templates", dir))
		if err != nil {
			return nil, err
		}
		err = each(sub, func(name, text string) (err error) {
			files[strings.TrimSuffix(name, ".tmpl")], err = fill(name, text, data)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if l.sdk == nil {
		return files, nil
	}
	return files, each(l.sdk, func(name, text string) error {
		files[name] = text
		return nil
	})
}

// each calls do for every file.
func each(files fs.FS, do func(name, text string) error) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return do(name, string(text))
	})
}

func fill(name, text string, data any) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}

// write creates the files in a directory. Files that begin with #! are executable.
func write(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if entries, err := fs.ReadDir(root.FS(), "."); err != nil {
		return err
	} else if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: it has %s", dir, entries[0].Name())
	}
	for name, text := range files {
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
