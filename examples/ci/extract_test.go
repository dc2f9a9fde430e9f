package ci_test

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A step is a script of a recipe.
type step struct {
	script string
	shell  []string          // the shell of the platform, and its arguments
	env    map[string]string // after the variables of the platform
	login  *login            // instead of a script
}

// A login is a step in which the platform logs in to a registry.
type login struct{ registry, user, password string }

// variables replaces the platform's references to variables by their values. References without a value fail the test.
func variables(t *testing.T, form *regexp.Regexp, values map[string]string, text string) string {
	t.Helper()
	return form.ReplaceAllStringFunc(text, func(reference string) string {
		name := form.FindStringSubmatch(reference)[1]
		value, ok := values[name]
		if !ok {
			t.Errorf("%s: the test has no value of %s", reference, name)
		}
		return value
	})
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

var githubExpression = regexp.MustCompile(`\$\{\{ *([a-zA-Z_.]+) *\}\}`)

// githubSteps returns the steps of a workflow with one job. Actions are no shell lines: of them only the login does something here.
func githubSteps(t *testing.T, text string, values map[string]string) []step {
	t.Helper()
	var workflow struct {
		Env  map[string]string
		Jobs map[string]struct {
			Steps []struct {
				Uses, Run string
				With      map[string]string
			}
		}
	}
	decode(t, variables(t, githubExpression, values, text), &workflow)
	if len(workflow.Jobs) != 1 {
		t.Fatalf("%d jobs", len(workflow.Jobs))
	}
	var steps []step
	for _, job := range workflow.Jobs {
		for _, s := range job.Steps {
			switch {
			case s.Run != "":
				steps = append(steps, step{script: s.Run, shell: []string{"bash", "-e"}, env: workflow.Env})
			case strings.HasPrefix(s.Uses, "docker/login-action@"):
				steps = append(steps, step{login: &login{s.With["registry"], s.With["username"], s.With["password"]}})
			}
		}
	}
	return steps
}

var shellVariable = regexp.MustCompile(`\$([A-Z_]+)`)

// gitlabSteps returns a step for each job of a pipeline, in the order of the stages. The shell of a job runs all its lines.
func gitlabSteps(t *testing.T, text string, values map[string]string) []step {
	t.Helper()
	var pipeline struct {
		Stages    []string
		Variables map[string]string
		Jobs      map[string]struct {
			Stage        string
			BeforeScript []string `yaml:"before_script"`
			Script       []string
		} `yaml:",inline"`
	}
	decode(t, text, &pipeline)
	env := map[string]string{}
	for name, value := range values {
		env[name] = value
	}
	for name, value := range pipeline.Variables {
		env[name] = variables(t, shellVariable, values, value)
	}
	var steps []step
	for _, stage := range pipeline.Stages {
		for _, job := range pipeline.Jobs {
			if job.Stage == stage {
				lines := append(job.BeforeScript, job.Script...)
				steps = append(steps, step{script: strings.Join(lines, "\n"), shell: []string{"bash", "-eo", "pipefail"}, env: env})
			}
		}
	}
	return steps
}

var (
	groovyVariable    = regexp.MustCompile(`\$\{env\.([A-Z_]+)\}`)
	groovyEnvironment = regexp.MustCompile(`(?m)^ *([A-Z_]+) = "(.*)"$`)
	groovyShell       = regexp.MustCompile(`(?m)^ *sh '(.*)'$`)
)

// jenkinsSteps returns the sh steps of a declarative pipeline.
func jenkinsSteps(t *testing.T, text string, values map[string]string) []step {
	t.Helper()
	env := map[string]string{}
	for _, name := range []string{"REGISTRY_USER", "REGISTRY_PASSWORD"} {
		env[name] = values[name]
	}
	for _, found := range groovyEnvironment.FindAllStringSubmatch(text, -1) {
		env[found[1]] = variables(t, groovyVariable, values, found[2])
	}
	var steps []step
	for _, found := range groovyShell.FindAllStringSubmatch(text, -1) {
		steps = append(steps, step{script: found[1], shell: []string{"sh", "-xe"}, env: env})
	}
	return steps
}

var tektonVariable = regexp.MustCompile(`\$\(([a-z.]+)\)`)

// tektonSteps returns the steps of a task.
func tektonSteps(t *testing.T, text string, values map[string]string) []step {
	t.Helper()
	var task struct {
		Spec struct {
			Steps []struct {
				Env    []struct{ Name, Value string }
				Script string
			}
		}
	}
	decode(t, variables(t, tektonVariable, values, text), &task)
	var steps []step
	for _, s := range task.Spec.Steps {
		env := map[string]string{}
		for _, v := range s.Env {
			env[v.Name] = v.Value
		}
		shell, ok := strings.CutPrefix(strings.SplitN(s.Script, "\n", 2)[0], "#!")
		if !ok {
			t.Errorf("a script without the name of its shell: %s", s.Script)
		}
		steps = append(steps, step{script: s.Script, shell: strings.Fields(shell), env: env})
	}
	return steps
}

var (
	dockerMount   = regexp.MustCompile(`--mount=[^ ]*target=([^, ]+)[^ ]* `)
	dockerWorkdir = regexp.MustCompile(`(?m)^WORKDIR (.*)$`)
	dockerRun     = regexp.MustCompile(`(?m)^RUN (.*)$`)
)

// dockerSteps returns the RUN instructions of a Dockerfile. Paths of mounts and working directories have other places here.
func dockerSteps(t *testing.T, text string, values map[string]string) []step {
	t.Helper()
	text = strings.ReplaceAll(text, "\\\n", "")
	for _, form := range []*regexp.Regexp{dockerMount, dockerWorkdir} {
		for _, found := range form.FindAllStringSubmatch(text, -1) {
			if values[found[1]] == "" {
				t.Errorf("the test has no place for %s", found[1])
			}
		}
	}
	var steps []step
	for _, found := range dockerRun.FindAllStringSubmatch(text, -1) {
		script := dockerMount.ReplaceAllString(found[1], "")
		for at, place := range values {
			script = strings.ReplaceAll(script, at, place)
		}
		steps = append(steps, step{script: script, shell: []string{"sh", "-e"}})
	}
	return steps
}
