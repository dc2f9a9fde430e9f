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
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// An IndexBuilder collects images and writes an index. The zero value is ready to use.
type IndexBuilder struct {
	forms   []string                      // of subjects, by number: the order of arrival
	numbers map[string]uint32             // of subjects, by form
	chunks  [][]uint32                    // sorted subjects of each chunk, by number: the order of arrival
	byHash  map[Hash]uint32               // chunks by the hash of their part
	bySet   map[Hash]uint32               // chunks by the hash of their subjects
	images  map[[digestSize]byte][]uint32 // sorted chunks, by digest
	encoder encoder
}

func (b *IndexBuilder) init() {
	if b.numbers == nil {
		b.numbers, b.images = make(map[string]uint32), make(map[[digestSize]byte][]uint32)
		b.byHash, b.bySet = make(map[Hash]uint32), make(map[Hash]uint32)
	}
}

// addPart adds the chunk of a part, unless the builder has it, and returns its number.
func (b *IndexBuilder) addPart(p *Part) (uint32, error) {
	if n, ok := b.byHash[p.Hash]; ok {
		return n, nil
	}
	subjects, err := p.subjects()
	if err != nil {
		return 0, err
	}
	b.init()
	numbers := make([]uint32, len(subjects))
	for i := range subjects {
		numbers[i] = b.addSubject(b.encoder.encode(&subjects[i]))
	}
	n := b.addChunk(numbers)
	b.byHash[p.Hash] = n
	return n, nil
}

// addSubject adds a subject, unless the builder has it, and returns its number.
func (b *IndexBuilder) addSubject(form []byte) uint32 {
	n, ok := b.numbers[string(form)]
	if !ok {
		n = uint32(len(b.forms))
		b.forms = append(b.forms, string(form))
		b.numbers[b.forms[n]] = n
	}
	return n
}

// addChunk adds a chunk with subjects, unless the builder has it, and returns its number.
func (b *IndexBuilder) addChunk(subjects []uint32) uint32 {
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	h := sha256.New()
	var buf [4]byte
	for _, n := range subjects {
		binary.LittleEndian.PutUint32(buf[:], n)
		h.Write(buf[:])
	}
	hash := Hash(h.Sum(nil))
	n, ok := b.bySet[hash]
	if !ok {
		n = uint32(len(b.chunks))
		b.chunks = append(b.chunks, slices.Clone(subjects))
		b.bySet[hash] = n
	}
	return n
}

// Add adds an image with the chunks among its parts. It replaces an image with the same digest.
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
		n, err := b.addPart(&parts[i])
		if err != nil {
			return err
		}
		list = append(list, n)
	}
	b.add(raw, list)
	return nil
}

