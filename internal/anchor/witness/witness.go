// SPDX-License-Identifier: Apache-2.0

// Package witness is both ends of C2SP tlog-witness: a Witness that cosigns
// what logs show it, and the anchor that has our ledger's checkpoint cosigned by
// one.
//
// A witness promises one thing: of each log it cosigns one history. What it
// cosigned last stands on disk, durable, before a cosignature leaves it; one
// process at a time has that state; and a state that it can't read, or that is
// not its own, is an error and never an empty one.
package witness

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// MaxLogs is how many logs a witness takes.
const MaxLogs = 4096

// maxBackwards is how far the clock may go back without a cosignature being
// refused; the time in it then stays where it was.
const maxBackwards = time.Minute

// Options say whose witness it is.
type Options struct {
	Key   proof.CosignerKey
	Logs  []string // verifier keys, whose names are the logs' origins; several of one log are its keys
	Begun bool     // the key has cosigned before: its state must be there
	Rate  int      // new checkpoints of one log a second; 0: no limit
	Now   func() time.Time
	Log   func(level, message string, attributes ...string) // of what happens; nil: nobody
	Layer func(durable.FS) durable.FS                       // put before the state's file system, for tests
}

// A Witness cosigns the checkpoints of the logs it knows.
type Witness struct {
	options Options
	store   *store
	logs    map[string]*log // by origin
	byHash  map[string]*log

	mu     sync.Mutex
	counts map[int]uint64 // answers, by status
}

// A log is one that is witnessed.
type log struct {
	origin string
	keys   []note.Verifier

	mu     sync.Mutex // of one checkpoint at a time, to the end
	last   seen
	forks  map[string]bool // files of evidence
	caught bool            // in this process
	bucket bucket
}

// Open takes up the state in a folder, which is made where there is none. It
// fails with ErrBusy where another process has it, with ErrState where it is not
// what this key's witness left, and with ErrLost where it should be there.
func Open(folder string, o Options) (*Witness, error) {
	w, err := open(folder, o)
	if err != nil {
		return nil, fmt.Errorf("open the witness's state %s: %w", folder, err)
	}
	return w, nil
}

func open(folder string, o Options) (_ *Witness, err error) {
	if o.Log == nil {
		o.Log = func(string, string, ...string) {}
	}
	w := &Witness{options: o, logs: map[string]*log{}, byHash: map[string]*log{}, counts: map[int]uint64{}}
	if err := w.know(o.Logs); err != nil {
		return nil, err
	}
	if w.store, err = openStore(folder, o.Key.Cosigner, o.Begun, o.Layer); err != nil {
		return nil, err
	}
	if w.store.new {
		o.Log("warn", "a new state: this key has cosigned nothing here; a key that has cosigned elsewhere must not begin anew", "state", folder)
	}
	for _, l := range w.logs {
		if err := w.recall(l); err != nil {
			return nil, errors.Join(err, w.store.close())
		}
	}
	return w, nil
}

// know reads the logs' keys.
func (w *Witness) know(keys []string) error {
	if len(keys) == 0 || len(keys) > MaxLogs {
		return fmt.Errorf("%d keys of logs; 1 to %d can be witnessed", len(keys), MaxLogs)
	}
	for _, vkey := range keys {
		v, err := LogKey(vkey)
		if err != nil {
			return err
		}
		l := w.logs[v.Name()]
		if l == nil {
			l = &log{origin: v.Name(), forks: map[string]bool{}, bucket: bucket{rate: w.options.Rate}}
			w.logs[l.origin], w.byHash[OriginHash(l.origin)] = l, l
		}
		if slices.ContainsFunc(l.keys, func(k note.Verifier) bool { return k.KeyHash() == v.KeyHash() }) {
			return fmt.Errorf("the key %.200q of a log is given twice", vkey)
		}
		l.keys = append(l.keys, v)
	}
	return nil
}

// LogKey reads the verifier key of a log: Ed25519, plain (type 1) or as it signs
// cosignatures (type 4). Its name is the log's origin.
func LogKey(vkey string) (note.Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err == nil {
		return v, nil
	}
	if c, err := proof.ParseCosigner(vkey); err == nil {
		return c, nil
	}
	return nil, fmt.Errorf("key %.200q of a log: %w", vkey, err)
}

// recall reads what was cosigned of a log.
func (w *Witness) recall(l *log) (err error) {
	if l.last, err = w.store.load(l.origin); err != nil {
		return err
	}
	names, err := w.store.forks(l.origin)
	for _, name := range names {
		l.forks[name] = true
	}
	if len(names) > 0 {
		w.options.Log("warn", "there is evidence of a fork", "origin", l.origin, "evidence", strings.Join(names, " "))
	}
	return err
}

// Close gives the state free.
func (w *Witness) Close() error { return w.store.close() }

// Forked lists the logs that were caught with two histories since Open.
func (w *Witness) Forked() []string {
	var origins []string
	for _, l := range w.logs {
		l.mu.Lock()
		if l.caught {
			origins = append(origins, l.origin)
		}
		l.mu.Unlock()
	}
	slices.Sort(origins)
	return origins
}

// An answer is what add-checkpoint says.
type answer struct {
	status int
	kind   string // content type
	body   string
}

const (
	plainText = "text/plain; charset=utf-8"
	sizeText  = "text/x.tlog.size" // of a 409
)

func say(status int, format string, args ...any) answer {
	return answer{status, plainText, fmt.Sprintf(format, args...) + "\n"}
}

