package catalog

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// An IndexBuilder collects images and writes an index. The zero value is ready to use.
type IndexBuilder struct {
	forms   []string // of subjects, by number in the order of arrival
	numbers map[string]uint32
	chunks  [][]uint32 // sorted subjects of each chunk, by number in the order of arrival
	byHash  map[Hash]uint32
	byForm  map[Hash]uint32 // of the subjects
	encoder encoder
	images  map[[digestSize]byte][]uint32
}

// addChunk adds the subjects of a chunk, once for its hash, and returns its number.
func (b *IndexBuilder) addChunk(hash Hash, subjects func() ([]matcher.Subject, error)) (uint32, error) {
	if n, ok := b.byHash[hash]; ok {
		return n, nil
	}
	list, err := subjects()
	if err != nil {
		return 0, err
	}
	if b.numbers == nil {
		b.numbers, b.byHash, b.byForm = make(map[string]uint32), make(map[Hash]uint32), make(map[Hash]uint32)
	}
	ids := make([]uint32, 0, len(list))
	for i := range list {
		form := string(b.encoder.encode(&list[i]))
		n, ok := b.numbers[form]
		if !ok {
			n = uint32(len(b.forms))
			b.forms = append(b.forms, form)
			b.numbers[form] = n
		}
		ids = append(ids, n)
	}
	n := b.put(ids)
	b.byHash[hash] = n
	return n, nil
}

// put returns the number of the chunk with subjects.
func (b *IndexBuilder) put(ids []uint32) uint32 {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	h := sha256.New()
	var buf [4]byte
	for _, n := range ids {
		binary.LittleEndian.PutUint32(buf[:], n)
		h.Write(buf[:])
	}
	form := Hash(h.Sum(nil))
	n, ok := b.byForm[form]
	if !ok {
		n = uint32(len(b.chunks))
		b.chunks = append(b.chunks, slices.Clone(ids))
		b.byForm[form] = n
	}
	return n
}

// Add adds an image with the chunks among its parts. An image with the same digest that was added before is replaced.
func (b *IndexBuilder) Add(digest string, parts []Part) error {
	raw, err := digestOf(digest)
	if err != nil {
		return err
	}
	var list []uint32
	for i := range parts {
		if parts[i].Kind != Chunk {
			continue
		}
		n, err := b.addChunk(parts[i].Hash, parts[i].subjects)
		if err != nil {
			return err
		}
		list = append(list, n)
	}
	b.add(raw, list)
	return nil
}

func (b *IndexBuilder) add(digest [digestSize]byte, chunks []uint32) {
	if b.images == nil {
		b.images = make(map[[digestSize]byte][]uint32)
	}
	slices.Sort(chunks)
	b.images[digest] = slices.Compact(chunks)
}

func digestOf(text string) (raw [digestSize]byte, err error) {
	rest, ok := strings.CutPrefix(text, "sha256:")
	if b, err := hex.DecodeString(rest); ok && err == nil && len(b) == digestSize {
		return [digestSize]byte(b), nil
	}
	return raw, fmt.Errorf("catalog: %q is not a SHA-256 digest", text)
}

// subjects returns the subjects of a chunk's own components.
func (c *chunk) subjects() []matcher.Subject {
	r, only := c.report()
	all := matcher.Subjects(r)
	list := all[:0]
	for i := range all {
		if only(&r.Components[i]) {
			list = append(list, all[i])
		}
	}
	return list
}

// WriteTo writes the index.
func (b *IndexBuilder) WriteTo(w io.Writer) (int64, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		return 0, fmt.Errorf("catalog: %w", err)
	}
	out := &blockWriter{w: w, zstd: enc}
	out.write([]byte(indexMagic))
	subjects, err := b.orderSubjects()
	if err != nil {
		return 0, err
	}
	images, chunks, sets := b.orderImages(subjects)
	b.writeKeys(out, subjects)
	b.writeSubjects(out, subjects, chunks)
	for _, set := range sets {
		body := appendSet(nil, set)
		out.record(sectionChunks, append(binary.AppendUvarint(nil, uint64(len(body))), body...))
	}
	out.end(sectionChunks)
	for i := range images {
		out.record(sectionImages, images[i][:])
	}
	out.end(sectionImages)
	err = out.finish()
	if err != nil {
		err = fmt.Errorf("catalog: %w", err)
	}
	return out.offset, err
}

