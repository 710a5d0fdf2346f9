// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {Base, GateBase} from "./Base.sol";

/// @notice Whatever is done in whatever order: what was executed had, at that time, a
/// quorum of distinct people of the epoch in force, none of whom had taken back, whose
/// votes and request had not run out; and it was executed once.
contract GateInvariantTest is Base {
    GateHandler private handler;
    address[] private _targets;

    function setUp() public {
        handler = new GateHandler();
        _targets.push(address(handler));
    }

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function invariant_executedMeansAQuorum() public view {
        check(!handler.bad(), handler.why());
    }

    /// @dev The steps do lead to executions, so the invariant says something.
    function test_theStepsLeadToExecutions() public {
        for (uint8 n = 0; n < 4; ++n) {
            handler.open(n, 3600, 0);
            handler.vote(n, [n % 2, 0, 0], [uint24(600), 700, 800], 1, 7);
            handler.run(n);
        }
        check(handler.executed() == 4 && !handler.bad(), "no executions");
    }
}

/// @notice Keeps its own books about who voted for what until when, and compares them
/// with what the contract lets through.
contract GateHandler is GateBase {
    struct Book {
        IDeploymentGate.Request request;
        bool proposed;
        bool over;
        uint256 executions;
        uint256 people; // that were in the batch that approved
        uint40 until; // when the first of these votes runs out
        uint256 withdrawn;
    }

    bool public bad;
    string public why;
    uint256 public executed;
    Book[] private _books;
    uint256[4] private _keys = [ALICE, BOB, CAROL, DANA];
    uint8 private _need = 2;
    uint32 private _epoch = 1;
    bool private _closed;

    constructor() {
        setUp();
        for (uint256 i = 0; i < 2; ++i) {
            _books.push();
        }
    }

    /// @dev Not one of the steps.
    function setUp() public override {
        if (address(gate) == address(0)) super.setUp();
    }

    function fail(string memory what) private {
        (bad, why) = (true, what);
    }

    function book(uint256 n) private view returns (Book storage) {
        return _books[n % 2];
    }

    /// @dev The straight way to an approval, which the steps then disturb.
    function straight(uint8 n, uint8 a, uint24 age) external {
        open(n, age, 0);
        vote(n, [a % 3, 0, 0], [age, age, age], 1 + a % 2, 7);
    }

    function open(uint8 n, uint24 age, uint8 excluded) public {
        Book storage b = book(n);
        if (b.proposed && !b.over && block.timestamp <= b.request.expires && b.request.epoch == _epoch) return;
        IDeploymentGate.Request memory r = request();
        r.request = keccak256(abi.encode(n % 2, block.timestamp, executed, _epoch, age));
        r.expires = uint40(block.timestamp + 1 hours + age % 23 hours);
        r.excluded = excluded % 16 == 5 ? 1 : 0;
        vm.prank(PROPOSER);
        try gate.propose(r) {
            if (_closed) fail("proposed where there is no policy");
            delete _books[n % 2];
            (b.request, b.proposed) = (r, true);
        } catch {}
    }

    /// @dev Up to three votes, of anybody, forged, late, and of another request.
    function vote(uint8 n, uint8[3] memory who, uint24[3] memory age, uint8 count, uint8 forge) public {
        Book storage b = book(n);
        if (!b.proposed) return;
        IDeploymentGate.Vote[] memory v = new IDeploymentGate.Vote[](1 + count % 3);
        uint256 people = 0;
        uint40 until = b.request.expires;
        bool good = true;
        for (uint256 i = 0; i < v.length; ++i) {
            // Mostly different people.
            uint256 p = who[i] % 8 < 6 ? (who[0] + i) % 3 : who[i] % 4;
            v[i].validUntil = uint40(block.timestamp + age[i] % 1 days);
            if (v[i].validUntil < until) until = v[i].validUntil;
            v[i].signer = account(_keys[p]);
            uint256 key = _keys[p];
            if (forge % 32 == i) (key, good) = (MALLORY, false);
            bytes32 digest = gate.voteDigest(b.request, IDeploymentGate.Decision.Approve, v[i].validUntil);
            v[i].signature = sign(key, digest);
            people |= 1 << p;
        }
        try gate.approve(b.request, v) {
            if (!good) fail("a forged vote was taken");
            if (b.over) fail("approved after the end");
            (b.people, b.until) = (people, until);
        } catch {}
    }

    function withdraw(uint8 n, uint8 who) external {
        Book storage b = book(n);
        if (!b.proposed) return;
        IDeploymentGate.Vote memory v = vote(b.request, IDeploymentGate.Decision.Withdraw, _keys[who % 4]);
        try gate.withdraw(b.request, v) {
            b.withdrawn |= 1 << who % 4;
            if (b.people >> who % 4 & 1 == 1) b.people = 0;
        } catch {}
    }

    function veto(uint8 n) external {
        Book storage b = book(n);
        if (!b.proposed || n % 16 > 1) return;
        IDeploymentGate.Vote memory v = vote(b.request, IDeploymentGate.Decision.Veto, DANA);
        try gate.veto(b.request, v) {
            b.over = true;
        } catch {}
    }

    function cancel(uint8 n) external {
        Book storage b = book(n);
        if (!b.proposed || n % 16 > 1) return;
        vm.prank(PROPOSER);
        try gate.cancel(b.request) {
            b.over = true;
        } catch {}
    }

    function run(uint8 n) external {
        Book storage b = book(n);
        if (!b.proposed) return;
        bool said = gate.executable(b.request);
        vm.prank(EXECUTOR);
        try gate.execute(b.request, 0) {
            ++executed;
            ++b.executions;
            judge(b);
            if (!said) fail("executed, and executable said no");
            b.over = true;
        } catch {
            if (said) fail("refused, and executable said yes");
        }
    }

    function judge(Book storage b) private {
        uint256 distinct = 0;
        for (uint256 p = 0; p < 3; ++p) {
            if (b.people >> p & 1 == 1) ++distinct;
        }
        if (distinct < _need) fail("executed without a quorum");
        if (b.people & b.withdrawn != 0) fail("executed with a vote that was taken back");
        if (b.people & b.request.excluded != 0) fail("executed with the vote of somebody excluded");
        if (b.executions > 1) fail("executed twice");
        if (b.over) fail("executed after the end");
        if (block.timestamp > b.until) fail("executed with votes that ran out");
        if (block.timestamp > b.request.expires) fail("executed after it expired");
        if (b.request.epoch != _epoch || _closed) fail("executed under another policy");
    }

    function change(uint8 need, uint8 what) external {
        if (what % 32 == 0 && !_closed) {
            vm.prank(ADMIN);
            gate.close(PRODUCTION);
            _closed = true;
        } else if (what % 8 == 1 || _closed) {
            _need = 1 + need % 3;
            set(PRODUCTION, _need, 0);
            _closed = false;
        } else {
            return;
        }
        ++_epoch;
    }

    function wait(uint24 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 2 hours);
    }
}
