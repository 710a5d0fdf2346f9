// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/deploymentgate"
	"github.com/gateledger/gateledger/internal/anchored"
)

// A VotesQuestion asks what a DeploymentGate has about a request.
type VotesQuestion struct {
	Spec        anchored.Spec // of the contract: URL, Chain, Contract, Confirmations
	Request     string        // hex id
	Since       time.Time     // when the request was made; nothing older is about it
	Environment string        // its name
	Commit      string        // hex
	Artifacts   []string      // SHA-256 of what is deployed, hex
	People      [][]string    // the signers of each person of the policy, lower-case hex
}

// The decisions of a Cast.
const (
	Approves  = "approve"
	Vetoes    = "deny"
	Withdraws = "revoke"
)

// A Cast is one vote as the contract has it.
type Cast struct {
	ID       string // transaction, event and person
	Signer   string // hex; one of the person's
	Decision string
	Time     time.Time // of the block
	Reject   string    // why it cannot count as an approval
}

// Votes is all that a contract has about a request.
type Votes struct {
	Cast      []Cast // in the chain's order
	Strangers int    // votes of people none of whose signers the policy names
	Time      time.Time
	Calls     int
	Block     uint64 // the newest that was read
	Final     uint64 // the newest that is final
}

// maxBehind is how old the newest block of a chain that finalises may be: a
// node that is behind does not know of a veto.
const maxBehind = 5 * time.Minute

// ReadVotes reads what the contract has about a request, whole or not at all.
// Approvals count where they are final and still stand in the newest block; a
// veto or a withdrawal is told from the newest block on.
func ReadVotes(ctx context.Context, q VotesQuestion, w anchor.World) (Votes, error) {
	v, err := readVotes(ctx, q, w)
	if err != nil {
		return Votes{}, fmt.Errorf("read votes of contract %s: %w", q.Spec.Contract, err)
	}
	return v, nil
}

func readVotes(ctx context.Context, q VotesQuestion, w anchor.World) (Votes, error) {
	request, err := hash32(q.Request)
	if err != nil || len(q.Artifacts) == 0 {
		return Votes{}, fmt.Errorf("%w: no request, or nothing that is deployed", anchor.ErrSetup)
	}
	heard := &hearing{base: w.Base}
	w.Base = heard
	c, err := openContract(q.Spec, w)
	if err != nil {
		return Votes{}, err
	}
	n, err := dial(ctx, q.Spec.URL, c.token, w)
	if err != nil {
		return Votes{}, err
	}
	defer n.close()
	r := &reading{VotesQuestion: q, node: n, contract: c.address, abi: deploymentgate.NewDeploymentGate(), request: request, heard: heard}
	r.environment = sha256.Sum256([]byte(q.Environment))
	return r.read(ctx)
}

func hash32(text string) (common.Hash, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return common.Hash{}, fmt.Errorf("%.80q is no hex SHA-256", text)
	}
	return common.Hash(raw), nil
}

// hearing notes when the node first answered, by its own Date, and how often.
type hearing struct {
	base http.RoundTripper

	mu    sync.Mutex
	first time.Time
	calls int
}

func (h *hearing) RoundTrip(req *http.Request) (*http.Response, error) {
	if h.base == nil {
		return nil, errors.New("there is no network")
	}
	resp, err := h.base.RoundTrip(req)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	if err == nil && h.first.IsZero() {
		h.first, _ = http.ParseTime(resp.Header.Get("Date"))
	}
	return resp, err
}

// A reading is one reading of one request.
type reading struct {
	VotesQuestion
	node        *node
	contract    common.Address
	abi         *deploymentgate.DeploymentGate
	request     common.Hash
	environment common.Hash
	heard       *hearing
	newest      block
	final       uint64
	inForce     deploymentgate.PolicyOfOutput
	times       map[uint64]time.Time
	out         Votes
}

