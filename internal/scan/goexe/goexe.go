// SPDX-License-Identifier: Apache-2.0

// Package goexe reads what the go command wrote into an executable, as
// debug/buildinfo does. That one brings whole readers of four formats into a
// program, with their debug information and their compression: 0.3 MB, for a
// blob that stands in a section of its own.
//
// Executables are read as ELF, PE and Mach-O, of 32 and 64 bits and of either
// byte order; of a universal Mach-O, the first architecture. Those of AIX and
// of Plan 9 are not known.
package goexe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime/debug"
)

// ErrNone says that a file is no executable that the go command built, or of a
// format that is not known here, or damaged.
var ErrNone = errors.New("no build information of Go")

// maxText is how long, in bytes, the version and the modules may be.
const maxText = 64 << 20

// A span is a run of addresses and where in the file its bytes stand.
type span struct{ addr, size, at uint64 }

// A program is what of an executable is needed to find the blob.
type program struct {
	file  io.ReaderAt
	spans []span
	data  span // where the blob is looked for; at is not used
}

// Read reads the build information of the executable that r holds. It fails
// with ErrNone, or with what debug.ParseBuildInfo says of the modules.
func Read(r io.ReaderAt) (*debug.BuildInfo, error) {
	p, ok := open(r)
	if !ok {
		return nil, ErrNone
	}
	addr, ok := p.find()
	if !ok {
		return nil, ErrNone
	}
	version, modules, ok := p.texts(addr)
	if !ok || version == "" {
		return nil, ErrNone
	}
	info, err := debug.ParseBuildInfo(unframed(modules))
	if err != nil {
		return nil, err
	}
	info.GoVersion = version
	return info, nil
}

// open reads the headers of an executable.
func open(r io.ReaderAt) (*program, bool) {
	head, ok := bytesAt(r, 0, 16)
	if !ok {
		return nil, false
	}
	p := &program{file: r}
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return p, p.elf(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		return p, p.pe()
	case bytes.HasPrefix(head, []byte("\xca\xfe\xba\xbe")):
		first, ok := bytesAt(r, 8+8, 8)
		if !ok || binary.BigEndian.Uint32(head[4:]) == 0 {
			return nil, false
		}
		p.file = io.NewSectionReader(r, int64(binary.BigEndian.Uint32(first)), int64(binary.BigEndian.Uint32(first[4:])))
	}
	return p, p.macho()
}

// bytesAt reads n bytes of the file. No more memory is taken than the file has
// bytes.
func bytesAt(r io.ReaderAt, at, n uint64) ([]byte, bool) {
	if at > math.MaxInt64 || n > maxText || at+n > math.MaxInt64 {
		return nil, false
	}
	out, err := io.ReadAll(io.NewSectionReader(r, int64(at), int64(n)))
	return out, err == nil && uint64(len(out)) == n
}

// place returns where in the file an address stands, and how many bytes of its
// span there are from it on.
func (p *program) place(addr uint64) (at, left uint64, ok bool) {
	for _, s := range p.spans {
		if addr >= s.addr && addr-s.addr < s.size {
			return s.at + (addr - s.addr), s.size - (addr - s.addr), true
		}
	}
	return 0, 0, false
}

// read reads n bytes of the program's memory.
func (p *program) read(addr, n uint64) ([]byte, bool) {
	at, left, ok := p.place(addr)
	if !ok || n > left {
		return nil, false
	}
	return bytesAt(p.file, at, n)
}

// The blob: 14 bytes of magic, the size of a pointer, flags, and two pointers,
// which Go 1.18 and later leave alone.
const (
	magic      = "\xff Go buildinf:"
	align      = 16
	headerSize = 32
	chunk      = 64 << 10 // a multiple of align

	bigEndian = 1 // flags
	inline    = 2
)

// find looks for the blob in the data, and returns its address.
func (p *program) find() (addr uint64, ok bool) {
	if p.data.size > math.MaxUint64-p.data.addr-align {
		return 0, false
	}
	end := p.data.addr + p.data.size
	buf := make([]byte, chunk)
	for addr = (p.data.addr + align - 1) &^ (align - 1); addr < end; addr += chunk {
		at, left, ok := p.place(addr)
		if !ok || at > math.MaxInt64-chunk {
			return 0, false
		}
		want := int(min(chunk, left, end-addr))
		n, _ := p.file.ReadAt(buf[:want], int64(at))
		for i := 0; i+len(magic) <= n; i += align {
			if string(buf[i:i+len(magic)]) == magic {
				return addr + uint64(i), true
			}
		}
		if n < want {
			return 0, false // the file ends before the segment does
		}
	}
	return 0, false
}

// texts reads the version and the modules of the blob at addr.
func (p *program) texts(addr uint64) (version, modules string, ok bool) {
	head, ok := p.read(addr, headerSize)
	if !ok {
		return "", "", false
	}
	size, flags := uint64(head[14]), head[15]
	if flags&inline != 0 {
		version, addr, ok = p.counted(addr + headerSize)
		if ok {
			modules, _, ok = p.counted(addr)
		}
		return version, modules, ok
	}
	var order binary.ByteOrder = binary.LittleEndian
	if flags&bigEndian != 0 {
		order = binary.BigEndian
	}
	if size != 4 && size != 8 {
		return "", "", false
	}
	w := word{order, size == 8}
	version = p.pointed(w, w.at(head, 16))
	modules = p.pointed(w, w.at(head, 16+size))
	return version, modules, true
}

// counted reads a text behind its length, and returns the address behind it.
func (p *program) counted(addr uint64) (text string, next uint64, ok bool) {
	_, left, ok := p.place(addr)
	if !ok {
		return "", 0, false
	}
	head, ok := p.read(addr, min(left, binary.MaxVarintLen64))
	n, width := binary.Uvarint(head)
	if !ok || width <= 0 {
		return "", 0, false
	}
	addr += uint64(width)
	if n == 0 {
		return "", addr, true
	}
	data, ok := p.read(addr, n)
	if !ok {
		return "", 0, false
	}
	return string(data), addr + n, true
}

// pointed reads the text whose header, a pointer and a length, stands at addr.
// Where there is none it is empty.
func (p *program) pointed(w word, addr uint64) string {
	head, ok := p.read(addr, 2*w.size())
	if !ok {
		return ""
	}
	data, ok := p.read(w.at(head, 0), w.at(head, w.size()))
	if !ok {
		return ""
	}
	return string(data)
}

// unframed takes the marks off the modules that the go command puts around
// them, 16 bytes on either side.
func unframed(modules string) string {
	if n := len(modules); n >= 33 && modules[n-17] == '\n' {
		return modules[16 : n-16]
	}
	return ""
}
