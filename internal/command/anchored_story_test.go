// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gateledger/gateledger/internal/anchored"
)

// An authority is the timestamp authority of a story, whose clock is the file
// clock, or the real one.
type authority struct {
	key   *ecdsa.PrivateKey
	cert  *x509.Certificate
	root  *x509.Certificate
	clock string
}

// witnesses are the processes of each story, by folder and name.
var witnesses sync.Map

// playAnchors plays those who are stronger than the ledger:
//
//	anchors tsa           a timestamp authority; sets $TSA, writes trusted_root.json and sets $ROOT to its digest
//	anchors witness NAME  makes a key, and runs gateledger witness serve; sets $NAME to its key and $NAME_URL
//	anchors down NAME     ends that process
//	anchors up NAME [KEY] runs it again, with the state it left; for the log with that key alone
//	anchors hearsay NAME  keeps a receipt of a contract that nobody asked, for the newest checkpoint that has a receipt
//	anchors policy FILE   puts what FILE holds into the policy: lines for ledger:, "--", lines above signers:, "--", lines for production:
func playAnchors(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: anchors tsa|witness NAME|down NAME|up NAME|policy FILE")
	}
	switch what := args[0]; {
	case what == "tsa":
		startTSA(ts)
	case what == "witness" && len(args) == 2:
		makeWitness(ts, args[1])
	case what == "up" && len(args) <= 3:
		runWitness(ts, args[1], args[2:]...)
	case what == "down" && len(args) == 2:
		endWitness(ts, args[1])
	case what == "hearsay" && len(args) == 2:
		keepHearsay(ts, args[1])
	case what == "policy" && len(args) == 2:
		writeAnchors(ts, args[1])
	default:
		ts.Fatalf("anchors does not know %v", args)
	}
}

// clock sets what time it is for the story's programs and its timestamp
// authority: so much later than it really is, or "real".
func clock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: clock real|DURATION")
	}
	at := ""
	if args[0] != "real" {
		d, err := time.ParseDuration(args[0])
		ts.Check(err)
		at = time.Now().UTC().Add(d).Format(time.RFC3339)
	}
	ts.Setenv(testNow, at)
	ts.Check(os.WriteFile(ts.MkAbs("clock"), []byte(at), 0o600))
}

func startTSA(ts *testscript.TestScript) {
	a := &authority{clock: ts.MkAbs("clock")}
	ts.Check(a.certify())
	server := httptest.NewServer(a)
	ts.Defer(server.Close)
	raw := func(c *x509.Certificate) map[string]any { return map[string]any{"rawBytes": c.Raw} }
	root, err := json.Marshal(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"timestampAuthorities": []any{map[string]any{
			"uri": server.URL, "validFor": map[string]any{"start": a.root.NotBefore.Format(time.RFC3339)},
			"certChain": map[string]any{"certificates": []any{raw(a.cert), raw(a.root)}},
		}},
	})
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(".gateledger"), 0o755))
	for _, name := range []string{"trusted_root.json", ".gateledger/trusted_root.json"} {
		ts.Check(os.WriteFile(ts.MkAbs(name), root, 0o644))
	}
	sum := sha256.Sum256(root)
	ts.Setenv("ROOT", "sha256:"+hex.EncodeToString(sum[:]))
	ts.Setenv("TSA", server.URL+"/api/v1/timestamp")
}

func (a *authority) certify() error {
	var err error
	now := time.Now()
	issue := func(c, parent *x509.Certificate, key *ecdsa.PublicKey, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, key, by)
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
	top, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tsa root"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if a.root, err = issue(ca, ca, &top.PublicKey, top); err != nil {
		return err
	}
	usage, err := encasn1.Marshal([]encasn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return err
	}
	a.cert, err = issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: encasn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, a.root, &a.key.PublicKey, top)
	return err
}