func (r *reading) read(ctx context.Context) (Votes, error) {
	if err := r.node.check(ctx, r.Spec.Chain, r.contract); err != nil {
		return Votes{}, err
	}
	if err := r.pin(ctx); err != nil {
		return Votes{}, err
	}
	if err := r.readPolicy(ctx); err != nil {
		return Votes{}, err
	}
	logs, err := r.logs(ctx, r.Since, []any{[]common.Hash{r.topic("Proposed"), r.topic("Approved"), r.topic("Withdrawn"), r.topic("Vetoed"), r.topic("Cancelled"), r.topic("Executed")}, nil, r.request})
	if err != nil {
		return Votes{}, err
	}
	asked := map[common.Hash][]*types.Log{}
	var order []common.Hash
	for _, l := range logs {
		id := l.Topics[1]
		if asked[id] == nil {
			order = append(order, id)
		}
		asked[id] = append(asked[id], l)
	}
	for _, id := range order {
		if err := r.readOne(ctx, id, asked[id]); err != nil {
			return Votes{}, err
		}
	}
	again, err := r.node.blockAt(ctx, hexNumber(uint64(*r.newest.Number)))
	if err != nil {
		return Votes{}, err
	}
	if *again.Hash != *r.newest.Hash {
		return Votes{}, fmt.Errorf("%w: the chain was reorganised while it was read", anchor.ErrUnavailable)
	}
	r.out.Block, r.out.Final, r.out.Time, r.out.Calls = uint64(*r.newest.Number), r.final, r.heard.first.UTC(), r.heard.calls
	return r.out, nil
}

// pin settles which blocks are read.
func (r *reading) pin(ctx context.Context) error {
	var err error
	if r.newest, err = r.node.blockAt(ctx, "latest"); err != nil {
		return err
	}
	r.times = map[uint64]time.Time{uint64(*r.newest.Number): r.newest.at()}
	if r.heard.first.IsZero() {
		return fmt.Errorf("%w: its answers have no Date", anchor.ErrUnavailable)
	}
	if deep := r.Spec.Confirmations; deep > 0 {
		r.final = uint64(*r.newest.Number) - min(deep-1, uint64(*r.newest.Number))
		return nil
	}
	if behind := r.heard.first.Sub(r.newest.at()); behind > maxBehind {
		return fmt.Errorf("%w: the node is behind: its newest block is %s old", anchor.ErrUnavailable, behind.Round(time.Second))
	}
	final, err := r.node.blockAt(ctx, "finalized")
	if err != nil {
		return err
	}
	r.final = min(uint64(*final.Number), uint64(*r.newest.Number))
	return nil
}

// readPolicy reads which epoch of the environment is in force.
func (r *reading) readPolicy(ctx context.Context) error {
	data, err := r.node.view(ctx, r.contract, r.abi.PackPolicyOf(r.environment), hexNumber(uint64(*r.newest.Number)))
	if answered := (*said)(nil); err != nil && !(errors.As(err, &answered) && answered.reverts()) {
		return err
	}
	if err == nil {
		r.inForce, err = r.abi.UnpackPolicyOf(data)
	}
	if err != nil {
		return fmt.Errorf("%w: the contract at %s is no DeploymentGate", errWrong, r.contract)
	}
	return nil
}

func (b block) at() time.Time { return time.Unix(int64(*b.Time), 0).UTC() }

func (r *reading) topic(name string) common.Hash { return r.abi.GetABI().Events[name].ID }

// logs reads all events with these topics, of since and later; a zero since is
// the beginning of the chain.
func (r *reading) logs(ctx context.Context, since time.Time, topics []any) ([]*types.Log, error) {
	return r.node.allLogs(ctx, r.contract, uint64(*r.newest.Number), topics, func(from uint64) (bool, error) { return r.before(ctx, from, since) })
}

// before says whether nothing in a block before this one can matter.
func (r *reading) before(ctx context.Context, number uint64, since time.Time) (bool, error) {
	if number == 0 || since.IsZero() {
		return number == 0, nil
	}
	at, err := r.timeOf(ctx, number)
	return at.Before(since.Add(-time.Hour)), err
}

