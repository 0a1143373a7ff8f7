//go:build linux

package hostile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// tree is a folder by the paths of its files. What ends with a slash is a folder.
type tree map[string]func() []byte

func (tr tree) write(path string) error {
	for _, name := range slices.Sorted(maps.Keys(tr)) {
		file := filepath.Join(path, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(file, 0o777); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, tr[name](), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// classes are two class folders of honest pictures, and more.
func classes(more tree) tree {
	honest := func() []byte { return pngFile(honestPNG()) }
	all := tree{"0/a.png": honest, "0/b.png": honest, "1/a.png": honest, "1/b.png": honest}
	maps.Copy(all, more)
	return all
}

// with writes a folder and does something more in it.
func with(tr tree, more func(dir string) error) func(string) error {
	return func(path string) error {
		if err := tr.write(path); err != nil {
			return err
		}
		return more(path)
	}
}

// folders are hostile folders of class folders.
func folders() []input {
	writers := oddFiles()
	maps.Copy(writers, oddFolders())
	for name, evil := range evilNames() {
		evil = strings.NewReplacer("/", "_", "\x00", "_").Replace(evil)
		if evil = evil[:min(len(evil), 200)]; evil == "" {
			continue
		}
		text := func() []byte { return []byte("no picture") }
		writers["name of a class "+name] = classes(tree{evil + "/a.png": pngOf(1), evil + "/b.png": pngOf(2)}).write
		writers["name of a picture "+name] = classes(tree{"0/" + evil + ".png": text}).write
		writers["name of a file "+name] = classes(tree{"0/" + evil: text}).write
	}
	var list []input
	for _, name := range slices.Sorted(maps.Keys(writers)) {
		list = append(list, input{"folder " + name, writers[name], readsClasses})
	}
	return list
}

// oddFiles are folders of classes with what is no file, or no picture.
func oddFiles() map[string]func(string) error {
	link := func(to, at string) func(string) error {
		return with(classes(nil), func(dir string) error { return os.Symlink(to, filepath.Join(dir, at)) })
	}
	fifo := func(at string) func(string) error {
		return with(classes(nil), func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, at), 0o666) })
	}
	return map[string]func(string) error{
		"FIFO of a picture":    fifo("0/c.png"),
		"FIFO of no picture":   fifo("0/c"),
		"FIFO of a class":      fifo("2"),
		"link to zeros":        link("/dev/zero", "0/c.png"),
		"link to random":       link("/dev/urandom", "0/c"),
		"link to the terminal": link("/dev/tty", "0/c.png"),
		"link to itself":       link("c.png", "0/c.png"),
		"link to the folder":   link("..", "0/again"),
		"link of a class":      link(".", "2"),
		"link to memory":       link("/proc/self/mem", "0/c.png"),
		"link to processes":    link("/proc", "2"),
		"link to nothing":      link("nowhere", "0/c.png"),
		"socket": with(classes(nil), func(dir string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: shorten(filepath.Join(dir, "0/c.png")), Net: "unix"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			return l.Close()
		}),
		"unreadable":       with(classes(nil), func(dir string) error { return os.Chmod(filepath.Join(dir, "0", "b.png"), 0) }),
		"unreadable class": with(classes(nil), func(dir string) error { return os.Chmod(filepath.Join(dir, "0"), 0) }),
		"large text":       classes(tree{"0/notes.txt": func() []byte { return make([]byte, 900_000) }}).write,
		"archive":          classes(tree{"0/a.zip": func() []byte { return []byte("PK\x03\x04") }}).write,
	}
}

// oddFolders are folders with no, many, deep or equal classes.
func oddFolders() map[string]func(string) error {
	empty := func() []byte { return nil }
	crowd, hollow := tree{}, tree{}
	for i := range 20_000 {
		crowd[fmt.Sprintf("%d/%d.png", i%2, i)] = empty
	}
	for i := range 10_000 {
		hollow[fmt.Sprintf("class%d/", i)] = nil
	}
	return map[string]func(string) error{
		"nothing":       tree{"/": nil}.write,
		"empty classes": hollow.write,
		"20000 files":   crowd.write,
		"deep":          classes(tree{"2/" + strings.Repeat("d/", 1000): nil}).write,
		"equal images":  classes(nil).write,
		"same images": tree{
			"train/0/a.png": pngOf(1), "train/1/b.png": pngOf(2), "test/0/a.png": pngOf(1), "test/1/b.png": pngOf(2),
			"val/0/a.png": pngOf(1), "val/1/b.png": pngOf(2),
		}.write,
	}
}

// shorten returns a path that a socket's address has room for: it is relative if the
// whole is too long.
func shorten(path string) string {
	if here, err := os.Getwd(); err == nil && len(path) > 100 {
		if short, err := filepath.Rel(here, path); err == nil {
			return short
		}
	}
	return path
}

// pngOf returns a maker of honest pictures that differ by a number.
func pngOf(n byte) func() []byte {
	return func() []byte {
		p := honestPNG()
		p.raw[10*int(n)] = 100 * n
		return pngFile(p)
	}
}

// idx returns an IDX file of a header that may lie.
func idx(typ byte, dims []uint32, data int) []byte {
	b := []byte{0, 0, typ, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, make([]byte, data)...)
}

// gzipped compresses a text and so many megabytes of zeros after it.
func gzipped(text []byte, megabytes int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text)
	zeros := make([]byte, 1e6)
	for range megabytes {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	return b.Bytes()
}