// ServeHTTP answers RFC 3161 requests.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return
	}
	asked, err := timestamp.ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	at := time.Now()
	if set, err := os.ReadFile(a.clock); err == nil && len(set) > 0 {
		if at, err = time.Parse(time.RFC3339, string(set)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	answer, err := (&timestamp.Timestamp{
		HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage, Nonce: asked.Nonce, Time: at, Accuracy: time.Second,
		Policy: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: asked.Certificates,
	}).CreateResponseWithOpts(a.cert, a.key, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}

// makeWitness makes the key of a witness and runs it, for the log of the
// story's policy.
func makeWitness(ts *testscript.TestScript, name string) {
	ts.Check(ts.Exec("gateledger", "witness", "keygen", name+".example/w", "-o", name+".key"))
	ts.Setenv(name, strings.TrimSpace(ts.ReadFile("stdout")))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	address := free.Addr().String()
	ts.Check(free.Close())
	ts.Check(os.WriteFile(ts.MkAbs(name+".address"), []byte(address), 0o600))
	ts.Setenv(name+"_URL", "http://"+address+"/")
	runWitness(ts, name)
}

func runWitness(ts *testscript.TestScript, name string, log ...string) {
	program, err := exec.LookPath(ts.MkAbs("installed/gateledger"))
	ts.Check(err)
	key := regexp.MustCompile(`keys: \["([^"]+)"`).FindStringSubmatch(ts.ReadFile(".gateledger.yml"))
	if key == nil {
		ts.Fatalf("the policy has no log key")
	}
	if len(log) > 0 {
		key[1] = log[0]
	}
	serve := exec.Command(program, "witness", "serve", "--key", name+".key", "--state", name+".state", "--log", key[1], "--listen", ts.ReadFile(name+".address"))
	serve.Dir = ts.MkAbs(".")
	for _, v := range []string{"HOME", "XDG_CONFIG_HOME", "PATH"} {
		serve.Env = append(serve.Env, v+"="+ts.Getenv(v))
	}
	said, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	serve.Stderr = said
	ts.Check(serve.Start())
	witnesses.Store(filepath.Join(ts.MkAbs("."), name), serve)
	ts.Defer(func() { stopWitness(filepath.Join(ts.MkAbs("."), name)) })
	for range 500 {
		if strings.Contains(ts.ReadFile(name+".log"), "ready") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("the witness %s did not begin:\n%s", name, ts.ReadFile(name+".log"))
}

func endWitness(ts *testscript.TestScript, name string) {
	stopWitness(filepath.Join(ts.MkAbs("."), name))
}

func stopWitness(at string) {
	if serve, ok := witnesses.LoadAndDelete(at); ok {
		process := serve.(*exec.Cmd)
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
	}
}

// writeAnchors puts anchors into the policy of scene.
func writeAnchors(ts *testscript.TestScript, file string) {
	parts := strings.Split(ts.ReadFile(file), "--\n")
	if len(parts) != 3 {
		ts.Fatalf("%s has %d parts, want three", file, len(parts))
	}
	for i, p := range parts {
		parts[i] = os.Expand(p, ts.Getenv)
	}
	text := ts.ReadFile(".gateledger.yml")
	for _, edit := range [][2]string{
		{"\nledger:\n", "\nledger:\n" + parts[0]},
		{"\nsigners:\n", "\n" + fmt.Sprintf("sigstore: {trusted-root: %q, timestamp: %q}\n", ts.Getenv("ROOT"), ts.Getenv("TSA")) + parts[1] + "signers:\n"},
		{"    tier: fast\n    require:", "    tier: anchored\n" + parts[2] + "    require:"},
		{", tier: fast}\n", ", tier: anchored}\n"},
	} {
		if !strings.Contains(text, edit[0]) {
			ts.Fatalf("the policy has no %q", edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(".gateledger.yml"), []byte(text), 0o644))
}

// keepHearsay puts a receipt beside the ledger in the form of a contract's, and
// takes all others away.
func keepHearsay(ts *testscript.TestScript, name string) {
	kept, err := filepath.Glob(ts.MkAbs(".git/gateledger/anchor/*/*.json"))
	ts.Check(err)
	if len(kept) == 0 {
		ts.Fatalf("no receipt is kept")
	}
	var newest anchored.Receipt
	for _, file := range kept {
		data, err := os.ReadFile(file)
		ts.Check(err)
		newest, err = anchored.ParseReceipt(data)
		ts.Check(err)
		ts.Check(os.Chmod(filepath.Dir(file), 0o755))
		ts.Check(os.Remove(file))
	}
	proof, err := json.Marshal(anchored.EVMProof{
		Chain: 1, Contract: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Transaction: "0x" + strings.Repeat("ab", 32),
		Block: 7, BlockHash: "0x" + strings.Repeat("cd", 32), Time: time.Now().UTC().Format(time.RFC3339), Finalized: true,
	})
	ts.Check(err)
	newest.Kind, newest.Name, newest.Proof = "evm", name, proof
	data, err := newest.Bytes()
	ts.Check(err)
	sum := sha256.Sum256(data)
	ts.Check(os.WriteFile(filepath.Join(filepath.Dir(kept[len(kept)-1]), hex.EncodeToString(sum[:])+".json"), data, 0o644))
}
