// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {IEvidenceRegistry} from "../src/IEvidenceRegistry.sol";
import {EvidenceRegistry} from "../src/EvidenceRegistry.sol";
import {LogAnchor} from "../src/LogAnchor.sol";
import {ILogAnchor} from "../src/ILogAnchor.sol";
import {Governance} from "./faulty/Governance.sol";
import {Registry} from "./faulty/Registry.sol";
import {LaxAnchor, LaxClock, LaxVotes} from "./faulty/Lax.sol";
import {GateBase} from "./Base.sol";
import {Governed, Ours, Theirs} from "./Governed.sol";
import {Vm} from "./Vm.sol";

/// @notice Twenty faults. Each test asks ours, then the faulty form, and the latter has
/// to fail by the same assertion.
contract FaultsTest is GateBase {
    address private constant STRANGER = address(0x57);
    Governed private target;
    Ours private ours;
    Theirs private theirs;

    function setUp() public override {
        super.setUp();
        ours = new Ours();
        theirs = new Theirs();
    }

    /// @dev Runs a question on ours, which must hold, and on the faulty form, which must not.
    function both(function() external question) private {
        target = ours;
        question();
        target = theirs;
        onlyOn(question);
    }

    /// @dev The question must fail, by an assertion of it.
    function onlyOn(function() external question) private {
        try question() {
            revert("the faulty form passed: this test shows nothing");
        } catch Error(string memory why) {
            check(bytes(why).length > 6 && bytes6(bytes(why)) == "fault ", why);
        }
    }

    function refused(bool ok, string memory fault) private pure {
        check(!ok, string.concat("fault ", fault));
    }

    function keys(uint256 a, uint256 b) private pure returns (uint256[] memory k) {
        k = new uint256[](2);
        (k[0], k[1]) = (a, b);
    }

    function key(uint256 a) private pure returns (uint256[] memory k) {
        k = new uint256[](1);
        k[0] = a;
    }

    function approve(uint256 id, uint256[] memory k) private returns (bool ok) {
        try target.approve(id, k) {
            ok = true;
        } catch {}
    }

    function test_fault01_whatWasNotProposedCannotBeApproved() public {
        both(this.ask01);
    }

    function ask01() external {
        refused(approve(1, key(ALICE)), "1: an approval of nothing");
    }

    function test_fault02_strangersPropose() public {
        both(this.ask02);
    }

    function ask02() external {
        try target.propose(STRANGER, "evil") {
            refused(true, "2: a stranger proposed");
        } catch {}
    }

    function test_fault03_thresholdOfNoneOrOfMoreThanThereAre() public {
        both(this.ask03);
    }

    function ask03() external {
        try target.setThreshold(0) {
            refused(true, "3: no vote is needed");
        } catch {}
        try target.setThreshold(9) {
            refused(true, "3: more votes than people");
        } catch {}
    }

    function test_fault04_proposersApproveTheirOwn() public {
        both(this.ask04);
    }

    function ask04() external {
        uint256 id;
        // Where the proposer has to be excluded in the request, this already reverts.
        try target.propose(vm.addr(ALICE), "app") returns (uint256 n) {
            id = n;
        } catch {
            return;
        }
        approve(id, keys(ALICE, BOB));
        refused(target.allowed(id), "4: the proposer's own approval counted");
    }

    function test_fault05_approvalsNeverExpire() public {
        both(this.ask05);
    }

    function ask05() external {
        uint256 id = target.propose(PROPOSER, "app");
        check(approve(id, keys(ALICE, BOB)), "could not approve");
        vm.warp(block.timestamp + 3650 days);
        bool allowed = target.allowed(id);
        vm.warp(START);
        refused(allowed, "5: ten years later it still counts");
    }

    function test_fault06_approvalIsCalledExecution() public {
        both(this.ask06);
    }

    function ask06() external {
        uint256 id = target.propose(PROPOSER, "app");
        vm.recordLogs();
        check(approve(id, keys(ALICE, BOB)), "could not approve");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        check(logs.length > 0, "nothing was said");
        for (uint256 i = 0; i < logs.length; ++i) {
            refused(logs[i].topics[0] == target.executedTopic(), "6: executed, says an event at approval");
        }
    }

    function test_fault07_whoLeftStillCounts() public {
        both(this.ask07);
    }

    function ask07() external {
        uint256 id = target.propose(PROPOSER, "app");
        check(approve(id, keys(ALICE, BOB)), "could not approve");
        target.remove(BOB);
        refused(target.allowed(id), "7: one of two who approved is gone");
    }

    function test_fault08_nothingCanBeTakenBack() public {
        both(this.ask08);
    }

    function ask08() external {
        uint256 id = target.propose(PROPOSER, "one");
        check(approve(id, keys(ALICE, BOB)), "could not approve");
        target.withdraw(id, BOB);
        refused(target.allowed(id), "8: withdrawn, and counted");
        refused(approve(id, keys(ALICE, BOB)), "8: the vote that was taken back was played again");
        id = target.propose(PROPOSER, "two");
        target.veto(id, DANA);
        refused(approve(id, keys(ALICE, BOB)), "8: vetoed, and approved");
        id = target.propose(PROPOSER, "three");
        target.cancel(id);
        refused(approve(id, keys(ALICE, BOB)), "8: cancelled, and approved");
    }

    function test_fault09_votesAreGoodElsewhere() public {
        LaxVotes lax = new LaxVotes(new address[](0));
        IDeploymentGate.Request memory r = request();
        bytes32 here = gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires);
        bytes32 laxHere = lax.digest(r.request, r.artifact);
        vm.chainId(5);
        check(gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires) != here, "good on another chain");
        check(lax.digest(r.request, r.artifact) == laxHere, "the faulty form passed");
        vm.chainId(31337);
        r.environment = STAGING;
        check(gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires) != here, "good in another environment");
        check(lax.digest(r.request, r.artifact) == laxHere, "the faulty form passed");
    }

    function test_fault10_onePersonVotesTwice() public {
        address[] memory members = new address[](1);
        members[0] = vm.addr(ALICE);
        LaxVotes lax = new LaxVotes(members);
        bytes[] memory twice = new bytes[](2);
        twice[0] = sign(ALICE, "digest");
        twice[1] = twice[0];
        check(lax.countAll("digest", twice) == 2, "the faulty form passed");
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Duplicate.selector, 1, 0));
        gate.approve(r, v);
    }

    function test_fault11_ownerForEver() public {
        both(this.ask11);
    }

    function ask11() external {
        try target.handOver(address(this)) {}
        catch {
            refused(true, "11: the owner cannot hand over");
        }
    }

    function test_fault12_packedKeysCollide() public {
        Registry lax = new Registry();
        lax.create("ap", "p1.0", "[]", "evil");
        check(keccak256(bytes(lax.digestOf("app", "1.0"))) == keccak256("evil"), "the faulty form passed");
        EvidenceRegistry registry = newRegistry();
        registry.publish("sbom", keccak256("ap p1.0"), keccak256("evil"));
        (bytes32 document,,,,) = registry.entryOf(address(this), "sbom", keccak256("app 1.0"));
        check(document == 0, "two subjects share an entry");
        (document,,,,) = registry.entryOf(STRANGER, "sbom", keccak256("ap p1.0"));
        check(document == 0, "two publishers share an entry");
    }

    function test_fault13_strangersOverwriteChecksums() public {
        Registry lax = new Registry();
        lax.setChecksum("p", "1", "good");
        vm.prank(STRANGER);
        lax.setChecksum("p", "1", "evil");
        check(keccak256(bytes(lax.checksumOf("p", "1"))) == keccak256("evil"), "the faulty form passed");

        EvidenceRegistry registry = newRegistry();
        registry.publish("package", "p", "good");
        vm.prank(STRANGER);
        registry.publish("package", "p", "evil");
        check(registry.isPublished(address(this), "package", "p", "good"), "a stranger overwrote it");
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceRegistry.Conflict.selector, bytes32("package"), bytes32("p"), bytes32("good")
            )
        );
        registry.publish("package", "p", "evil");
    }

    function test_fault14_strangersMarkPackagesAndReadingGrows() public {
        Registry lax = new Registry();
        EvidenceRegistry registry = newRegistry();
        for (uint256 i = 0; i < 300; ++i) {
            vm.prank(STRANGER);
            lax.report("openssl", "3", "CVE-0000-0000", "LOW");
            vm.prank(STRANGER);
            registry.advise(
                "openssl", bytes32(i + 1), IEvidenceRegistry.Vex.Affected, IEvidenceRegistry.Justification.None, 0
            );
        }
        uint256 before = gasleft();
        bool marked = lax.vulnerable("openssl", "3");
        check(marked && before - gasleft() > 500_000, "the faulty form passed");
        before = gasleft();
        (, uint48 affected,,) = registry.tallyOf(address(this), "openssl");
        (, uint48 theirs_,,) = registry.tallyOf(STRANGER, "openssl");
        check(before - gasleft() < 15_000, "reading costs more the more there is");
        check(affected == 0, "a stranger marked a package");
        check(theirs_ == 300, "a reporter's own statements are counted");
    }

    function test_fault15_nothingIsEverOver() public {
        Registry lax = new Registry();
        lax.report("p", "1", "CVE-1", "LOW");
        check(lax.vulnerable("p", "1"), "there is no way to say that it is fixed");
        EvidenceRegistry registry = newRegistry();
        registry.advise("p", "CVE-1", IEvidenceRegistry.Vex.Affected, IEvidenceRegistry.Justification.None, 0);
        registry.advise("p", "CVE-1", IEvidenceRegistry.Vex.Fixed, IEvidenceRegistry.Justification.None, 0);
        (, uint48 affected,, uint48 done) = registry.tallyOf(address(this), "p");
        check(affected == 0 && done == 1, "fixed, and still affected");
        registry.publish("sbom", "a", "d");
        registry.revoke("sbom", "a", IEvidenceRegistry.Reason.Wrong, 0);
        check(!registry.isPublished(address(this), "sbom", "a", "d"), "revoked, and in force");
    }

    function test_fault16_documentsInStorage() public {
        Registry lax = new Registry();
        string memory small = "[]";
        bytes memory large = new bytes(10_000);
        for (uint256 i = 0; i < large.length; ++i) {
            large[i] = "x";
        }
        uint256 before = gasleft();
        lax.create("a", "1", small, "h");
        uint256 little = before - gasleft();
        before = gasleft();
        lax.create("b", "1", string(large), "h");
        check(before - gasleft() > 10 * little, "the faulty form passed");

        EvidenceRegistry registry = newRegistry();
        before = gasleft();
        registry.publish("sbom", "b", keccak256(large));
        check(before - gasleft() < 80_000, "it depends on the document");
    }

    function test_fault17_theClockOrders() public {
        LaxClock lax = new LaxClock();
        lax.advise("p", 2);
        lax.advise("p", 4);
        check(lax.status("p") == 2, "the faulty form passed");
        EvidenceRegistry registry = newRegistry();
        registry.advise("p", "CVE", IEvidenceRegistry.Vex.Affected, IEvidenceRegistry.Justification.None, 0);
        registry.advise("p", "CVE", IEvidenceRegistry.Vex.Fixed, IEvidenceRegistry.Justification.None, 0);
        (IEvidenceRegistry.Vex status,,) = registry.statusOf(address(this), "p", "CVE");
        check(status == IEvidenceRegistry.Vex.Fixed, "of two in one block the first one counts");
    }

    function test_fault18_countsWithoutBounds() public {
        both(this.ask18);
    }

    function ask18() external {
        target.enrol(24);
        try target.enrol(25) {
            refused(true, "18: people without bound");
        } catch {}
    }

    function test_fault19_anchorsGoBackOrFork() public {
        LaxAnchor lax = new LaxAnchor();
        lax.anchor("o", 7, "a");
        lax.anchor("o", 5, "b");
        (uint64 size,) = lax.heads("o");
        check(size == 5, "the faulty form passed");
        LogAnchor log = newLog(address(this));
        log.setSubmitter("o", address(this));
        log.anchor("o", 7, "a");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Smaller.selector, bytes32("o"), 7, 5));
        log.anchor("o", 5, "b");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.Fork.selector, bytes32("o"), 7, bytes27("a"), bytes32("b")));
        log.anchor("o", 7, "b");
        vm.expectRevert(abi.encodeWithSelector(ILogAnchor.NotSubmitter.selector, bytes32("o"), STRANGER));
        vm.prank(STRANGER);
        log.anchor("o", 9, "c");
    }

    /// @dev What a reorganisation takes away is gone: whoever believes in a receipt has
    /// to look again, and the same checkpoint is taken again.
    function test_fault20_aReorganisationTakesAnAnchorAway() public {
        LogAnchor log = newLog(address(this));
        log.setSubmitter("o", address(this));
        uint256 before = vm.snapshotState();
        log.anchor("o", 7, "a");
        check(log.isHead("o", 7, "a"), "not anchored");
        check(vm.revertToState(before), "no reorganisation");
        check(!log.isHead("o", 7, "a"), "still there");
        log.anchor("o", 7, "a");
        check(log.isHead("o", 7, "a"), "not taken again");
    }
}
