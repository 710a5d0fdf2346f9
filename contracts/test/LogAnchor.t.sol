// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ILogAnchor} from "../src/ILogAnchor.sol";
import {LogAnchor} from "../src/LogAnchor.sol";
import {Base} from "./Base.sol";
import {Tree} from "./Tree.sol";

contract LogAnchorTest is Base, Tree {
    bytes32 private constant ORIGIN = keccak256("origin");
    address private constant STRANGER = address(0x57);
    uint64 private constant MAX = (1 << 40) - 1;
    LogAnchor private log;

    function setUp() public {
        log = newLog(address(this));
        log.setSubmitter(ORIGIN, address(this));
    }

    function test_sayWhatWasAnchored() public {
        vm.expectEmit();
        emit ILogAnchor.Anchored(ORIGIN, 5, bytes32(type(uint256).max));
        log.anchor(ORIGIN, 5, bytes32(type(uint256).max));
        (uint64 size, bytes27 root) = log.head(ORIGIN);
        check(size == 5 && root == bytes27(bytes32(type(uint256).max)), "another head");
        check(log.isHead(ORIGIN, 5, bytes32(type(uint256).max)), "isHead");
        check(!log.isHead(ORIGIN, 6, bytes32(type(uint256).max)), "isHead, another size");
        check(!log.isHead(ORIGIN, 5, bytes32(uint256(1))), "isHead, another root");
        check(!log.isHead("other", 0, 0), "an origin without head has one");
        check(!log.isHead(ORIGIN, 5 | 1 << 40, bytes32(type(uint256).max)), "isHead of a size that is too large");
    }

    function test_theSameAgainIsToldApartFromAFork() public {
        log.anchor(ORIGIN, 5, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.AlreadyAnchored.selector, ORIGIN, 5));
        log.anchor(ORIGIN, 5, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Fork.selector, ORIGIN, 5, bytes27("a"), bytes32("b")));
        log.anchor(ORIGIN, 5, "b");
    }

    function test_emptyAndTooLarge() public {
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Empty.selector));
        log.anchor(ORIGIN, 0, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLarge.selector, MAX + 1));
        log.anchor(ORIGIN, MAX + 1, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLarge.selector, type(uint64).max));
        log.anchor(ORIGIN, type(uint64).max, "a");
        log.anchor(ORIGIN, MAX, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLarge.selector, MAX + 1));
        log.anchor(ORIGIN, MAX + 1, "a");
    }

    function test_originsAreApart() public {
        log.setSubmitter("other", STRANGER);
        log.anchor(ORIGIN, 5, "a");
        vm.prank(STRANGER);
        log.anchor("other", 3, "b");
        check(log.isHead(ORIGIN, 5, "a") && log.isHead("other", 3, "b"), "one changed the other");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, bytes32("other"), address(this)));
        log.anchor("other", 9, "c");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, bytes32("none"), address(this)));
        log.anchor("none", 9, "c");
    }

    function test_aNewSubmitterGoesOnFromTheHead() public {
        log.anchor(ORIGIN, 5, "a");
        vm.expectEmit();
        emit ILogAnchor.SubmitterSet(ORIGIN, STRANGER);
        log.setSubmitter(ORIGIN, STRANGER);
        check(log.submitterOf(ORIGIN) == STRANGER, "another submitter");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, ORIGIN, address(this)));
        log.anchor(ORIGIN, 9, "c");
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Fork.selector, ORIGIN, 5, bytes27("a"), bytes32("b")));
        log.anchor(ORIGIN, 5, "b");
        vm.prank(STRANGER);
        log.anchor(ORIGIN, 6, "b");
    }

    function test_aStrictOriginTakesWhatIsProven() public {
        vm.expectEmit();
        emit ILogAnchor.StrictSet(ORIGIN);
        log.setStrict(ORIGIN);
        check(log.strict(ORIGIN) && log.submitterOf(ORIGIN) == address(this), "not strict, or of nobody");
        bytes32[] memory all = leaves(40);
        bytes32[] memory none = new bytes32[](0);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NeedsProof.selector, ORIGIN));
        log.anchor(ORIGIN, 3, "a");
        log.extend(ORIGIN, 3, head(all, 0, 3), 0, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NeedsProof.selector, ORIGIN));
        log.anchor(ORIGIN, 5, "a");
        uint64 last = 3;
        for (uint64 n = 4; n <= 40; n += n / 4) {
            (bytes32 before, bytes32 root) = (head(all, 0, last), head(all, 0, n));
            bytes32[] memory path_ = proof(all, last, n);
            vm.expectEmit();
            emit ILogAnchor.Anchored(ORIGIN, n, root);
            log.extend(ORIGIN, n, root, before, path_);
            check(log.isHead(ORIGIN, n, root), "not head");
            last = n;
        }
    }

    /// @dev Two trees whose checkpoints interleave: each size is larger than the last, and
    /// a plain origin takes them all. A strict one takes one tree.
    function test_twoTreesThatInterleave() public {
        bytes32[] memory ours = leaves(12);
        bytes32[] memory other = leaves(12);
        other[2] = leaf("another entry");
        log.anchor(ORIGIN, 5, head(ours, 0, 5));
        log.anchor(ORIGIN, 7, head(other, 0, 7)); // which is why origins should be strict
        log.setSubmitter("strict", address(this));
        log.setStrict("strict");
        log.extend("strict", 5, head(ours, 0, 5), 0, new bytes32[](0));
        bytes memory no = abi.encodeWithSelector(ILogAnchor.NotProven.selector, bytes32("strict"), 5, 7);
        refused(no, 7, head(other, 0, 7), head(ours, 0, 5), proof(other, 5, 7));
        refused(no, 7, head(other, 0, 7), head(other, 0, 5), proof(other, 5, 7));
        refused(no, 7, head(ours, 0, 7), head(ours, 0, 5), proof(ours, 4, 7));
        refused(no, 7, head(ours, 0, 7), head(ours, 0, 5), new bytes32[](0));
        refused(no, 7, head(ours, 0, 7), 0, proof(ours, 5, 7));
        log.extend("strict", 7, head(ours, 0, 7), head(ours, 0, 5), proof(ours, 5, 7));
    }

    function refused(bytes memory why, uint64 size, bytes32 root, bytes32 last, bytes32[] memory path_) private {
        vm.expectRevert(why);
        log.extend("strict", size, root, last, path_);
    }

    function test_extendRefusesAsAnchorDoes() public {
        bytes32[] memory none = new bytes32[](0);
        bytes32[] memory all = leaves(9);
        (bytes32 five, bytes32 nine) = (head(all, 0, 5), head(all, 0, 9));
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotProven.selector, ORIGIN, 0, 5));
        log.extend(ORIGIN, 5, five, 0, new bytes32[](1));
        log.extend(ORIGIN, 5, five, 0, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.AlreadyAnchored.selector, ORIGIN, 5));
        log.extend(ORIGIN, 5, five, five, none);
        vm.expectRevert();
        log.extend(ORIGIN, 5, "b", five, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Smaller.selector, ORIGIN, 5, 4));
        log.extend(ORIGIN, 4, "b", five, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Empty.selector));
        log.extend(ORIGIN, 0, "b", five, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLarge.selector, MAX + 1));
        log.extend(ORIGIN, MAX + 1, "b", five, none);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, ORIGIN, STRANGER));
        vm.prank(STRANGER);
        log.extend(ORIGIN, 9, nine, five, none);
        log.extend(ORIGIN, 9, nine, five, proof(all, 5, 9)); // plain, and proven
    }

    function test_strictForEverAndFromTheStart() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        vm.prank(STRANGER);
        log.setStrict(ORIGIN);
        log.setStrict(ORIGIN);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLate.selector, ORIGIN));
        log.setStrict(ORIGIN);
        log.setSubmitter(ORIGIN, STRANGER);
        check(log.strict(ORIGIN) && log.submitterOf(ORIGIN) == STRANGER, "another submitter, and no longer strict");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NeedsProof.selector, ORIGIN));
        vm.prank(STRANGER);
        log.anchor(ORIGIN, 3, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, ORIGIN, address(this)));
        log.anchor(ORIGIN, 3, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, ORIGIN, address(this)));
        log.extend(ORIGIN, 3, "a", 0, new bytes32[](0));
        log.setSubmitter("late", address(this));
        log.anchor("late", 3, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.TooLate.selector, bytes32("late")));
        log.setStrict("late");
    }

    function testFuzz_alteredExtensionIsRefused(uint8 n, uint8 place, uint8 what, uint256 flip) public {
        uint64 size = 2 + n % 40;
        uint64 older = 1 + place % (size - 1);
        bytes32[] memory all = leaves(size);
        bytes32[] memory p = proof(all, older, size);
        (bytes32 first, bytes32 second) = (head(all, 0, older), head(all, 0, size));
        log.setStrict(ORIGIN);
        log.extend(ORIGIN, older, first, 0, new bytes32[](0));
        bytes32 bit = bytes32(uint256(1) << flip % 256);
        if (what % 4 == 0) first ^= bit;
        if (what % 4 == 1) second ^= bit;
        if (what % 4 == 2) p[flip % p.length] ^= bit;
        if (what % 4 == 3) p = push(p, bit);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotProven.selector, ORIGIN, older, size));
        log.extend(ORIGIN, size, second, first, p);
    }

    function test_onlyTheOwnerNamesSubmittersAndThereIsAlwaysOne() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        log.setSubmitter(ORIGIN, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(LogAnchor.OwnerCannotVanish.selector));
        log.renounceOwnership();
        log.transferOwnership(STRANGER);
        check(log.owner() == address(this), "handed over without acceptance");
        vm.prank(STRANGER);
        log.acceptOwnership();
        check(log.owner() == STRANGER, "not handed over");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        this.logOf(address(0));
    }

    function logOf(address owner) external returns (LogAnchor) {
        return newLog(owner);
    }

    function testFuzz_onlyLargerIsTaken(uint64 first, uint64 second, bytes32 a, bytes32 b) public {
        first = 1 + first % MAX;
        log.anchor(ORIGIN, first, a);
        bool larger = second > first && second <= MAX;
        try log.anchor(ORIGIN, second, b) {
            check(larger, "taken, and not larger");
            check(log.isHead(ORIGIN, second, b), "taken, and not head");
        } catch {
            check(!larger, "larger, and refused");
            check(log.isHead(ORIGIN, first, a), "refused, and changed");
        }
    }

    function testFuzz_nobodyElse(address who, uint64 size, bytes32 root) public {
        vm.assume(who != address(this));
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, ORIGIN, who));
        log.anchor(ORIGIN, size, root);
    }

    /// @dev The leaves and heads that certificate transparency's own tests use.
    function test_publishedTree() public view {
        bytes32[] memory all = new bytes32[](8);
        all[0] = leaf("");
        all[1] = leaf(hex"00");
        all[2] = leaf(hex"10");
        all[3] = leaf(hex"2021");
        all[4] = leaf(hex"3031");
        all[5] = leaf(hex"40414243");
        all[6] = leaf(hex"5051525354555657");
        all[7] = leaf(hex"606162636465666768696a6b6c6d6e6f");
        check(head(all, 0, 1) == 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d, "1");
        check(head(all, 0, 5) == 0x4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4, "5");
        bytes32 root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
        check(head(all, 0, 8) == root, "8");
        for (uint64 i = 0; i < 8; ++i) {
            check(log.verifyInclusion(all[i], i, 8, root, path(all, i, 0, 8)), "not included");
        }
    }

    /// @dev Every leaf of every tree of up to 17 leaves, and every older tree.
    function test_everySmallTree() public view {
        bytes32[] memory all = leaves(17);
        for (uint64 n = 1; n <= 17; ++n) {
            bytes32 root = head(all, 0, n);
            for (uint64 i = 0; i < n; ++i) {
                check(log.verifyInclusion(all[i], i, n, root, path(all, i, 0, n)), "not included");
            }
            for (uint64 m = 1; m <= n; ++m) {
                check(log.verifyConsistency(m, n, head(all, 0, m), root, proof(all, m, n)), "not consistent");
            }
        }
    }

    function testFuzz_alteredInclusionIsFalse(uint8 n, uint8 place, uint8 what, uint256 flip) public view {
        uint64 size = 2 + n % 40;
        uint64 index = place % size;
        bytes32[] memory all = leaves(size);
        bytes32[] memory p = path(all, index, 0, size);
        bytes32 root = head(all, 0, size);
        bytes32 it = all[index];
        bytes32 bit = bytes32(uint256(1) << flip % 256);
        check(log.verifyInclusion(it, index, size, root, p), "not included");
        if (what % 6 == 0) it ^= bit;
        if (what % 6 == 1) root ^= bit;
        if (what % 6 == 2) p[flip % p.length] ^= bit;
        if (what % 6 == 3) p = push(p, bit);
        if (what % 6 == 4) index = size + uint64(flip % 9);
        if (what % 6 == 5) it = all[(index + 1) % size];
        check(!log.verifyInclusion(it, index, size, root, p), "altered, and included");
    }

    function testFuzz_alteredConsistencyIsFalse(uint8 n, uint8 place, uint8 what, uint256 flip) public view {
        uint64 size = 2 + n % 40;
        uint64 older = 1 + place % (size - 1);
        bytes32[] memory all = leaves(size);
        bytes32[] memory p = proof(all, older, size);
        (bytes32 first, bytes32 second) = (head(all, 0, older), head(all, 0, size));
        bytes32 bit = bytes32(uint256(1) << flip % 256);
        check(log.verifyConsistency(older, size, first, second, p), "not consistent");
        if (what % 6 == 0) first ^= bit;
        if (what % 6 == 1) second ^= bit;
        if (what % 6 == 2) p[flip % p.length] ^= bit;
        if (what % 6 == 3) p = push(p, bit);
        if (what % 6 == 4) p = new bytes32[](0);
        if (what % 6 == 5) older = 0;
        check(!log.verifyConsistency(older, size, first, second, p), "altered, and consistent");
    }

    /// @dev A path that is too long or too short for the tree, and leads to the root all
    /// the same, proves nothing.
    function test_pathsOfAnotherLength() public view {
        bytes32[] memory p = new bytes32[](1);
        (bytes32 a, bytes32 b) = (leaf("a"), leaf("b"));
        p[0] = b;
        check(log.verifyInclusion(a, 0, 2, inner(a, b), p), "not included");
        check(!log.verifyInclusion(a, 0, 4, inner(a, b), p), "a node is no root");
        check(!log.verifyInclusion(a, 0, 1, inner(b, a), p), "one leaf has no siblings");
        check(!log.verifyInclusion(b, 0, 1, inner(b, b), p), "one leaf has no siblings");
        check(log.verifyConsistency(1, 2, a, inner(a, b), p), "not consistent");
        check(!log.verifyConsistency(1, 4, a, inner(a, b), p), "a node is no root");
        check(!log.verifyConsistency(1, 1, a, a, p), "a tree is itself without a proof");
        bytes32[] memory q = new bytes32[](2);
        (q[0], q[1]) = (b, a);
        check(!log.verifyConsistency(1, 2, inner(a, a), inner(a, inner(a, b)), q), "two leaves have one sibling");
    }

    /// @dev Whatever is asked, the answer is yes or no.
    function testFuzz_proofsNeverRevert(uint64 a, uint64 b, bytes32 x, bytes32 y, bytes32[] calldata p) public view {
        check(!log.verifyInclusion(x, a, b, y, p) || b == 1, "a proof of anything");
        check(!log.verifyConsistency(a, b, x, y, p) || (a == b && x == y), "a proof of anything");
    }

    function test_proofAgainstTheHead() public {
        bytes32[] memory all = leaves(11);
        bytes32[] memory p = path(all, 4, 0, 11);
        bytes32 root = head(all, 0, 11);
        check(!log.verifyLogged(ORIGIN, all[4], 4, 11, root, p), "in a head that there isn't");
        log.anchor(ORIGIN, 11, root);
        check(log.verifyLogged(ORIGIN, all[4], 4, 11, root, p), "not in the head");
        check(!log.verifyLogged("other", all[4], 4, 11, root, p), "in another log's head");
        log.anchor(ORIGIN, 12, head(leaves(12), 0, 12));
        check(!log.verifyLogged(ORIGIN, all[4], 4, 11, root, p), "in an older head");
    }

    function testFuzz_anOlderTreeOfEqualSizesIsItself(uint64 n, bytes32 root, bytes32 other) public view {
        vm.assume(n != 0 && root != other);
        bytes32[] memory none = new bytes32[](0);
        check(log.verifyConsistency(n, n, root, root, none), "not itself");
        check(!log.verifyConsistency(n, n, root, other, none), "two trees of one size");
    }
}

