// SPDX-License-Identifier: Apache-2.0

package goexe_test

import (
	"bytes"
	"debug/buildinfo"
	"encoding/binary"
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/scan/goexe"
)

const (
	framing = "0w\xaf\f\x92t\b\x02A\xe1\xc1\a\xe6\xd6\x18\xe6"
	modules = "path\texample.org/app\nmod\texample.org/app\tv1.2.3\th1:x=\ndep\texample.org/dep\tv0.1.0\th1:y=\n"
	base    = 0x10000 // where the data is in memory
	at      = 0x400   // where the data is in the file
	room    = 0x400   // bytes of it
)

// blob is the build information as Go 1.18 and later write it.
func blob() []byte {
	out := append([]byte("\xff Go buildinf:"), 8, 2)
	out = append(out, make([]byte, 16)...)
	for _, text := range []string{"go1.26.3", framing + modules + framing} {
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	return out
}

// old is the build information as it was before: pointers to texts.
func old(order binary.AppendByteOrder, wide bool) []byte {
	flags, word := byte(0), func(b []byte, n int) []byte { return order.AppendUint32(b, uint32(n)) }
	size := 4
	if wide {
		size, word = 8, func(b []byte, n int) []byte { return order.AppendUint64(b, uint64(n)) }
	}
	if order.String() == "BigEndian" {
		flags = 1
	}
	out := append([]byte("\xff Go buildinf:"), byte(size), flags)
	texts, mod := "go1.17.1", framing+modules+framing
	out = word(word(out, base+64), base+96)
	out = append(out, make([]byte, 64-len(out))...)
	out = word(word(out, base+128), len(texts))
	out = append(out, make([]byte, 96-len(out))...)
	out = word(word(out, base+136), len(mod))
	out = append(out, make([]byte, 128-len(out))...)
	return append(append(out, texts...), mod...)
}

// A maker writes the headers of executables.
type maker struct {
	order binary.AppendByteOrder
	wide  bool
	out   []byte
}

func (m *maker) half(values ...int) {
	for _, v := range values {
		m.out = m.order.AppendUint16(m.out, uint16(v))
	}
}

func (m *maker) quad(values ...int) {
	for _, v := range values {
		m.out = m.order.AppendUint32(m.out, uint32(v))
	}
}

func (m *maker) word(values ...int) {
	for _, v := range values {
		if m.wide {
			m.out = m.order.AppendUint64(m.out, uint64(v))
		} else {
			m.quad(v)
		}
	}
}

func (m *maker) text(s string, size int) {
	m.out = append(m.out, s...)
	m.out = append(m.out, make([]byte, size-len(s))...)
}

// end puts the data where the headers say, behind them.
func (m *maker) end(data []byte) []byte {
	m.text("", at-len(m.out))
	m.text(string(data), room)
	return m.out
}

func elf(order binary.AppendByteOrder, wide, sections bool, data []byte) []byte {
	m := &maker{order: order, wide: wide}
	class, head, segment, section := 1, 52, 32, 40
	if wide {
		class, head, segment, section = 2, 64, 56, 64
	}
	endian := 1
	if order.String() == "BigEndian" {
		endian = 2
	}
	m.text("\x7fELF"+string([]byte{byte(class), byte(endian), 1}), 16)
	n, table := 0, 0
	if sections {
		n, table = 3, head+segment
	}
	m.half(2, 62)
	m.quad(1)
	m.word(0, head, table)
	m.quad(0)
	m.half(head, segment, 1, section, n, max(n-1, 0))
	if wide {
		m.quad(1, 6)
		m.word(at, base, base, room, room, 16)
	} else {
		m.quad(1, at, base, base, room, room, 6, 16)
	}
	if sections {
		for _, s := range [][5]int{{}, {1, 1, base, at, len(data)}, {15, 3, 0, at - 64, 32}} {
			m.quad(s[0], s[1])
			m.word(3, s[2], s[3], s[4])
			m.quad(0, 0)
			m.word(16, 0)
		}
		m.text("", at-64-len(m.out))
		m.text("\x00.go.buildinfo\x00.shstrtab\x00", 64)
	}
	return m.end(data)
}

func pe(wide bool, data []byte) []byte {
	m := &maker{order: binary.LittleEndian, wide: wide}
	m.text("MZ", 60)
	m.quad(64)
	m.text("PE", 4)
	machine, size, magic := 0x14c, 224, 0x10b
	if wide {
		machine, size, magic = 0x8664, 240, 0x20b
	}
	m.half(machine, 1)
	m.quad(0, 0, 0)
	m.half(size, 0x22)
	start := len(m.out)
	m.half(magic)
	m.text("", 22)
	if wide {
		m.word(0x8000)
	} else {
		m.quad(0, 0x8000)
	}
	m.text("", size-4-128-(len(m.out)-start))
	m.quad(16)
	m.text("", 128)
	m.text(".data", 8)
	m.quad(room, base-0x8000, room, at, 0, 0)
	m.half(0, 0)
	m.quad(0xc0000040)
	return m.end(data)
}

func macho(order binary.AppendByteOrder, wide, section bool, data []byte) []byte {
	m := &maker{order: order, wide: wide}
	magic, kind, size, each, n := 0xfeedface, 1, 56, 68, 0
	if wide {
		magic, kind, size, each = 0xfeedfacf, 0x19, 72, 80
	}
	if section {
		n = 1
	}
	m.quad(magic, 7, 3, 2, 1, size+n*each, 0)
	if wide {
		m.quad(0)
	}
	m.quad(kind, size+n*each)
	m.text("__DATA", 16)
	m.word(base, room, at, room)
	m.quad(3, 3, n, 0)
	if section {
		m.text("__go_buildinfo", 16)
		m.text("__DATA", 16)
		m.word(base, len(data))
		m.quad(at, 4, 0, 0, 0, 0, 0)
		if wide {
			m.quad(0)
		}
	}
	return m.end(data)
}

// fat is a universal Mach-O with one architecture.
func fat(inside []byte) []byte {
	m := &maker{order: binary.BigEndian}
	m.quad(0xcafebabe, 1, 7, 3, 64, len(inside), 4)
	m.text("", 64-len(m.out))
	return append(m.out, inside...)
}

// executables are those of every format.
func executables() map[string][]byte {
	le, be := binary.LittleEndian, binary.BigEndian
	return map[string][]byte{
		"elf 64":             elf(le, true, true, blob()),
		"elf 64, no section": elf(le, true, false, blob()),
		"elf 64, big":        elf(be, true, true, blob()),
		"elf 64, old":        elf(le, true, true, old(le, true)),
		"elf 32":             elf(le, false, true, blob()),
		"elf 32, big, old":   elf(be, false, false, old(be, false)),
		"pe 64":              pe(true, blob()),
		"pe 32":              pe(false, blob()),
		"pe 32, old":         pe(false, old(le, false)),
		"macho 64":           macho(le, true, true, blob()),
		"macho 64, segment":  macho(le, true, false, blob()),
		"macho 32, big":      macho(be, false, true, blob()),
		"macho 32, old":      macho(le, false, false, old(le, false)),
		"macho, universal":   fat(macho(le, true, true, blob())),
		"behind other data":  elf(le, true, false, append(make([]byte, 64), blob()...)),
	}
}

func same(a, b *debug.BuildInfo) bool { return a.GoVersion == b.GoVersion && a.String() == b.String() }

func TestReadAgreesWithTheStandardLibrary(t *testing.T) {
	for name, data := range executables() {
		want, err := buildinfo.Read(bytes.NewReader(data))
		if err != nil || !strings.HasPrefix(want.GoVersion, "go1.") || len(want.Deps) != 1 {
			t.Errorf("%s: the standard library reads %v, %v", name, want, err)
			continue
		}
		if got, err := goexe.Read(bytes.NewReader(data)); err != nil || !same(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

// The linker puts the blob at a multiple of 16 bytes, so that a text of the
// program that looks like one is passed by.
func TestReadPassesATextByThatLooksLikeIt(t *testing.T) {
	data := append([]byte("12345678\xff Go buildinf:12345678xx"), blob()...)
	if got, err := goexe.Read(bytes.NewReader(elf(binary.LittleEndian, true, false, data))); err != nil || got.GoVersion != "go1.26.3" {
		t.Error(got, err)
	}
}

// Headers that promise more than the file has cost neither time nor memory.
func TestReadOfASegmentWithoutEnd(t *testing.T) {
	data := elf(binary.LittleEndian, true, false, nil)
	for _, size := range []int{64 + 32, 64 + 40} {
		binary.LittleEndian.PutUint64(data[size:], 1<<62)
	}
	if got, err := goexe.Read(bytes.NewReader(data)); !errors.Is(err, goexe.ErrNone) {
		t.Error(got, err)
	}
}

func TestReadOfThisTest(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := buildinfo.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := goexe.Read(f); err != nil || !same(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// Every prefix of an executable either says what the whole one says, or none.
func TestReadOfPartOfAFile(t *testing.T) {
	for name, data := range executables() {
		want, err := goexe.Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(data); n += 3 {
			if got, err := goexe.Read(bytes.NewReader(data[:n])); err == nil && got.GoVersion != want.GoVersion {
				t.Errorf("%s, %d bytes: %v", name, n, got)
			} else if err != nil && !errors.Is(err, goexe.ErrNone) {
				t.Errorf("%s, %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestReadOfWhatIsNone(t *testing.T) {
	huge := blob()[:32]
	huge = binary.AppendUvarint(huge, 1<<62)
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("#!/bin/sh\necho hello world\n"), "java": []byte("\xca\xfe\xba\xbe\x00\x00\x00\x41" + strings.Repeat("x", 64)),
		"no blob": elf(binary.LittleEndian, true, false, []byte("data")), "a huge text": elf(binary.LittleEndian, true, true, huge),
		"an archive in an archive": fat(fat(macho(binary.LittleEndian, true, true, blob()))),
		"modules of another kind":  macho(binary.LittleEndian, true, true, bytes.Replace(blob(), []byte("\xff Go"), []byte("\xff No"), 1)),
	} {
		if got, err := goexe.Read(bytes.NewReader(data)); !errors.Is(err, goexe.ErrNone) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range executables() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := goexe.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if want, err := buildinfo.Read(bytes.NewReader(data)); err == nil && !same(got, want) {
			t.Errorf("%v; the standard library reads %v", got, want)
		}
	})
}
