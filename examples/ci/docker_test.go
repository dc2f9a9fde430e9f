package ci_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// Under the name of docker, this program stands in for it: it logs in, and builds an image from a Dockerfile that only copies a root
// file system, as image makes it. It accepts no flags that docker does not have.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "docker" {
		os.Exit(m.Run())
	}
	if err := docker(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "docker:", err)
		os.Exit(1)
	}
}

func docker(args []string) error {
	if len(args) == 0 {
		return errors.New("no command")
	}
	flags := flag.NewFlagSet("docker "+args[0], flag.ContinueOnError)
	switch args[0] {
	case "login":
		user, stdin := flags.String("u", "", ""), flags.Bool("password-stdin", false, "")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if *user == "" || !*stdin || flags.NArg() != 1 {
			return errors.New("login needs -u, --password-stdin and a registry")
		}
		password, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		return logIn(home, login{flags.Arg(0), *user, string(trimNewline(password))})
	case "build":
		tag, push := flags.String("t", "", ""), flags.Bool("push", false, "")
		flags.String("build-arg", "", "")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if !*push || flags.NArg() != 1 {
			return errors.New("build needs --push and a directory")
		}
		if _, err := os.Stat(filepath.Join(flags.Arg(0), "Dockerfile")); err != nil {
			return err
		}
		status, err := os.ReadFile(filepath.Join(flags.Arg(0), "status"))
		if err != nil {
			return err
		}
		ref, err := name.ParseReference(*tag)
		if err != nil {
			return err
		}
		img, err := image(string(status))
		if err != nil {
			return err
		}
		return remote.Write(ref, img, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	}
	return fmt.Errorf("unknown command %s", args[0])
}

func trimNewline(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return b
}

// logIn stores the password of a registry where docker does.
func logIn(home string, l login) error {
	type entry struct {
		Auth string `json:"auth"`
	}
	b, err := json.Marshal(map[string]any{"auths": map[string]entry{
		l.registry: {base64.StdEncoding.EncodeToString([]byte(l.user + ":" + l.password))},
	}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, ".docker"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, ".docker/config.json"), b, 0o600)
}

const osRelease = "ID=debian\nVERSION_ID=\"12\"\n"

// image is a Debian with the packages of a status file of dpkg.
func image(status string) (v1.Image, error) {
	l := (&imagetest.Layer{}).File("etc/os-release", osRelease).File("var/lib/dpkg/status", status)
	return imagetest.Image(l)
}
