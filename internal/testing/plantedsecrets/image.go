package plantedsecrets

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A Plant is a secret at a place of the image.
type Plant struct {
	Format  string
	Carrier string
	Path    string // "" in the image's configuration
	Layer   int    // -1 in the image's configuration
	Hidden  bool   // an upper layer deletes or replaces the file
	Place   string // name of the environment variable, label or build argument, for secrets in the configuration
	Secret  Secret
}

// A NearMiss is a file that looks as if it held a secret.
type NearMiss struct {
	Kind  string
	Path  string
	Layer int
}

// A Set is an image with its planted secrets and near misses.
type Set struct {
	Image  v1.Image
	Plants []Plant
	Misses []NearMiss
	Files  []File // all files of the layers

	pieces func() *pieces
}

// A File is a file of a layer.
type File struct {
	Path    string
	Layer   int
	Content []byte
}

// layers is the number of layers. The last one hides files.
const layers = 4

// carriersOf is how many carriers a format with variables is planted in.
const carriersOf = 11

// New returns the image of a seed, with at least 2,000 secrets and 2,000 near misses. Equal seeds give equal images. Other seeds plant
// formats in other carriers.
func New(seed uint64) (*Set, error) { return NewOf(seed, Formats()) }

// NewOf is New with other formats.
func NewOf(seed uint64, formats []*Format) (*Set, error) {
	b := build(seed, formats)
	img, err := b.image()
	if err != nil {
		return nil, err
	}
	return &Set{Image: img, Plants: b.plants, Misses: b.misses, Files: b.files, pieces: sync.OnceValue(func() *pieces { return index(b.plants) })}, nil
}

func build(seed uint64, formats []*Format) *builder {
	b := &builder{formats: formats, r: rand.New(rand.NewPCG(seed, 0x706c616e746564)), config: &v1.Config{Labels: map[string]string{}}}
	kinds := carriers()
	for i, f := range formats {
		if f.file != nil {
			b.plantFile(f)
			continue
		}
		for k := range carriersOf {
			c := kinds[(i*5+k*3+int(seed%uint64(len(kinds))))%len(kinds)] // 3 and the number of carriers have no common divisor
			if c.every > 1 && i/2%c.every != 0 {
				continue
			}
			b.plant(f, c.name, fmt.Sprintf(c.path, b.next()), false, c.write)
		}
		b.plant(f, "hidden", fmt.Sprintf("srv/app-%d/.env", b.next()), true, env)
		b.configured(f, i)
	}
	b.addNearMisses()
	return b
}

type builder struct {
	formats []*Format
	r       *rand.Rand
	n       int
	plants  []Plant
	misses  []NearMiss
	files   []File
	config  *v1.Config
	runs    []string // instructions with build arguments
}

func (b *builder) next() int { b.n++; return b.n }

func (b *builder) add(name string, layer int, content []byte) {
	b.files = append(b.files, File{name, layer, content})
}

// vars returns the variables of a secret. If its form identifies it, every second one has a name that says nothing.
func (b *builder) vars(f *Format, s *Secret) {
	if f.Distinct && b.r.IntN(2) == 0 {
		s.Vars[len(s.Vars)-1].Name = fill(b.r, "(VALUE|DATA|CONF|ITEM|FIELD)_[A-Z]{4}")
	}
}

func (b *builder) plant(f *Format, carrier, name string, hidden bool, write func(r *rand.Rand, vars []Var) []byte) {
	s := f.Value(b.r)
	b.vars(f, &s)
	p := Plant{Format: f.Name, Carrier: carrier, Path: name, Layer: b.r.IntN(layers - 1), Hidden: hidden, Secret: s}
	b.add(p.Path, p.Layer, write(b.r, s.Vars))
	if hidden {
		b.hide(p.Path)
	}
	b.plants = append(b.plants, p)
}

// hide deletes or replaces a file in the last layer.
func (b *builder) hide(name string) {
	if b.r.IntN(2) == 0 {
		b.add(path.Join(path.Dir(name), ".wh."+path.Base(name)), layers-1, nil)
	} else {
		b.add(name, layers-1, []byte("# empty\n"))
	}
}

// plantFile plants a secret that is a file in each wrapper, and hidden.
func (b *builder) plantFile(f *Format) {
	for _, c := range append(wrappers(), carrier{name: "hidden"}) {
		s := f.Value(b.r)
		name := s.Path
		if c.path != "" {
			name = fmt.Sprintf(c.path, b.next())
		} else {
			name = fmt.Sprintf("srv/root-%d/", b.next()) + name
		}
		p := Plant{Format: f.Name, Carrier: c.name, Path: name, Layer: b.r.IntN(layers - 1), Hidden: c.name == "hidden", Secret: s}
		content := []byte(s.Text)
		if c.write != nil {
			content = c.write(b.r, []Var{{Name: path.Base(s.Path), Value: s.Text, Secret: true}})
		}
		b.add(p.Path, p.Layer, content)
		if p.Hidden {
			b.hide(p.Path)
		}
		b.plants = append(b.plants, p)
	}
}

// configured plants a secret in the environment, in a label or in an instruction of the history.
func (b *builder) configured(f *Format, i int) {
	s := f.Value(b.r)
	b.vars(f, &s)
	for j := range s.Vars { // no two places have the same name
		s.Vars[j].Name += fmt.Sprintf("_%d", b.next())
	}
	main := s.Vars[len(s.Vars)-1]
	p := Plant{Format: f.Name, Layer: -1, Place: main.Name, Secret: s}
	switch i % 3 {
	case 0:
		p.Carrier = "image-env"
		for _, v := range s.Vars {
			b.config.Env = append(b.config.Env, v.Name+"="+v.Value)
		}
	case 1:
		p.Carrier = "image-label"
		p.Place = "com.example." + strings.ToLower(main.Name)
		for _, v := range s.Vars {
			b.config.Labels["com.example."+strings.ToLower(v.Name)] = v.Value
		}
	case 2:
		p.Carrier = "image-history"
		run := fmt.Sprintf("RUN |%d", len(s.Vars))
		for _, v := range s.Vars {
			run += " " + v.Name + "=" + v.Value
		}
		b.runs = append(b.runs, run+" /bin/sh -c make install # buildkit")
	}
	b.plants = append(b.plants, p)
}

func (b *builder) image() (v1.Image, error) {
	var list [layers]*imagetest.Layer
	for i := range list {
		list[i] = &imagetest.Layer{CreatedBy: fmt.Sprintf("COPY part-%d / # buildkit", i)}
	}
	for _, f := range b.files {
		list[f.Layer].Add(tar.Header{Name: f.Path}, f.Content)
	}
	img, err := imagetest.Image(list[:]...)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Config.Env, config.Config.Labels = b.config.Env, b.config.Labels
	for _, run := range b.runs {
		config.History = append(config.History, v1.History{CreatedBy: run, EmptyLayer: true})
	}
	return mutate.ConfigFile(img, config)
}