func (w *blockWriter) record(section int, b []byte) {
	w.buf = append(w.buf, b...)
	w.count++
	if len(w.buf) >= blockSize {
		w.end(section)
	}
}

// An ordered has the order of subjects.
type ordered struct {
	keys   [][]matcher.Key // by the number of arrival
	sorted []uint32        // numbers of arrival in the order of the file
	place  []uint32        // the inverse
}

func (b *IndexBuilder) orderSubjects() (*ordered, error) {
	o := &ordered{keys: make([][]matcher.Key, len(b.forms)), place: make([]uint32, len(b.forms))}
	live := newBitmap(len(b.forms)) // those of images
	seen := make([]bool, len(b.chunks))
	for _, list := range b.images {
		for _, c := range list {
			if !seen[c] {
				seen[c] = true
				for _, n := range b.chunks[c] {
					live.add(int(n), 1)
				}
			}
		}
	}
	live.each(func(i int) bool {
		o.sorted = append(o.sorted, uint32(i))
		return true
	})
	first := make([]matcher.Key, len(b.forms))
	for _, i := range o.sorted {
		form := b.forms[i]
		var s matcher.Subject
		if err := decode([]byte(form), &s); err != nil {
			return nil, fmt.Errorf("catalog: subject %d: %w", i, err)
		}
		o.keys[i] = s.Keys()
		for _, k := range o.keys[i] { // the first one with a name
			if first[i].Name == "" {
				first[i] = k
			}
		}
	}
	slices.SortFunc(o.sorted, func(x, y uint32) int {
		return cmp.Or(matcher.CompareKeys(first[x], first[y]), strings.Compare(b.forms[x], b.forms[y]))
	})
	for i, n := range o.sorted {
		o.place[n] = uint32(i)
	}
	return o, nil
}

// orderImages returns the digests in the order of the file, for each number of a chunk in the order of arrival its number in the file, and the
// set of images of each chunk in the order of the file.
func (b *IndexBuilder) orderImages(o *ordered) (images [][digestSize]byte, place []uint32, sets [][]uint32) {
	counts := make([]uint32, len(b.chunks))
	for _, list := range b.images {
		for _, c := range list {
			counts[c]++
		}
	}
	hashes := make([]Hash, len(b.chunks)) // of the subjects in the order of the file
	var shared, single []uint32
	for i, list := range b.chunks {
		mapped := make([]uint32, len(list))
		for k, n := range list {
			mapped[k] = o.place[n]
		}
		slices.Sort(mapped)
		hashes[i] = sha256.Sum256(appendSet(nil, mapped))
		switch {
		case counts[i] > 1:
			shared = append(shared, uint32(i))
		case counts[i] == 1:
			single = append(single, uint32(i))
		}
	}
	slices.SortFunc(shared, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), bytes.Compare(hashes[x][:], hashes[y][:]))
	})
	const none = ^uint32(0)
	place = slices.Repeat([]uint32{none}, len(b.chunks))
	for i, c := range shared {
		place[c] = uint32(i)
	}
	keys := make(map[[digestSize]byte][]uint32, len(b.images))
	for digest, list := range b.images {
		images = append(images, digest)
		var key []uint32
		for _, c := range list {
			if place[c] != none {
				key = append(key, place[c])
			}
		}
		slices.Sort(key)
		keys[digest] = key
	}
	slices.SortFunc(images, func(x, y [digestSize]byte) int {
		return cmp.Or(slices.Compare(keys[x], keys[y]), bytes.Compare(x[:], y[:]))
	})
	only := make([]uint32, len(b.chunks)) // the image of a single chunk
	for i, digest := range images {
		for _, c := range b.images[digest] {
			only[c] = uint32(i)
		}
	}
	slices.SortFunc(single, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(only[x], only[y]), bytes.Compare(hashes[x][:], hashes[y][:]))
	})
	for i, c := range single {
		place[c] = uint32(len(shared) + i)
	}
	sets = make([][]uint32, len(shared)+len(single))
	for i, digest := range images {
		for _, c := range b.images[digest] {
			sets[place[c]] = append(sets[place[c]], uint32(i))
		}
	}
	return images, place, sets
}

