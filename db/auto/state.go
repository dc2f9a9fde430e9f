package auto

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/matcher"
)

// A state has the times of updates. It describes the file beside it. If it is lost, the next update asks publishers again, and fetches
// changes.
type state struct {
	Database   string  `json:"database"` // hash of the file, see db.Info
	Ecosystems []entry `json:"ecosystems"`
}

// An entry is the state of one ecosystem.
type entry struct {
	Type      string    `json:"type"`
	Namespace string    `json:"namespace,omitempty"`
	Release   string    `json:"release,omitempty"`
	Renewed   time.Time `json:"renewed,omitzero"`  // when all feeds were last compared with their publishers
	Tried     time.Time `json:"tried"`             // when that was last attempted
	Missing   []string  `json:"missing,omitempty"` // feeds that the file lacks
	Error     string    `json:"error,omitempty"`   // of the last attempt
}

func (e *entry) key() matcher.Key {
	return matcher.Key{Type: e.Type, Namespace: e.Namespace, Release: e.Release}
}

// of returns the entry of an ecosystem, or a new one.
func (s *state) of(k matcher.Key) entry {
	for _, e := range s.Ecosystems {
		if e.key() == k {
			return e
		}
	}
	return entry{Type: k.Type, Namespace: k.Namespace, Release: k.Release}
}

// set replaces the entry of an ecosystem.
func (s *state) set(k matcher.Key, x entry) {
	s.Ecosystems = slices.DeleteFunc(s.Ecosystems, func(e entry) bool { return e.key() == k })
	s.Ecosystems = append(s.Ecosystems, x)
}

// err returns the errors of the last attempts for some ecosystems, each text once.
func (s *state) err(ecosystems []matcher.Key) error {
	var texts []string
	for _, k := range ecosystems {
		if x := s.of(k); x.Error != "" && !slices.Contains(texts, x.Error) {
			texts = append(texts, x.Error)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

func (d *Database) stateFile() string { return d.File + ".state" }

// maxState bounds the bytes of a state that is read. A state of all releases of all distributions has a tenth of that.
const maxState = 1 << 20

// hash returns the hash of the database, or "" if it cannot be opened.
func (d *Database) hash() string {
	file, err := db.OpenFile(d.File)
	if err != nil {
		return ""
	}
	defer file.Close()
	return file.Info().Hash
}

// readState returns the state of the file: an empty one if it is that of another database, or if it cannot be read.
func (d *Database) readState() *state {
	hash := d.hash()
	f, err := os.Open(d.stateFile())
	if err != nil {
		return new(state)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxState))
	if err != nil {
		return new(state)
	}
	if s := parseState(b); s.Database == hash && hash != "" {
		return s
	}
	return new(state)
}

// parseState reads a state. It returns an empty one if it is damaged.
func parseState(b []byte) *state {
	s := new(state)
	if json.Unmarshal(b, s) != nil {
		return new(state)
	}
	return s
}

func (d *Database) writeState(s *state) error {
	s.Database = d.hash()
	slices.SortFunc(s.Ecosystems, func(a, b entry) int { return matcher.CompareKeys(a.key(), b.key()) })
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(d.stateFile())
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return err
	}
	return f.Commit()
}

// covers reports whether a dataset that covers some ecosystems has advisories for k.
func covers(list []matcher.Key, k matcher.Key) bool {
	return slices.ContainsFunc(list, func(c matcher.Key) bool {
		return c.Type == k.Type && c.Namespace == k.Namespace && (c.Release == "" || c.Release == k.Release)
	})
}

// datasetFeed returns the name of a dataset's feed.
func datasetFeed(r *feed.DatasetResult) string {
	name, _, _ := strings.Cut(r.Dataset, "/")
	return name
}