// timeOf is the time of a block.
func (r *reading) timeOf(ctx context.Context, number uint64) (time.Time, error) {
	if at, ok := r.times[number]; ok {
		return at, nil
	}
	b, err := r.node.blockAt(ctx, hexNumber(number))
	if err != nil {
		return time.Time{}, err
	}
	if uint64(*b.Number) != number {
		return time.Time{}, fmt.Errorf("%w: it answers with another block", anchor.ErrUnavailable)
	}
	r.times[number] = b.at()
	return r.times[number], nil
}

// readOne reads one request of the contract for the request of the ledger.
func (r *reading) readOne(ctx context.Context, id common.Hash, logs []*types.Log) error {
	asked, err := r.abi.UnpackProposedEvent(logs[0])
	if err != nil {
		return fmt.Errorf("%w: it does not show how %s was proposed", anchor.ErrUnavailable, id)
	}
	own := crypto.Keccak256Hash(crypto.Keccak256([]byte(requestType)), r.abi.PackIdOf(asked.Details)[4:])
	if own != id || asked.Details.Request != r.request {
		return fmt.Errorf("%w: it shows another request", anchor.ErrUnavailable)
	}
	people, err := r.people(ctx, asked.Details)
	if err != nil {
		return err
	}
	was, err := r.state(ctx, id, r.final)
	if err != nil {
		return err
	}
	is, err := r.state(ctx, id, uint64(*r.newest.Number))
	if err != nil {
		return err
	}
	void, err := r.void(asked.Details, is)
	if err != nil {
		return err
	}
	standing := new(big.Int)
	if approved(was.Status) && approved(is.Status) {
		standing.And(was.Voters, is.Voters)
	}
	return r.cast(ctx, logs, people, void, standing)
}

// requestType is the EIP-712 type of a request, whose hash is its id.
const requestType = "Request(bytes32 request,bytes32 environment,bytes32 artifact,bytes32 commit,uint32 epoch,uint40 expires,uint24 excluded)"

// The states of a request in the contract that are looked for.
const (
	stateApproved  = 2
	stateExecuted  = 3
	stateVetoed    = 4
	stateCancelled = 5
)

func approved(status uint8) bool { return status == stateApproved || status == stateExecuted }

func (r *reading) state(ctx context.Context, id common.Hash, at uint64) (deploymentgate.StateOfOutput, error) {
	data, err := r.node.view(ctx, r.contract, r.abi.PackStateOf(id), hexNumber(at))
	if err != nil {
		return deploymentgate.StateOfOutput{}, err
	}
	s, err := r.abi.UnpackStateOf(data)
	if err != nil || len(data) != 5*32 {
		return s, fmt.Errorf("%w: the contract at %s is no DeploymentGate", errWrong, r.contract)
	}
	return s, nil
}

// void says why approvals of a request cannot count; empty if they can.
func (r *reading) void(asked deploymentgate.IDeploymentGateRequest, is deploymentgate.StateOfOutput) (string, error) {
	commit, err := hex.DecodeString(r.Commit)
	if err != nil || len(commit) == 0 || len(commit) > 32 {
		return "", fmt.Errorf("%w: commit %.80q", anchor.ErrSetup, r.Commit)
	}
	var padded [32]byte
	copy(padded[:], commit)
	switch {
	case asked.Environment != r.environment:
		return "the contract was asked for another environment", nil
	case !slices.Contains(r.Artifacts, hex.EncodeToString(asked.Artifact[:])):
		return "the contract was asked for another artifact", nil
	case asked.Commit != padded:
		return "the contract was asked for another commit", nil
	case !r.inForce.Open || r.inForce.Epoch != asked.Epoch:
		return fmt.Sprintf("it is of epoch %d of the contract's policy, which is no longer in force", asked.Epoch), nil
	case is.Status == stateVetoed:
		return "the request was vetoed in the contract", nil
	case is.Status == stateCancelled:
		return "the request was cancelled in the contract", nil
	case is.Status == stateApproved && is.Until.Cmp(new(big.Int).SetInt64(r.newest.at().Unix())) < 0:
		return "expired: the contract takes it until " + time.Unix(is.Until.Int64(), 0).UTC().Format(time.RFC3339), nil
	}
	return "", nil
}