func (b *IndexBuilder) writeKeys(out *blockWriter, o *ordered) {
	of := make(map[matcher.Key][]uint32)
	for i, n := range o.sorted {
		for _, k := range o.keys[n] {
			of[k] = append(of[k], uint32(i))
		}
	}
	keys := make([]matcher.Key, 0, len(of))
	for k := range of {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, matcher.CompareKeys)
	var before matcher.Key
	for _, k := range keys {
		if out.count == 0 {
			before = matcher.Key{}
			out.root.firsts = append(out.root.firsts, k)
		}
		var rec []byte
		for _, pair := range [...][2]string{{before.Type, k.Type}, {before.Namespace, k.Namespace}, {before.Name, k.Name}, {before.Release, k.Release}} {
			n := 0
			for n < min(len(pair[0]), len(pair[1])) && pair[0][n] == pair[1][n] {
				n++
			}
			rec = binary.AppendUvarint(rec, uint64(n))
			rec = binary.AppendUvarint(rec, uint64(len(pair[1])-n))
			rec = append(rec, pair[1][n:]...)
		}
		set := appendSet(nil, of[k])
		rec = append(binary.AppendUvarint(rec, uint64(len(set))), set...)
		before = k
		out.record(sectionKeys, rec)
	}
	out.end(sectionKeys)
}

func (b *IndexBuilder) writeSubjects(out *blockWriter, o *ordered, place []uint32) {
	sets := make([][]uint32, len(b.forms)) // chunks of each subject
	for i, list := range b.chunks {
		if place[i] == ^uint32(0) { // of no image
			continue
		}
		for _, n := range list {
			sets[n] = append(sets[n], place[i])
		}
	}
	for _, n := range o.sorted {
		slices.Sort(sets[n])
		set := appendSet(nil, sets[n])
		rec := append(binary.AppendUvarint(nil, uint64(len(b.forms[n]))), b.forms[n]...)
		rec = append(binary.AppendUvarint(rec, uint64(len(set))), set...)
		out.record(sectionSubjects, rec)
	}
	out.end(sectionSubjects)
}

// AddIndex adds the images of an index, a generation, except those that skip selects and those that the builder has. So generations are merged
// newest first. The index that the builder writes equals one of the same images that was built at once.
func (b *IndexBuilder) AddIndex(ctx context.Context, x *Index, skip func(digest string) bool) error {
	n := x.root.sections[sectionChunks].records
	subjects := make([][]uint32, n) // of chunks
	if b.numbers == nil {
		b.numbers, b.byHash, b.byForm = make(map[string]uint32), make(map[Hash]uint32), make(map[Hash]uint32)
	}
	used := make([]bool, x.Len())
	digests := make([][digestSize]byte, x.Len())
	err := x.records(ctx, sectionImages, nil, func(n int, d *decoder) error {
		copy(digests[n][:], d.take(digestSize))
		_, has := b.images[digests[n]]
		used[n] = !has && (skip == nil || !skip(digestText(digests[n][:])))
		return d.err
	})
	if err != nil {
		return err
	}
	images := make([][]int, n) // of chunks
	live := make([]bool, n)
	err = x.records(ctx, sectionChunks, nil, func(c int, d *decoder) error {
		return eachRun(d.take(d.uint()), x.Len(), func(from, count int) {
			for i := from; i < from+count; i++ {
				if used[i] {
					images[c], live[c] = append(images[c], i), true
				}
			}
		})
	})
	if err != nil {
		return err
	}
	err = x.records(ctx, sectionSubjects, nil, func(_ int, d *decoder) error {
		form := string(d.take(d.uint()))
		number, known := uint32(0), false
		return eachRun(d.take(d.uint()), n, func(from, count int) {
			for c := from; c < from+count; c++ {
				if !live[c] {
					continue
				}
				if !known {
					var ok bool
					if number, ok = b.numbers[form]; !ok {
						number = uint32(len(b.forms))
						b.forms = append(b.forms, form)
						b.numbers[form] = number
					}
					known = true
				}
				subjects[c] = append(subjects[c], number)
			}
		})
	})
	if err != nil {
		return err
	}
	chunks := make([][]uint32, x.Len())
	for c := range n {
		if !live[c] {
			continue
		}
		number := b.put(subjects[c])
		for _, i := range images[c] {
			chunks[i] = append(chunks[i], number)
		}
	}
	for i, digest := range digests {
		if used[i] {
			b.add(digest, chunks[i])
		}
	}
	return nil
}
