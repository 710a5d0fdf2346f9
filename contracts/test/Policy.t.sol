// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Admin} from "../src/Admin.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {Seats} from "../src/Seats.sol";
import {GateBase} from "./Base.sol";

/// @notice Policies, their epochs, and who sets them.
contract PolicyTest is GateBase {
    address private constant STRANGER = address(0x57);

    function test_whatIsSet() public {
        vm.expectEmit();
        emit IDeploymentGate.PolicySet(STAGING, 1, policy(2, 1), team());
        set(STAGING, 2, 1);
        (bool open, uint32 epoch, IDeploymentGate.Policy memory p) = gate.policyOf(STAGING);
        check(open && epoch == 1, "not open");
        check(keccak256(abi.encode(p)) == keccak256(abi.encode(policy(2, 1))), "another policy");
        (bool member, uint8 person, uint8 roles) = gate.memberOf(STAGING, 1, account(DANA));
        check(member && person == 3 && roles == LEAD, "another member");
        (member,,) = gate.memberOf(STAGING, 2, account(DANA));
        check(!member, "a member of an epoch to come");
        (member,,) = gate.memberOf("other", 1, account(DANA));
        check(!member, "a member elsewhere");
    }

    function test_policiesThatMakeNoSense() public {
        IDeploymentGate.Policy memory p = policy(2, 0);
        p.executor = address(0);
        refuse(p, team(), 1);
        p = policy(2, 0);
        p.maxAge = 0;
        refuse(p, team(), 2);
        p = policy(2, 0);
        refuse(p, new IDeploymentGate.Person[](0), 3);
        refuse(p, crowd(25), 3);
        p.vetoRoles = 16;
        refuse(p, team(), 8);
        p = policy(2, 0);
        IDeploymentGate.Person[] memory people = team();
        people[1].roles = 0;
        refuse(p, people, 4);
        people[1].roles = 16;
        refuse(p, people, 4);
        people = team();
        people[1].signers = new bytes[](0);
        refuse(p, people, 5);
        people[1].signers = new bytes[](9);
        refuse(p, people, 5);
        people[1].signers = one(hex"00112233");
        refuse(p, people, 6);
        people[1].signers = one(abi.encodePacked(address(0)));
        refuse(p, people, 6);
        people[1].signers = one(abi.encodePacked(address(0xdead), bytes32("x"), bytes32("y"))); // no such verifier
        refuse(p, people, 6);
        people[1].signers = one(account(ALICE));
        refuse(p, people, 7);
        refuse(policy(0, 0), team(), 9);
        refuse(policy(4, 0), team(), 9);
        refuse(policy(2, 2), team(), 9);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.EmptyDigest.selector));
        vm.prank(ADMIN);
        gate.setPolicy(0, policy(2, 0), team());
    }

    function refuse(IDeploymentGate.Policy memory p, IDeploymentGate.Person[] memory people, uint8 part) private {
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadPolicy.selector, part));
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, p, people);
    }

    function crowd(uint256 n) private pure returns (IDeploymentGate.Person[] memory people) {
        people = new IDeploymentGate.Person[](n);
        for (uint256 i = 0; i < n; ++i) {
            people[i] = IDeploymentGate.Person(REVIEWER, one(account(1000 + i)));
        }
    }

    function test_theLargestPolicy() public {
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(24, 0), crowd(24));
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = new IDeploymentGate.Vote[](24);
        for (uint256 i = 0; i < 24; ++i) {
            v[i] = yes(r, 1000 + i);
        }
        gate.approve(r, v);
        (,,, uint24 voters,) = gate.stateOf(gate.idOf(r));
        check(voters == type(uint24).max, "not all of them");
        execute(r);
    }

    function test_whoSetsPolicies() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0))
        );
        vm.prank(STRANGER);
        gate.setPolicy(PRODUCTION, policy(1, 0), team());
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0))
        );
        vm.prank(STRANGER);
        gate.close(PRODUCTION);
    }

    /// @dev A changed policy voids what is open and what is approved.
    function test_epochChangeMidFlight() public {
        IDeploymentGate.Request memory open = proposed();
        IDeploymentGate.Vote[] memory v = votes(open, ALICE, BOB);
        IDeploymentGate.Vote memory no = vote(open, IDeploymentGate.Decision.Veto, DANA);
        IDeploymentGate.Vote memory back = vote(open, IDeploymentGate.Decision.Withdraw, ALICE);
        IDeploymentGate.Request memory done = request();
        done.request = keccak256("second");
        propose(done);
        gate.approve(done, votes(done, ALICE, BOB));
        set(PRODUCTION, 2, 0);
        bytes memory wrong = abi.encodeWithSelector(IDeploymentGate.WrongEpoch.selector, 2, 1);
        vm.expectRevert(wrong);
        gate.approve(open, v);
        vm.expectRevert(wrong);
        gate.veto(open, no);
        vm.expectRevert(wrong);
        gate.withdraw(open, back);
        vm.expectRevert(wrong);
        execute(done);
        check(!gate.executable(done), "executable");
        vm.prank(PROPOSER);
        gate.cancel(open); // tidying up is always possible
    }

    function test_whoLeftDoesNotCount() public {
        IDeploymentGate.Person[] memory people = team();
        people[0] = people[3]; // alice goes, dana takes her place
        people[3] = IDeploymentGate.Person(REVIEWER, one(account(MALLORY)));
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(2, 0), people);
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, BOB, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotMember.selector, 1));
        gate.approve(r, v);
        gate.approve(r, votes(r, BOB, MALLORY));
    }

    function test_closed() public {
        IDeploymentGate.Request memory r = approved();
        vm.expectEmit();
        emit IDeploymentGate.Closed(PRODUCTION, 2);
        vm.prank(ADMIN);
        gate.close(PRODUCTION);
        bytes memory none = abi.encodeWithSelector(IDeploymentGate.NoPolicy.selector, PRODUCTION);
        vm.expectRevert(none);
        execute(r);
        check(!gate.executable(r), "executable");
        vm.expectRevert(none);
        vm.prank(ADMIN);
        gate.close(PRODUCTION);
        set(PRODUCTION, 2, 0);
        (bool open, uint32 epoch,) = gate.policyOf(PRODUCTION);
        check(open && epoch == 3, "epochs are used twice");
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.WrongEpoch.selector, 3, 1));
        execute(r);
    }

    function test_onePersonOfTwoKeysCountsOnce() public {
        IDeploymentGate.Person[] memory people = team();
        people[0].signers = new bytes[](2);
        (people[0].signers[0], people[0].signers[1]) = (account(ALICE), account(MALLORY));
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(2, 0), people);
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, MALLORY);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Duplicate.selector, 1, 0));
        gate.approve(r, v);
        gate.withdraw(r, vote(r, IDeploymentGate.Decision.Withdraw, MALLORY));
        v = votes(r, ALICE, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.HasWithdrawn.selector, 0, 0));
        gate.approve(r, v);
    }

    /// @dev Separation of duties is of people: a proposer who is excluded cannot vote
    /// with another key of theirs.
    function test_anotherKeyOfAnExcludedPerson() public {
        IDeploymentGate.Person[] memory people = team();
        people[0].signers = new bytes[](2);
        (people[0].signers[0], people[0].signers[1]) = (account(ALICE), account(MALLORY));
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(2, 0), people);
        IDeploymentGate.Request memory r = request();
        r.excluded = 1;
        propose(r);
        IDeploymentGate.Vote[] memory v = votes(r, MALLORY, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.Excluded.selector, 0, 0));
        gate.approve(r, v);
    }

    function test_onePersonFillsOneSeat() public {
        IDeploymentGate.Person[] memory people = team();
        people[0].roles = REVIEWER | LEAD;
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(2, 1), people);
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NoQuorum.selector));
        gate.approve(r, v);
        gate.approve(r, votes(r, BOB, ALICE, CAROL)); // alice leads, the others review
    }

    /// @dev The counting rule agrees with trying every assignment of people to seats.
    function testFuzz_seatsAreFilledAsByTrying(uint8[4] memory seats, uint8[6] calldata who, uint8 n) public view {
        n = n % 7;
        uint256 people = 0;
        for (uint256 i = 0; i < 4; ++i) {
            seats[i] %= 3;
        }
        for (uint256 i = 0; i < n; ++i) {
            people = Seats.add(people, i, who[i] % 16);
        }
        bool tried = assign(seats, people, n);
        check(Seats.filled(this.packed(seats), people, n) == tried, "counted otherwise");
    }

    function packed(uint8[4] calldata seats) external pure returns (uint32) {
        return Seats.pack(seats);
    }

    function assign(uint8[4] memory seats, uint256 people, uint256 n) private pure returns (bool) {
        if (seats[0] == 0 && seats[1] == 0 && seats[2] == 0 && seats[3] == 0) return true;
        if (n == 0) return false;
        uint256 roles = people >> (4 * (n - 1)) & 15;
        for (uint256 r = 0; r < 4; ++r) {
            if (roles >> r & 1 == 0 || seats[r] == 0) continue;
            --seats[r];
            bool ok = assign(seats, people, n - 1);
            ++seats[r];
            if (ok) return true;
        }
        return assign(seats, people, n - 1);
    }

    function testFuzz_packAndUnpack(uint8[4] calldata seats) public pure {
        uint8[4] memory back = Seats.unpack(Seats.pack(seats));
        for (uint256 i = 0; i < 4; ++i) {
            check(back[i] == seats[i], "not the same");
        }
    }

    function test_theLastAdminCannotVanish() public {
        vm.startPrank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(Admin.AdminCannotVanish.selector));
        gate.beginDefaultAdminTransfer(address(0));
        vm.expectRevert();
        gate.renounceRole(0, ADMIN);
        vm.expectRevert();
        gate.revokeRole(0, ADMIN);
        gate.beginDefaultAdminTransfer(STRANGER);
        vm.warp(START + 30 days);
        vm.expectRevert();
        gate.renounceRole(0, ADMIN);
        gate.cancelDefaultAdminTransfer();
        vm.expectRevert();
        gate.renounceRole(0, ADMIN);
        vm.stopPrank();
        check(gate.defaultAdmin() == ADMIN && gate.hasRole(0, ADMIN), "vanished");
    }

    function test_handOverTakesTwoStepsAndADelay() public {
        vm.prank(ADMIN);
        gate.beginDefaultAdminTransfer(STRANGER);
        vm.warp(START + 2 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, START + 2 days
            )
        );
        vm.prank(STRANGER);
        gate.acceptDefaultAdminTransfer();
        check(gate.defaultAdmin() == ADMIN, "too early");
        vm.warp(START + 2 days + 1);
        vm.prank(STRANGER);
        gate.acceptDefaultAdminTransfer();
        check(gate.defaultAdmin() == STRANGER && !gate.hasRole(0, ADMIN), "not handed over");
    }
}
