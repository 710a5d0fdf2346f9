// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// dying is a file system that dies at its nth change: that one is half done,
// and nothing more is.
type dying struct {
	durable.FS
	mu   sync.Mutex
	left int
}

var errDead = errors.New("the disk is dead")

func (d *dying) dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	return d.left < 0
}

func (d *dying) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if d.dead() {
		return nil, errDead
	}
	f, err := d.FS.OpenFile(name, flag, perm)
	return &dyingFile{f, d}, err
}

func (d *dying) Rename(from, to string) error {
	if d.dead() {
		return errDead
	}
	return d.FS.Rename(from, to)
}

func (d *dying) SyncDir(name string) error {
	if d.dead() {
		return errDead
	}
	return d.FS.SyncDir(name)
}

func (d *dying) Remove(name string) error {
	if d.dead() {
		return errDead
	}
	return d.FS.Remove(name)
}

type dyingFile struct {
	durable.File
	d *dying
}

func (f *dyingFile) Write(p []byte) (int, error) {
	if f.d.dead() {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, errDead
	}
	return f.File.Write(p)
}

func (f *dyingFile) Sync() error {
	if f.d.dead() {
		return errDead
	}
	return f.File.Sync()
}

// Wherever the disk dies, what was cosigned before is what the next process
// goes on from, and a fork of it is not cosigned.
func TestDiskDiesAtEveryWrite(t *testing.T) {
	h := newHistory(t, origin, 8)
	fork := h.fork(t, 2)
	for n := 0; ; n++ {
		r := &rig{folder: t.TempDir(), clock: newClock()}
		key := newKey(t)
		disk := &dying{left: n}
		w, err := Open(r.folder, Options{Key: key, Logs: []string{h.vkey}, Now: r.clock.Now, Layer: func(f durable.FS) durable.FS { disk.FS = f; return disk }})
		given := uint64(0)
		if err == nil {
			for _, size := range []uint64{3, 5, 7} {
				if a := w.add(h.request(t, given, size)); a.status == 200 {
					given = size
				} else if a.status != 500 && a.status != 409 {
					t.Errorf("dies at %d: %v", n, a)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		r.reopen(t, h, key)
		if at := r.logs[origin].last.head.Size; at < given {
			t.Errorf("dies at %d: %d were cosigned, and the next process has %d", n, given, at)
		} else if at > 0 {
			for _, old := range []uint64{0, at} {
				if a := r.add(fork.request(t, old, 8)); a.status == 200 {
					t.Errorf("dies at %d: it cosigned a fork", n)
				}
			}
			r.cosigned(t, r.add(h.request(t, at, 8)), h.sizes[8])
		}
		if disk.left >= 0 {
			if given != 7 || n < 15 {
				t.Errorf("alive at %d, with %d cosigned", n, given)
			}
			return
		}
	}
}

// crashFolder is the variable that makes the test binary a witness that is to
// be killed.
const crashFolder = "GATELEDGER_TEST_WITNESS"

func TestMain(m *testing.M) {
	if folder := os.Getenv(crashFolder); folder != "" {
		if err := beKilled(folder, os.Stdout); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const crashLogs = 150

// crashWorld is many logs, each with two checkpoints of one leaf, the same in
// every process.
func crashWorld() (key proof.CosignerKey, keys []string, both [][2]proof.Checkpoint, err error) {
	seed := func(name string) io.Reader {
		sum := sha256.Sum256([]byte(name))
		return bytes.NewReader(sum[:])
	}
	if key, err = proof.NewCosignerKey("witness.example/w1", seed("witness")); err != nil {
		return
	}
	for i := range crashLogs {
		origin := fmt.Sprintf("log.example/%d", i)
		skey, vkey, err := note.GenerateKey(seed(origin), origin)
		if err != nil {
			return key, nil, nil, err
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			return key, nil, nil, err
		}
		var pair [2]proof.Checkpoint
		for j := range pair {
			if pair[j], err = proof.SignCheckpoint(origin, 1, tlog.RecordHash([]byte{byte(j)}), signer); err != nil {
				return key, nil, nil, err
			}
		}
		keys, both = append(keys, vkey), append(both, pair)
	}
	return key, keys, both, nil
}

// beKilled shows a witness both checkpoints of every log, in any order, and
// says which were cosigned.
func beKilled(folder string, out io.Writer) error {
	key, keys, both, err := crashWorld()
	if err != nil {
		return err
	}
	w, err := Open(folder, Options{Key: key, Logs: keys, Now: time.Now})
	if err != nil {
		return err
	}
	for _, i := range rand.Perm(crashLogs) {
		for _, j := range rand.Perm(2) {
			for _, old := range []uint64{0, 1} {
				if a := w.add(Request{Old: old, Checkpoint: both[i][j].Raw}.Bytes()); a.status == 200 {
					fmt.Fprintf(out, "%d %d\n", i, j)
				}
			}
		}
	}
	return w.Close()
}

// A witness that is killed, again and again, cosigns one checkpoint of each
// log.
func TestKilledAtAnyTime(t *testing.T) {
	folder := t.TempDir()
	given := map[string]string{}
	killed := 0
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashFolder+"="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if round < 11 { // the last one ends by itself
			time.AfterFunc(time.Duration(5+rand.IntN(60))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			i, j, ok := strings.Cut(lines.Text(), " ")
			if !ok {
				t.Fatalf("it says %q", lines.Text())
			}
			if before, told := given[i]; told && before != j {
				t.Errorf("log %s: both of its histories are cosigned", i)
			}
			given[i] = j
		}
		if err := cmd.Wait(); err != nil {
			killed++
		}
	}
	if len(given) != crashLogs || killed == 0 {
		t.Errorf("%d logs of %d, killed %d times", len(given), crashLogs, killed)
	}
}
