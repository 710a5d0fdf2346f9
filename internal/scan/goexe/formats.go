// SPDX-License-Identifier: Apache-2.0

package goexe

import (
	"bytes"
	"encoding/binary"
)

// A word reads an executable's addresses.
type word struct {
	order binary.ByteOrder
	wide  bool // 64 bits, not 32
}

// size is how many bytes an address has.
func (w word) size() uint64 {
	if w.wide {
		return 8
	}
	return 4
}

// at reads the address at an offset of b.
func (w word) at(b []byte, offset uint64) uint64 {
	if w.wide {
		return w.order.Uint64(b[offset:])
	}
	return uint64(w.order.Uint32(b[offset:]))
}

// pick returns the one or the other offset, as addresses are narrow or wide.
func (w word) pick(narrow, wide uint64) uint64 {
	if w.wide {
		return wide
	}
	return narrow
}

// maxTable is how many entries the tables of an executable may have.
const maxTable = 1<<16 - 1

// table reads n entries of a size, one after the other.
func (p *program) table(at, n, size uint64) (entries [][]byte, ok bool) {
	if n > maxTable {
		return nil, false
	}
	all, ok := bytesAt(p.file, at, n*size)
	if !ok {
		return nil, false
	}
	for ; len(all) > 0; all = all[size:] {
		entries = append(entries, all[:size])
	}
	return entries, true
}

// elf reads the headers of an ELF file (System V ABI, chapters 4 and 5). The
// blob has a section of its own, or stands in the first segment of data.
func (p *program) elf(ident []byte) bool {
	w := word{binary.LittleEndian, ident[4] == 2}
	if ident[5] == 2 {
		w.order = binary.BigEndian
	}
	head, ok := bytesAt(p.file, 0, w.pick(52, 64))
	if !ok {
		return false
	}
	half := func(at uint64) uint64 { return uint64(w.order.Uint16(head[at:])) }
	segments, ok := p.table(w.at(head, w.pick(28, 32)), half(w.pick(44, 56)), w.pick(32, 56))
	if !ok || half(w.pick(42, 54)) != w.pick(32, 56) {
		return false
	}
	const load, executable, writable = 1, 1, 2
	for _, s := range segments {
		addr, size := w.at(s, w.pick(8, 16)), w.at(s, w.pick(16, 32))
		p.spans = append(p.spans, span{addr, size, w.at(s, w.pick(4, 8))})
		flags := w.order.Uint32(s[w.pick(24, 4):])
		if w.order.Uint32(s) == load && flags&(executable|writable) == writable && p.data.size == 0 {
			p.data = span{addr: addr, size: w.at(s, w.pick(20, 40))}
		}
	}
	p.elfSection(w, head)
	return true
}

// elfSection looks for the blob's own section. A file without sections has
// none.
func (p *program) elfSection(w word, head []byte) {
	half := func(at uint64) uint64 { return uint64(w.order.Uint16(head[at:])) }
	sections, ok := p.table(w.at(head, w.pick(32, 40)), half(w.pick(48, 60)), w.pick(40, 64))
	names := half(w.pick(50, 62))
	if !ok || half(w.pick(46, 58)) != w.pick(40, 64) || names >= uint64(len(sections)) {
		return
	}
	const name = ".go.buildinfo\x00"
	base := w.at(sections[names], w.pick(16, 24))
	for _, s := range sections {
		text, ok := bytesAt(p.file, base+uint64(w.order.Uint32(s)), uint64(len(name)))
		if ok && string(text) == name {
			p.data = span{addr: w.at(s, w.pick(12, 16)), size: w.at(s, w.pick(20, 32))}
			return
		}
	}
}

// pe reads the headers of a PE file (Microsoft's PE format). The blob stands in
// the first section of data that may be written.
func (p *program) pe() bool {
	le := binary.LittleEndian
	dos, ok := bytesAt(p.file, 0, 64)
	if !ok {
		return false
	}
	at := uint64(le.Uint32(dos[60:]))
	head, ok := bytesAt(p.file, at, 24)
	if !ok || string(head[:4]) != "PE\x00\x00" {
		return false
	}
	length := uint64(le.Uint16(head[20:]))
	optional, ok := bytesAt(p.file, at+24, length)
	if !ok || length < 32 {
		return false
	}
	var base uint64
	switch le.Uint16(optional) {
	case 0x10b:
		base = uint64(le.Uint32(optional[28:]))
	case 0x20b:
		base = le.Uint64(optional[24:])
	default:
		return false
	}
	sections, ok := p.table(at+24+length, uint64(le.Uint16(head[6:])), 40)
	const align32, dataReadWrite = 0x600000, 0x40 | 0x40000000 | 0x80000000
	for _, s := range sections {
		addr, size := uint64(le.Uint32(s[12:])), uint64(le.Uint32(s[16:]))
		p.spans = append(p.spans, span{base + addr, size, uint64(le.Uint32(s[20:]))})
		if addr != 0 && size != 0 && le.Uint32(s[36:])&^align32 == dataReadWrite && p.data.size == 0 {
			p.data = span{addr: base + addr, size: uint64(le.Uint32(s[8:]))}
		}
	}
	return ok
}

// macho reads the load commands of a Mach-O file (Apple's mach-o/loader.h). The
// blob has a section of its own, or stands in the first segment of data.
func (p *program) macho() bool {
	head, ok := bytesAt(p.file, 0, 28)
	if !ok {
		return false
	}
	w := word{order: binary.LittleEndian}
	if head[0] == 0xfe {
		w.order = binary.BigEndian
	}
	if m := w.order.Uint32(head); m&^1 != 0xfeedface {
		return false
	} else if m&1 != 0 {
		w.wide = true
	}
	commands, ok := bytesAt(p.file, w.pick(28, 32), uint64(w.order.Uint32(head[20:])))
	if !ok {
		return false
	}
	own := false
	for range w.order.Uint32(head[16:]) {
		if len(commands) < 8 {
			return false
		}
		kind, size := w.order.Uint32(commands), uint64(w.order.Uint32(commands[4:]))
		if size < 8 || size > uint64(len(commands)) {
			return false
		}
		if kind == uint32(w.pick(0x1, 0x19)) {
			own = p.machoSegment(w, commands[:size], own) || own
		}
		commands = commands[size:]
	}
	return true
}

// machoSegment takes a segment, and tells whether it has the blob's own
// section. Where one was seen no other is looked at.
func (p *program) machoSegment(w word, c []byte, seen bool) (own bool) {
	size := w.pick(56, 72)
	if uint64(len(c)) < size {
		return false
	}
	s := span{w.at(c, 24), w.at(c, w.pick(36, 48)), w.at(c, w.pick(32, 40))}
	if !bytes.HasPrefix(c[8:24], []byte("__PAGEZERO\x00")) {
		p.spans = append(p.spans, s)
	}
	if seen {
		return false
	}
	rest, each := c[size:], w.pick(68, 80)
	for n := w.order.Uint32(c[w.pick(48, 64):]); n > 0 && uint64(len(rest)) >= each; n-- {
		if bytes.HasPrefix(rest, []byte("__go_buildinfo\x00")) {
			p.data = span{addr: w.at(rest, 32), size: w.at(rest, 32+w.size())}
			return true
		}
		rest = rest[each:]
	}
	const readWrite = 3
	most, first := w.order.Uint32(c[w.pick(40, 56):]), w.order.Uint32(c[w.pick(44, 60):])
	if s.addr != 0 && s.size != 0 && most == readWrite && first == readWrite && p.data.size == 0 {
		p.data = span{addr: s.addr, size: w.at(c, w.pick(28, 32))}
	}
	return false
}
