// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {GateBase} from "./Base.sol";

/// @notice The life of a request: what each step says, and what each refuses.
contract DeploymentGateTest is GateBase {
    address private constant STRANGER = address(0x57);

    function test_fromProposalToExecution() public {
        IDeploymentGate.Request memory r = request();
        bytes32 id = gate.idOf(r);
        vm.expectEmit();
        emit IDeploymentGate.Proposed(id, r.request, PRODUCTION, PROPOSER, r);
        check(propose(r) == id, "another id");
        check(status(r) == IDeploymentGate.Status.Open && !gate.executable(r), "not open");
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        vm.expectEmit();
        emit IDeploymentGate.Approved(id, r.request, PRODUCTION, 3, r.expires);
        vm.prank(STRANGER); // any relayer
        gate.approve(r, v);
        check(status(r) == IDeploymentGate.Status.Approved && gate.executable(r), "not approved");
        vm.expectEmit();
        emit IDeploymentGate.Executed(id, r.request, PRODUCTION, keccak256("evidence"));
        execute(r);
        check(status(r) == IDeploymentGate.Status.Executed && !gate.executable(r), "not executed");
        (, address proposer, uint40 until, uint24 voters, uint24 withdrawn) = gate.stateOf(id);
        check(proposer == PROPOSER && until == r.expires && voters == 3 && withdrawn == 0, "state");
    }

    function test_executedOnceAndOnlyWhatWasApproved() public {
        IDeploymentGate.Request memory r = approved();
        bytes32 id = gate.idOf(r);
        r.artifact = keccak256("another");
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.None);
        execute(r);
        r = request();
        r.commit = keccak256("another");
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.None);
        execute(r);
        r = request();
        r.environment = STAGING;
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NoPolicy.selector, STAGING));
        execute(r);
        r = request();
        execute(r);
        wrongStatus(id, IDeploymentGate.Status.Executed);
        execute(r);
    }

    function test_notBeforeApproval() public {
        IDeploymentGate.Request memory r = proposed();
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Open);
        execute(r);
    }

    function test_onlyTheExecutor() public {
        IDeploymentGate.Request memory r = approved();
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotAllowed.selector, STRANGER));
        vm.prank(STRANGER);
        gate.execute(r, 0);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotAllowed.selector, ADMIN));
        vm.prank(ADMIN);
        gate.execute(r, 0);
    }

    function test_whoMayPropose() public {
        IDeploymentGate.Request memory r = request();
        bytes32 role = gate.PROPOSER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, role)
        );
        vm.prank(STRANGER);
        gate.propose(r);
        propose(r);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.AlreadyProposed.selector, gate.idOf(r)));
        propose(r);
    }

    function test_whatIsProposed() public {
        IDeploymentGate.Request memory r = request();
        r.request = 0;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.EmptyDigest.selector));
        r = request();
        r.artifact = 0;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.EmptyDigest.selector));
        r = request();
        r.commit = 0;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.EmptyDigest.selector));
        r = request();
        r.environment = STAGING;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.NoPolicy.selector, STAGING));
        r = request();
        r.epoch = 2;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.WrongEpoch.selector, 1, 2));
        r = request();
        r.expires = START - 1;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.Expired.selector, START - 1));
        r = request();
        r.expires = START + 1 days + 1;
        refuse(r, abi.encodeWithSelector(IDeploymentGate.TooLong.selector, START + 1 days, r.expires));
    }

    function refuse(IDeploymentGate.Request memory r, bytes memory why) private {
        vm.expectRevert(why);
        propose(r);
    }

    function test_aProposerOfThePolicyIsExcluded() public {
        bytes32 role = gate.PROPOSER_ROLE();
        vm.prank(ADMIN);
        gate.grantRole(role, vm.addr(BOB));
        IDeploymentGate.Request memory r = request();
        r.excluded = 1; // alice, not bob
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.ProposerNotExcluded.selector, 1));
        vm.prank(vm.addr(BOB));
        gate.propose(r);
        r.excluded = 2;
        vm.prank(vm.addr(BOB));
        gate.propose(r);
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Excluded.selector, 1, 1));
        gate.approve(r, v);
        gate.approve(r, votes(r, ALICE, CAROL));
    }

    function test_aQuorumIsDistinctPeople() public {
        IDeploymentGate.Request memory r = proposed();
        refuse(r, votes(r, ALICE), abi.encodeWithSelector(IDeploymentGate.NoQuorum.selector));
        refuse(r, new IDeploymentGate.Vote[](0), abi.encodeWithSelector(IDeploymentGate.NoQuorum.selector));
        refuse(r, votes(r, BOB, BOB), abi.encodeWithSelector(IDeploymentGate.Duplicate.selector, 1, 1));
        refuse(r, votes(r, BOB, DANA), abi.encodeWithSelector(IDeploymentGate.NoQuorum.selector));
        refuse(r, votes(r, BOB, MALLORY), abi.encodeWithSelector(IDeploymentGate.NotMember.selector, 1));
        gate.approve(r, votes(r, CAROL, ALICE, DANA)); // any order, and more than are needed
        (,,, uint24 voters,) = gate.stateOf(gate.idOf(r));
        check(voters == 13, "who voted");
    }

    function test_everyOrderOfVotesIsTheSame() public {
        uint256[3] memory keys = [ALICE, BOB, CAROL];
        for (uint256 i = 0; i < 6; ++i) {
            IDeploymentGate.Request memory r = request();
            r.request = bytes32(i + 1);
            propose(r);
            uint256 a = keys[i % 3];
            uint256 b = keys[(i % 3 + 1 + i / 3) % 3];
            uint256 c = keys[(i % 3 + 2 - i / 3) % 3];
            gate.approve(r, votes(r, a, b, c));
            (,,, uint24 voters,) = gate.stateOf(gate.idOf(r));
            check(voters == 7, "another order counts otherwise");
        }
    }

    function refuse(IDeploymentGate.Request memory r, IDeploymentGate.Vote[] memory v, bytes memory why) private {
        vm.expectRevert(why);
        gate.approve(r, v);
    }

    function test_approvedOnce() public {
        IDeploymentGate.Request memory r = approved();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Approved);
        gate.approve(r, v);
    }

    function test_timeOfTheRequest() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        vm.warp(r.expires + 1);
        refuse(r, v, abi.encodeWithSelector(IDeploymentGate.Expired.selector, r.expires));
        vm.warp(r.expires);
        gate.approve(r, v);
        vm.warp(r.expires + 1);
        check(!gate.executable(r), "executable");
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Expired.selector, r.expires));
        execute(r);
        vm.warp(r.expires);
        execute(r);
    }

    function test_timeOfAVote() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        v[1] = endingAt(r, BOB, START + 60);
        vm.warp(START + 61);
        refuse(r, v, abi.encodeWithSelector(IDeploymentGate.VoteExpired.selector, 1, START + 60));
        vm.warp(START + 60);
        gate.approve(r, v);
        vm.warp(START + 61);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Expired.selector, START + 60));
        execute(r);
        // Fresh votes show it again.
        gate.approve(r, votes(r, ALICE, CAROL));
        execute(r);
    }

    function endingAt(IDeploymentGate.Request memory r, uint256 key, uint40 time)
        private
        view
        returns (IDeploymentGate.Vote memory)
    {
        bytes32 digest = gate.voteDigest(r, IDeploymentGate.Decision.Approve, time);
        return IDeploymentGate.Vote(account(key), time, sign(key, digest));
    }

    function test_withdrawBeforeApproval() public {
        IDeploymentGate.Request memory r = proposed();
        bytes32 id = gate.idOf(r);
        IDeploymentGate.Vote memory back = vote(r, IDeploymentGate.Decision.Withdraw, ALICE);
        vm.expectEmit();
        emit IDeploymentGate.Withdrawn(id, r.request, 0);
        gate.withdraw(r, back);
        refuse(r, votes(r, BOB, ALICE), abi.encodeWithSelector(IDeploymentGate.HasWithdrawn.selector, 1, 0));
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.HasWithdrawn.selector, 0, 0));
        gate.withdraw(r, back);
        gate.approve(r, votes(r, BOB, CAROL));
        check(gate.executable(r), "one who took back stops the others");
    }

    function test_withdrawAfterApproval() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory short = votes(r, ALICE, BOB);
        short[0] = endingAt(r, ALICE, START + 60);
        gate.approve(r, short);
        gate.withdraw(r, vote(r, IDeploymentGate.Decision.Withdraw, CAROL));
        check(gate.executable(r), "who hadn't voted took back the others' approval");
        IDeploymentGate.Vote[] memory old = votes(r, ALICE, BOB);
        gate.withdraw(r, vote(r, IDeploymentGate.Decision.Withdraw, BOB));
        check(status(r) == IDeploymentGate.Status.Open, "not open again");
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Open);
        execute(r);
        refuse(r, old, abi.encodeWithSelector(IDeploymentGate.HasWithdrawn.selector, 1, 1));
        (,, uint40 ends, uint24 voters, uint24 withdrawn) = gate.stateOf(gate.idOf(r));
        check(ends == r.expires && voters == 0 && withdrawn == 6, "not as before the approval");
        IDeploymentGate.Vote[] memory both = votes(r, CAROL, ALICE);
        refuse(r, both, abi.encodeWithSelector(IDeploymentGate.HasWithdrawn.selector, 0, 2));
    }

    function test_veto() public {
        IDeploymentGate.Request memory r = approved();
        IDeploymentGate.Vote memory no = vote(r, IDeploymentGate.Decision.Veto, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NoVeto.selector, 0));
        gate.veto(r, no);
        no = vote(r, IDeploymentGate.Decision.Veto, DANA);
        vm.expectEmit();
        emit IDeploymentGate.Vetoed(gate.idOf(r), r.request, 3);
        gate.veto(r, no);
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Vetoed);
        execute(r);
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Vetoed);
        gate.veto(r, no);
    }

    function test_whoIsExcludedMayStillVeto() public {
        IDeploymentGate.Request memory r = request();
        r.excluded = 8;
        propose(r);
        gate.veto(r, vote(r, IDeploymentGate.Decision.Veto, DANA));
        check(status(r) == IDeploymentGate.Status.Vetoed, "not vetoed");
    }

    function test_cancel() public {
        IDeploymentGate.Request memory r = approved();
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotAllowed.selector, STRANGER));
        vm.prank(STRANGER);
        gate.cancel(r);
        vm.expectEmit();
        emit IDeploymentGate.Cancelled(gate.idOf(r), r.request, PROPOSER);
        vm.prank(PROPOSER);
        gate.cancel(r);
        wrongStatus(gate.idOf(r), IDeploymentGate.Status.Cancelled);
        execute(r);
        r.request = keccak256("second");
        propose(r);
        vm.prank(ADMIN);
        gate.cancel(r);
        check(status(r) == IDeploymentGate.Status.Cancelled, "the admin could not");
    }

    function test_anotherProposerCannotCancel() public {
        IDeploymentGate.Request memory r = proposed();
        bytes32 role = gate.PROPOSER_ROLE();
        vm.prank(ADMIN);
        gate.grantRole(role, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotAllowed.selector, STRANGER));
        vm.prank(STRANGER);
        gate.cancel(r);
    }

    /// @dev What is over stays over, whichever way it ended.
    function test_finalStatesAreFinal() public {
        for (uint256 end = 0; end < 3; ++end) {
            IDeploymentGate.Request memory r = request();
            r.request = bytes32(end + 1);
            propose(r);
            gate.approve(r, votes(r, ALICE, BOB));
            if (end == 0) execute(r);
            if (end == 1) gate.veto(r, vote(r, IDeploymentGate.Decision.Veto, DANA));
            if (end == 2) {
                vm.prank(PROPOSER);
                gate.cancel(r);
            }
            IDeploymentGate.Status s = status(r);
            bytes32 id = gate.idOf(r);
            IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
            IDeploymentGate.Vote memory no = vote(r, IDeploymentGate.Decision.Veto, DANA);
            IDeploymentGate.Vote memory back = vote(r, IDeploymentGate.Decision.Withdraw, ALICE);
            wrongStatus(id, s);
            gate.approve(r, v);
            wrongStatus(id, s);
            gate.veto(r, no);
            wrongStatus(id, s);
            gate.withdraw(r, back);
            wrongStatus(id, s);
            vm.prank(PROPOSER);
            gate.cancel(r);
            wrongStatus(id, s);
            execute(r);
            vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.AlreadyProposed.selector, id));
            propose(r);
        }
    }

    function wrongStatus(bytes32 id, IDeploymentGate.Status s) private {
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.WrongStatus.selector, id, s));
    }
}