// sets are hostile data sets in the published formats, in a folder of data sets.
func sets() []input {
	type parts struct{ images, labels []byte }
	makers := map[string]func() parts{
		"many images": func() parts { return parts{idx(8, []uint32{60000, 28, 28}, 784), idx(8, []uint32{60000}, 10)} },
		"gigantic": func() parts {
			return parts{idx(8, []uint32{1 << 31, 1 << 31, 1 << 31}, 784), idx(8, []uint32{1 << 31}, 10)}
		},
		"overflow": func() parts {
			return parts{idx(8, []uint32{1<<32 - 1, 1<<32 - 1, 1<<32 - 1}, 100), idx(8, []uint32{1<<32 - 1}, 10)}
		},
		"no size":        func() parts { return parts{idx(8, []uint32{100_000_000, 0, 0}, 0), idx(8, []uint32{100_000_000}, 0)} },
		"255 dimensions": func() parts { return parts{idx(8, make([]uint32, 255), 10), idx(8, []uint32{0}, 0)} },
		"floats":         func() parts { return parts{idx(13, []uint32{2, 8, 8}, 512), idx(13, []uint32{2}, 8)} },
		"none":           func() parts { return parts{idx(8, []uint32{0, 8, 8}, 0), idx(8, []uint32{0}, 0)} },
		"few labels":     func() parts { return parts{idx(8, []uint32{20, 8, 8}, 1280), idx(8, []uint32{10}, 10)} },
		"tiny images": func() parts {
			return parts{idx(8, []uint32{300_000, 1, 1}, 300_000), idx(8, []uint32{300_000}, 300_000)}
		},
		"one image": func() parts { return parts{idx(8, []uint32{1, 900, 900}, 810_000), idx(8, []uint32{1}, 1)} },
		"a column":  func() parts { return parts{idx(8, []uint32{2, 100_000, 1}, 200_000), idx(8, []uint32{2}, 2)} },
		"empty":     func() parts { return parts{nil, nil} },
		"bomb":      func() parts { return parts{gzipped(nil, 400), gzipped(nil, 50)} },
		"bomb of black images": func() parts {
			return parts{gzipped(idx(8, []uint32{400, 1000, 1000}, 0), 400), idx(8, []uint32{400}, 400)}
		},
		"bomb of small images": func() parts {
			return parts{gzipped(idx(8, []uint32{6_000_000, 8, 8}, 0), 384), gzipped(idx(8, []uint32{6_000_000}, 0), 6)}
		},
		"bomb of dots": func() parts {
			dots := gzipped(idx(8, []uint32{200_000_000, 1, 1}, 0), 200)
			return parts{dots, gzipped(idx(8, []uint32{200_000_000}, 0), 200)}
		},
		"bomb in a bomb": func() parts {
			inner := gzipped(nil, 400)
			return parts{gzipped(inner, 0), gzipped(inner, 0)}
		},
		"cut gzip": func() parts { return parts{gzipped(idx(8, []uint32{10, 8, 8}, 640), 0)[:40], idx(8, []uint32{10}, 10)} },
	}
	reads := []string{
		"eval {run} --data mnist --data-dir {in} --json --quiet",
		"eval {run} --data mnist --data-dir {in} --size 8x8",
		"eval {run} --data {in}/mnist --json --quiet",
		"train --data mnist --data-dir {in} --epochs 1 --out {out} --json --quiet",
		"train --data {in}/mnist --size 8x8 --epochs 1 --out {out} --quiet",
		"data --data-dir {in}",
		"data --data-dir {in} --json",
	}
	var list []input
	for _, name := range slices.Sorted(maps.Keys(makers)) {
		list = append(list, input{"IDX " + name, func(path string) error {
			p := makers[name]()
			tr := tree{}
			for _, split := range []string{"train", "t10k"} {
				tr["mnist/"+split+"-images-idx3-ubyte"+zipped(p.images)] = func() []byte { return p.images }
				tr["mnist/"+split+"-labels-idx1-ubyte"+zipped(p.labels)] = func() []byte { return p.labels }
			}
			return tr.write(path)
		}, reads})
	}
	return append(list, photographs()...)
}

// zipped is how the name of a file ends by its content.
func zipped(data []byte) string {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return ".gz"
	}
	return ""
}

// photographs are hostile files of CIFAR-10.
func photographs() []input {
	var list []input
	for name, data := range map[string]func() []byte{
		"cut": func() []byte { return make([]byte, 3073*10-5) }, "empty": func() []byte { return nil },
		"labels": func() []byte { return bytes.Repeat([]byte{255}, 3073*10) }, "few": func() []byte { return make([]byte, 3073*10) },
		"bomb": func() []byte { return gzipped(nil, 150) },
	} {
		list = append(list, input{"CIFAR-10 " + name, func(path string) error {
			tr := tree{}
			for i := range 5 {
				tr[fmt.Sprintf("cifar-10-batches-bin/data_batch_%d.bin", i+1)] = data
			}
			tr["cifar-10-batches-bin/test_batch.bin"] = data
			tr["cifar-10-batches-bin/batches.meta.txt"] = func() []byte { return []byte(strings.Repeat("\x1b[31mx\n", 100_000)) }
			return tr.write(path)
		}, []string{
			"eval cifar-10 --data cifar-10 --data-dir {in} --json --quiet",
			"train --data cifar-10 --data-dir {in} --epochs 1 --out {out} --quiet",
			"train --data {in}/cifar-10-batches-bin --size 32x32 --epochs 1 --out {out} --quiet",
			"eval cifar-10 --data {in}/cifar-10-batches-bin",
			"data --data-dir {in}",
		}})
	}
	return list
}