func (b *IndexBuilder) add(digest [digestSize]byte, chunks []uint32) {
	b.init()
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

// subjects returns the subjects of the components of a chunk, without its Owners.
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

// noPlace is the place of a chunk that no image has.
const noPlace = ^uint32(0)

// A subjectOrder has the subjects of all images in the order of the file.
type subjectOrder struct {
	keys   [][]matcher.Key // by number
	sorted []uint32        // numbers
	place  []uint32        // index in sorted, by number
}

func (b *IndexBuilder) orderSubjects() (*subjectOrder, error) {
	o := &subjectOrder{keys: make([][]matcher.Key, len(b.forms)), place: make([]uint32, len(b.forms))}
	live := newBitmap(len(b.forms)) // subjects of images
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
	for i := range live.each {
		o.sorted = append(o.sorted, uint32(i))
	}
	first := make([]matcher.Key, len(b.forms))
	for _, i := range o.sorted {
		form := b.forms[i]
		var s matcher.Subject
		if err := decode([]byte(form), &s); err != nil {
			return nil, fmt.Errorf("catalog: subject %d: %w", i, err)
		}
		o.keys[i] = s.Keys()
		first[i] = firstKey(o.keys[i])
	}
	slices.SortFunc(o.sorted, func(x, y uint32) int {
		return cmp.Or(matcher.CompareKeys(first[x], first[y]), strings.Compare(b.forms[x], b.forms[y]))
	})
	for i, n := range o.sorted {
		o.place[n] = uint32(i)
	}
	return o, nil
}

// firstKey returns the first key with a name, or the last one if all lack a name.
func firstKey(keys []matcher.Key) (first matcher.Key) {
	for _, k := range keys {
		if first.Name == "" {
			first = k
		}
	}
	return first
}

// orderImages returns the digests in the order of the file, the place of each chunk in the file, and the set of images of each place.
func (b *IndexBuilder) orderImages(o *subjectOrder) (images [][digestSize]byte, place []uint32, sets [][]uint32) {
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
	place = slices.Repeat([]uint32{noPlace}, len(b.chunks))
	for i, c := range shared {
		place[c] = uint32(i)
	}
	keys := make(map[[digestSize]byte][]uint32, len(b.images))
	for digest, list := range b.images {
		images = append(images, digest)
		var key []uint32
		for _, c := range list {
			if place[c] != noPlace {
				key = append(key, place[c])
			}
		}
		slices.Sort(key)
		keys[digest] = key
	}
	slices.SortFunc(images, func(x, y [digestSize]byte) int {
		return cmp.Or(slices.Compare(keys[x], keys[y]), bytes.Compare(x[:], y[:]))
	})
	imageOf := make([]uint32, len(b.chunks)) // of a chunk that one image has
	for i, digest := range images {
		for _, c := range b.images[digest] {
			imageOf[c] = uint32(i)
		}
	}
	slices.SortFunc(single, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(imageOf[x], imageOf[y]), bytes.Compare(hashes[x][:], hashes[y][:]))
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

func (b *IndexBuilder) writeKeys(out *blockWriter, o *subjectOrder) {
	subjects := make(map[matcher.Key][]uint32)
	for i, n := range o.sorted {
		for _, k := range o.keys[n] {
			subjects[k] = append(subjects[k], uint32(i))
		}
	}
	var before matcher.Key
	for _, k := range slices.SortedFunc(maps.Keys(subjects), matcher.CompareKeys) {
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
		set := appendSet(nil, subjects[k])
		rec = append(binary.AppendUvarint(rec, uint64(len(set))), set...)
		before = k
		out.record(sectionKeys, rec)
	}
	out.end(sectionKeys)
}

func (b *IndexBuilder) writeSubjects(out *blockWriter, o *subjectOrder, place []uint32) {
	sets := make([][]uint32, len(b.forms)) // chunks of each subject
	for i, list := range b.chunks {
		if place[i] == noPlace {
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

// AddIndex adds the images of an index that the builder lacks, except those for which skip returns true. To merge generations, add the newest first:
// the builder then writes the same bytes as one that got the images with Add.
func (b *IndexBuilder) AddIndex(ctx context.Context, x *Index, skip func(digest string) bool) error {
	b.init()
	digests, wanted, err := b.lacking(ctx, x, skip)
	if err != nil {
		return err
	}
	images, err := x.imagesOfChunks(ctx, wanted)
	if err != nil {
		return err
	}
	subjects, err := b.addSubjects(ctx, x, images)
	if err != nil {
		return err
	}
	chunks := make([][]uint32, len(digests)) // of each image
	for c, list := range images {
		if len(list) == 0 {
			continue
		}
		number := b.addChunk(subjects[c])
		for _, i := range list {
			chunks[i] = append(chunks[i], number)
		}
	}
	for i, digest := range digests {
		if wanted[i] {
			b.add(digest, chunks[i])
		}
	}
	return nil
}

// lacking returns the digests of an index, and which of its images to add.
func (b *IndexBuilder) lacking(ctx context.Context, x *Index, skip func(digest string) bool) (digests [][digestSize]byte, wanted []bool, err error) {
	digests, wanted = make([][digestSize]byte, x.Len()), make([]bool, x.Len())
	err = x.records(ctx, sectionImages, func(i int, d *decoder) error {
		copy(digests[i][:], d.take(digestSize))
		_, has := b.images[digests[i]]
		wanted[i] = !has && (skip == nil || !skip(digestText(digests[i][:])))
		return d.err
	})
	return digests, wanted, err
}

// imagesOfChunks returns the wanted images of each chunk.
func (x *Index) imagesOfChunks(ctx context.Context, wanted []bool) ([][]int, error) {
	images := make([][]int, x.root.sections[sectionChunks].records)
	err := x.records(ctx, sectionChunks, func(c int, d *decoder) error {
		return eachRun(d.take(d.uint()), x.Len(), func(from, count int) {
			for i := from; i < from+count; i++ {
				if wanted[i] {
					images[c] = append(images[c], i)
				}
			}
		})
	})
	return images, err
}

// addSubjects adds the subjects of the chunks that have images, and returns their numbers for each chunk.
func (b *IndexBuilder) addSubjects(ctx context.Context, x *Index, images [][]int) ([][]uint32, error) {
	subjects := make([][]uint32, len(images))
	var chunks []int // with images, of one subject
	err := x.records(ctx, sectionSubjects, func(_ int, d *decoder) error {
		form := d.take(d.uint())
		chunks = chunks[:0]
		err := eachRun(d.take(d.uint()), len(images), func(from, count int) {
			for c := from; c < from+count; c++ {
				if len(images[c]) > 0 {
					chunks = append(chunks, c)
				}
			}
		})
		if err != nil || len(chunks) == 0 {
			return err
		}
		number := b.addSubject(form)
		for _, c := range chunks {
			subjects[c] = append(subjects[c], number)
		}
		return nil
	})
	return subjects, err
}