/// @notice Whatever submitters and owners do: a size never shrinks, and no size of an
/// origin is ever anchored with two roots.
contract LogAnchorInvariantTest is Base {
    AnchorHandler private handler;
    address[] private _targets;

    function setUp() public {
        handler = new AnchorHandler();
        _targets.push(address(handler));
    }

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function invariant_sizeNeverShrinks() public view {
        check(!handler.shrunk(), "a size shrank");
    }

    function invariant_oneRootPerSize() public view {
        check(!handler.forked(), "two roots of one size");
    }

    /// @dev The steps do lead to anchors, so the invariants say something.
    function test_theStepsLeadToAnchors() public {
        for (uint64 i = 1; i <= 4; ++i) {
            handler.anchor(0, i * 10, uint8(i), false, false);
        }
        check(handler.taken() == 4, "not anchored");
    }
}

contract AnchorHandler is Base {
    LogAnchor public immutable log;
    bool public shrunk;
    bool public forked;
    uint256 public taken;
    mapping(bytes32 => uint64) private _last;
    mapping(bytes32 => mapping(uint64 => bytes32)) private _roots;

    constructor() {
        log = newLog(address(this));
        for (uint256 i = 0; i < 2; ++i) {
            log.setSubmitter(bytes32(i), address(this));
        }
    }

    function anchor(uint8 which, uint64 size, uint8 root, bool near, bool stranger) external {
        bytes32 origin = bytes32(uint256(which % 2));
        if (near) size = _last[origin] + size % 6;
        if (stranger) vm.prank(address(0x57));
        try log.anchor(origin, size, bytes32(uint256(root))) {
            ++taken;
            bytes32 before = _roots[origin][size];
            if (before != 0) forked = true;
            _roots[origin][size] = keccak256(abi.encode(root));
            if (stranger && log.submitterOf(origin) != address(0x57)) forked = true;
        } catch {}
        (uint64 now_,) = log.head(origin);
        if (now_ < _last[origin]) shrunk = true;
        _last[origin] = now_;
    }

    function hand(uint8 which, bool stranger) external {
        log.setSubmitter(bytes32(uint256(which % 2)), stranger ? address(0x57) : address(this));
    }
}
