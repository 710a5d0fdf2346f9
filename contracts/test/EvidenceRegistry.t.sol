// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EvidenceRegistry} from "../src/EvidenceRegistry.sol";
import {IEvidenceRegistry} from "../src/IEvidenceRegistry.sol";
import {Base} from "./Base.sol";

contract EvidenceRegistryTest is Base {
    EvidenceRegistry private registry;
    address private constant OTHER = address(0x57);
    IEvidenceRegistry.Justification private constant NONE = IEvidenceRegistry.Justification.None;

    function setUp() public {
        vm.warp(1_800_000_000);
        registry = newRegistry();
    }

    function test_publishOnce() public {
        vm.expectEmit();
        emit IEvidenceRegistry.Published(address(this), "sbom", "a", "d");
        registry.publish("sbom", "a", "d");
        (
            bytes32 document,
            IEvidenceRegistry.State state,
            IEvidenceRegistry.Reason reason,
            uint40 since,
            uint40 revoked
        ) = registry.entryOf(address(this), "sbom", "a");
        check(document == "d" && state == IEvidenceRegistry.State.Published, "not published");
        check(reason == IEvidenceRegistry.Reason.None && since == 1_800_000_000 && revoked == 0, "revoked");
        check(registry.isPublished(address(this), "sbom", "a", "d"), "not in force");
        check(!registry.isPublished(address(this), "sbom", "a", "e"), "another document in force");
        check(!registry.isPublished(OTHER, "sbom", "a", "d"), "in another's name");
        check(!registry.isPublished(address(this), "package", "a", "d"), "of another kind");
        check(!registry.isPublished(address(this), "sbom", "b", 0), "nothing is in force");
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceRegistry.AlreadyPublished.selector, bytes32("sbom"), bytes32("a"))
        );
        registry.publish("sbom", "a", "d");
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceRegistry.Conflict.selector, bytes32("sbom"), bytes32("a"), bytes32("d"))
        );
        registry.publish("sbom", "a", "e");
    }

    function test_nothingEmpty() public {
        bytes memory empty = abi.encodeWithSelector(IEvidenceRegistry.EmptyDigest.selector);
        vm.expectRevert(empty);
        registry.publish(0, "a", "d");
        vm.expectRevert(empty);
        registry.publish("sbom", 0, "d");
        vm.expectRevert(empty);
        registry.publish("sbom", "a", 0);
        vm.expectRevert(empty);
        registry.advise(0, "c", IEvidenceRegistry.Vex.Fixed, NONE, 0);
        vm.expectRevert(empty);
        registry.advise("p", 0, IEvidenceRegistry.Vex.Fixed, NONE, 0);
    }

    function test_revokeForGood() public {
        registry.publish("sbom", "a", "d");
        vm.warp(1_800_000_009);
        vm.expectEmit();
        emit IEvidenceRegistry.Revoked(address(this), "sbom", "a", IEvidenceRegistry.Reason.Compromised, "s");
        registry.revoke("sbom", "a", IEvidenceRegistry.Reason.Compromised, "s");
        (
            bytes32 document,
            IEvidenceRegistry.State state,
            IEvidenceRegistry.Reason reason,
            uint40 since,
            uint40 revoked
        ) = registry.entryOf(address(this), "sbom", "a");
        check(document == "d" && state == IEvidenceRegistry.State.Revoked, "not revoked");
        check(
            reason == IEvidenceRegistry.Reason.Compromised && since == 1_800_000_000 && revoked == 1_800_000_009, "why"
        );
        check(!registry.isPublished(address(this), "sbom", "a", "d"), "revoked, and in force");
        bytes memory none =
            abi.encodeWithSelector(IEvidenceRegistry.NotPublished.selector, bytes32("sbom"), bytes32("a"));
        vm.expectRevert(none);
        registry.revoke("sbom", "a", IEvidenceRegistry.Reason.Wrong, 0);
        vm.expectRevert();
        registry.publish("sbom", "a", "e");
        vm.expectRevert();
        registry.publish("sbom", "a", "d");
    }

    function test_revokeOnlyOnesOwnAndWithAReason() public {
        registry.publish("sbom", "a", "d");
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.NotPublished.selector, bytes32("sbom"), bytes32("a")));
        registry.revoke("sbom", "a", IEvidenceRegistry.Reason.Wrong, 0);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.NoReason.selector));
        registry.revoke("sbom", "a", IEvidenceRegistry.Reason.None, 0);
    }

    function test_statusInVexTerms() public {
        IEvidenceRegistry.Justification absent = IEvidenceRegistry.Justification.ComponentNotPresent;
        vm.expectEmit();
        emit IEvidenceRegistry.Advised(address(this), "p", "c", IEvidenceRegistry.Vex.NotAffected, absent, "vex");
        registry.advise("p", "c", IEvidenceRegistry.Vex.NotAffected, absent, "vex");
        (IEvidenceRegistry.Vex status, IEvidenceRegistry.Justification why, uint40 since) =
            registry.statusOf(address(this), "p", "c");
        check(status == IEvidenceRegistry.Vex.NotAffected && why == absent && since == 1_800_000_000, "another status");
        (status,,) = registry.statusOf(OTHER, "p", "c");
        check(status == IEvidenceRegistry.Vex.Unknown, "in another's name");
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.Unchanged.selector));
        registry.advise("p", "c", IEvidenceRegistry.Vex.NotAffected, absent, "again");
        registry.advise(
            "p",
            "c",
            IEvidenceRegistry.Vex.NotAffected,
            IEvidenceRegistry.Justification.InlineMitigationsAlreadyExist,
            0
        );
        (,, uint48 notAffected,) = registry.tallyOf(address(this), "p");
        check(notAffected == 1, "one advisory counted twice");
    }

    function testFuzz_statusAndJustificationBelongTogether(uint8 s, uint8 j) public {
        IEvidenceRegistry.Vex status = IEvidenceRegistry.Vex(s % 5);
        IEvidenceRegistry.Justification why = IEvidenceRegistry.Justification(j % 6);
        bool good = status == IEvidenceRegistry.Vex.NotAffected ? why != NONE : s % 5 != 0 && why == NONE;
        if (!good) vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.BadStatus.selector, status, why));
        registry.advise("p", "c", status, why, 0);
    }

    /// @dev The tally is what one would count, whatever is said in whatever order.
    function testFuzz_tallyCounts(uint8[24] calldata said) public {
        for (uint256 i = 0; i < said.length; ++i) {
            IEvidenceRegistry.Vex s = IEvidenceRegistry.Vex(1 + said[i] / 8 % 4);
            IEvidenceRegistry.Justification why =
                s == IEvidenceRegistry.Vex.NotAffected ? IEvidenceRegistry.Justification.ComponentNotPresent : NONE;
            try registry.advise("p", bytes32(uint256(1 + said[i] % 8)), s, why, 0) {} catch {}
        }
        uint48[5] memory count;
        for (uint256 c = 1; c <= 8; ++c) {
            (IEvidenceRegistry.Vex s,,) = registry.statusOf(address(this), "p", bytes32(c));
            ++count[uint256(s)];
        }
        (uint48 investigated, uint48 affected, uint48 notAffected, uint48 done) = registry.tallyOf(address(this), "p");
        check(investigated == count[1] && affected == count[2], "investigated, affected");
        check(notAffected == count[3] && done == count[4], "not affected, fixed");
    }

    /// @dev A document that was published stays what it is, whoever does what.
    function testFuzz_writeOnce(bytes32 first, bytes32 second, address who) public {
        vm.assume(first != 0);
        registry.publish("sbom", "a", first);
        vm.prank(who);
        try registry.publish("sbom", "a", second) {} catch {}
        try registry.revoke("sbom", "a", IEvidenceRegistry.Reason.Superseded, 0) {} catch {}
        try registry.publish("sbom", "a", second) {} catch {}
        (bytes32 document,,,,) = registry.entryOf(address(this), "sbom", "a");
        check(document == first, "overwritten");
    }
}