// add is add-checkpoint.
func (w *Witness) add(body []byte) answer {
	a := w.judge(body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[a.status]++
	return a
}

// judge checks whatever needs no state.
func (w *Witness) judge(body []byte) answer {
	r, err := ParseRequest(body)
	if err != nil {
		return say(400, "%s", err)
	}
	origin, _, _ := strings.Cut(string(r.Checkpoint), "\n")
	l := w.logs[origin]
	if l == nil {
		return say(404, "unknown log")
	}
	n, err := note.Open(r.Checkpoint, note.VerifierList(l.keys...))
	unverified, invalid := (*note.UnverifiedNoteError)(nil), (*note.InvalidSignatureError)(nil)
	switch {
	case errors.As(err, &unverified):
		return say(403, "not signed by a known key of the log")
	case errors.As(err, &invalid):
		return say(403, "the signature of a known key of the log does not verify")
	case err != nil:
		return say(400, "the checkpoint is no signed note")
	}
	head, err := proof.ParseText(n.Text)
	if err != nil {
		return say(400, "%s", err)
	}
	if r.Old > head.Size {
		return say(400, "the old size %d is over the checkpoint's, %d", r.Old, head.Size)
	}
	head.Raw = signedBy(n)
	return w.follow(l, r, n.Text, head)
}

// signedBy is a note with the signatures that were verified, and no others.
func signedBy(n *note.Note) []byte {
	var b strings.Builder
	b.WriteString(n.Text + "\n")
	for _, s := range n.Sigs {
		fmt.Fprintf(&b, "— %s %s\n", s.Name, s.Base64)
	}
	return []byte(b.String())
}

// follow cosigns head, which its log signed, if it follows from what was
// cosigned last. Nothing else happens to that log meanwhile.
func (w *Witness) follow(l *log, r Request, text string, head proof.Checkpoint) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.last.head
	forked := l.last.line != "" && last.Size == head.Size && last.Root != head.Root
	if forked {
		w.catch(l, head)
	}
	switch {
	case r.Old != last.Size:
		return answer{409, sizeText, strconv.FormatUint(last.Size, 10) + "\n"}
	case head.Size == 0 && head.Root != proof.EmptyRoot():
		return say(422, "the root of the empty tree is another")
	case forked:
		return say(422, "the log has shown another tree of %d leaves", head.Size)
	}
	if err := proof.Consistency(r.Proof, proof.Checkpoint{Origin: last.Origin, Size: last.Size, Root: last.Root}, head); err != nil {
		w.options.Log("warn", "a checkpoint does not follow", "origin", l.origin, "old", fmt.Sprint(last.Size), "size", fmt.Sprint(head.Size))
		return say(422, "the checkpoint does not follow by this proof from the one of %d leaves", last.Size)
	}
	return w.cosign(l, text, head)
}

// cosign cosigns head, and gives the cosignature out once it is durable that it
// did. Within one second the answer is the same, and costs no write.
func (w *Witness) cosign(l *log, text string, head proof.Checkpoint) answer {
	now := w.options.Now().UTC().Truncate(time.Second)
	if back := l.last.at.Sub(now); back > maxBackwards {
		w.options.Log("error", "the clock went backwards", "origin", l.origin, "by", back.String())
		return say(503, "the witness's clock is wrong")
	} else if back > 0 {
		now = l.last.at
	}
	if l.last.text == text && l.last.at.Equal(now) {
		return answer{200, plainText, l.last.line + "\n"}
	}
	if head.Size != l.last.head.Size && !l.bucket.take(w.options.Now()) {
		return say(429, "too many checkpoints of this log; at most %d a second", w.options.Rate)
	}
	line, err := w.options.Key.Cosign([]byte(text), now)
	if err == nil {
		head.Raw = append(head.Raw, line+"\n"...)
		next := seen{head: head, at: now, line: line, text: text}
		if err = w.store.save(next); err == nil {
			l.last = next
			return answer{200, plainText, line + "\n"}
		}
	}
	w.options.Log("error", "could not cosign", "origin", l.origin, "error", err.Error())
	return say(500, "the witness could not keep its state")
}

// catch keeps the evidence that a log has two trees of one size.
func (w *Witness) catch(l *log, shown proof.Checkpoint) {
	l.caught = true
	name, err := w.store.keep(l.last.head, shown, w.options.Now())
	if err != nil {
		w.options.Log("error", "FORK: the log has shown two trees of one size, and the evidence could not be kept", "origin", l.origin, "size", fmt.Sprint(shown.Size), "held", l.last.head.Root.String(), "shown", shown.Root.String(), "error", err.Error())
		return
	}
	if l.forks[name] || name == "" {
		return
	}
	l.forks[name] = true
	w.options.Log("error", "FORK: the log has shown two trees of one size", "origin", l.origin, "size", fmt.Sprint(shown.Size), "held", l.last.head.Root.String(), "shown", shown.Root.String(), "evidence", name)
}

// A bucket lets so many through a second, and as many at once after a rest.
type bucket struct {
	rate int
	left float64
	at   time.Time
}

func (b *bucket) take(now time.Time) bool {
	if b.rate <= 0 {
		return true
	}
	full := float64(b.rate)
	if b.at.IsZero() {
		b.left = full
	} else if d := now.Sub(b.at); d > 0 {
		b.left = min(full, b.left+d.Seconds()*full)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