// people are the signers of each person of the request's epoch, lower-case hex.
func (r *reading) people(ctx context.Context, asked deploymentgate.IDeploymentGateRequest) ([][]string, error) {
	topics := []any{r.topic("PolicySet"), common.Hash(asked.Environment), sizeTopic(uint64(asked.Epoch))}
	logs, err := r.logs(ctx, time.Time{}, topics)
	if err != nil {
		return nil, err
	}
	if len(logs) != 1 {
		return nil, fmt.Errorf("%w: it shows %d policies of epoch %d, want 1", anchor.ErrUnavailable, len(logs), asked.Epoch)
	}
	set, err := r.abi.UnpackPolicySetEvent(logs[0])
	if err != nil {
		return nil, fmt.Errorf("%w: the policy of epoch %d is not understood", anchor.ErrUnavailable, asked.Epoch)
	}
	var all [][]string
	for _, p := range set.People {
		var signers []string
		for _, s := range p.Signers {
			signers = append(signers, hex.EncodeToString(s))
		}
		all = append(all, signers)
	}
	return all, nil
}

// cast lists the votes that the events of one request tell.
func (r *reading) cast(ctx context.Context, logs []*types.Log, people [][]string, void string, standing *big.Int) error {
	last := map[int]*types.Log{} // the newest approval with each person
	for _, l := range logs {
		if a, err := r.abi.UnpackApprovedEvent(l); err == nil {
			for p := range a.Voters.BitLen() {
				if a.Voters.Bit(p) == 1 {
					last[p] = l
				}
			}
		}
	}
	for _, l := range logs {
		at, err := r.timeOf(ctx, l.BlockNumber)
		if err != nil {
			return err
		}
		if v, err := r.abi.UnpackVetoedEvent(l); err == nil {
			r.add(l, people, int(v.Person), Cast{Decision: Vetoes, Time: at})
		}
		if v, err := r.abi.UnpackWithdrawnEvent(l); err == nil {
			r.add(l, people, int(v.Person), Cast{Decision: Withdraws, Time: at})
		}
		for p := range 256 {
			if last[p] != l {
				continue
			}
			c := Cast{Decision: Approves, Time: at, Reject: void}
			switch {
			case c.Reject != "":
			case l.BlockNumber > r.final:
				c.Reject = fmt.Sprintf("it stands in block %d, which is not final yet", l.BlockNumber)
			case standing.Bit(p) == 0:
				c.Reject = "it does not stand in the contract any more: it was taken back"
			}
			r.add(l, people, p, c)
		}
	}
	return nil
}

// add adds a vote of a person of the contract, if the policy names a signer of
// theirs. The contract does not tell which of a person's signers signed an
// approval, so all of them must be one person's of the policy.
func (r *reading) add(l *types.Log, people [][]string, person int, c Cast) {
	c.ID = fmt.Sprintf("%s/%d/%d", l.TxHash.Hex(), l.Index, person)
	var signers []string
	if person < len(people) {
		signers = people[person]
	}
	for _, s := range signers {
		for _, who := range r.People {
			if !slices.Contains(who, s) {
				continue
			}
			c.Signer = s
			foreign := slices.ContainsFunc(signers, func(o string) bool { return !slices.Contains(who, o) })
			if foreign && c.Decision == Approves {
				c.Reject = cmp.Or(c.Reject, fmt.Sprintf("person %d of the contract has other signers than one person of the policy: %s", person, strings.Join(signers, ", ")))
			}
			r.out.Cast = append(r.out.Cast, c)
			return
		}
	}
	r.out.Strangers++
}
