// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeploymentGate} from "../src/DeploymentGate.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {LaxVotes} from "./faulty/Lax.sol";
import {GateBase} from "./Base.sol";

/// @notice A vote is good for one decision on one request of one contract on one chain,
/// and in one form.
contract ReplayTest is GateBase {
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev The digest, computed by hand from EIP-712.
    function test_digestIsEip712() public view {
        IDeploymentGate.Request memory r = request();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gateledger DeploymentGate"),
                keccak256("1"),
                block.chainid,
                address(gate)
            )
        );
        string memory form =
            "Request(bytes32 request,bytes32 environment,bytes32 artifact,bytes32 commit,uint32 epoch,uint40 expires,uint24 excluded)";
        bytes32 requestHash = keccak256(
            abi.encode(
                keccak256(bytes(form)), r.request, r.environment, r.artifact, r.commit, r.epoch, r.expires, r.excluded
            )
        );
        bytes32 voteHash = keccak256(
            abi.encode(
                keccak256(bytes.concat("Vote(Request request,uint8 decision,uint40 validUntil)", bytes(form))),
                requestHash,
                uint8(1),
                uint40(77)
            )
        );
        check(gate.idOf(r) == requestHash, "id");
        check(
            gate.voteDigest(r, IDeploymentGate.Decision.Approve, 77)
                == keccak256(abi.encodePacked(hex"1901", domain, voteHash)),
            "digest"
        );
    }

    /// @dev Each field of the request, and whatever it is changed to.
    function testFuzz_anotherRequest(uint8 field, uint256 flip) public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        set(STAGING, 2, 0);
        field = field % 5;
        if (field == 0) r.request ^= bytes32(uint256(1) << flip % 256);
        if (field == 1) r.environment = STAGING;
        if (field == 2) r.artifact ^= bytes32(uint256(1) << flip % 256);
        if (field == 3) r.commit ^= bytes32(uint256(1) << flip % 256);
        if (field == 4) r.expires -= uint40(1 + flip % 1 hours);
        propose(r);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherSetOfExcluded() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        r.excluded = 4;
        propose(r);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherChain() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        vm.chainId(99);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherContract() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        GateBase.setUp(); // the same again, at another address
        propose(r);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherEpoch() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        set(PRODUCTION, 2, 0);
        r.epoch = 2;
        propose(r);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherDecision() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        v[1] = vote(r, IDeploymentGate.Decision.Withdraw, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 1));
        gate.approve(r, v);
        IDeploymentGate.Vote memory back = yes(r, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.withdraw(r, back);
        IDeploymentGate.Vote memory no = yes(r, DANA);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.veto(r, no);
    }

    function test_anotherEndOfTheVote() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        v[0].validUntil += 1;
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    function test_anotherSignersSignature() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
        (v[0].signature, v[1].signature) = (v[1].signature, v[0].signature);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 0));
        gate.approve(r, v);
    }

    /// @dev Of one signature there are others that recover the same signer: the same
    /// point with high s, the compact form, other values of v. None is taken; a vote
    /// that counts signatures takes them for different ones.
    function test_malleability() public {
        IDeploymentGate.Request memory r = proposed();
        bytes32 digest = gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires);
        (uint8 v, bytes32 x, bytes32 s) = vm.sign(ALICE, digest);
        bytes memory high = abi.encodePacked(x, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        address[] memory members = new address[](1);
        members[0] = vm.addr(ALICE);
        bytes[] memory both = new bytes[](2);
        (both[0], both[1]) = (sign(ALICE, digest), high);
        check(new LaxVotes(members).count(digest, both) == 2, "the faulty form passed");

        bad(r, high);
        bad(r, abi.encodePacked(x, bytes32(uint256(s) | uint256(v - 27) << 255)));
        bad(r, abi.encodePacked(x, s, v - 27));
        bad(r, abi.encodePacked(x, s, v, v));
        bad(r, abi.encodePacked(x, s, uint8(29)));
        bad(r, abi.encodePacked(bytes32(0), bytes32(0), v));
        bad(r, "");
        bad(r, abi.encodePacked(x, s));
        gate.approve(r, votes(r, ALICE, BOB));
    }

    function bad(IDeploymentGate.Request memory r, bytes memory signature) private {
        IDeploymentGate.Vote[] memory v = votes(r, BOB, ALICE);
        v[1].signature = signature;
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 1));
        gate.approve(r, v);
    }

    function testFuzz_alteredSignature(uint256 place, uint8 flip) public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = votes(r, BOB, ALICE);
        vm.assume(flip != 0);
        v[1].signature[place % 65] ^= bytes1(flip);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, 1));
        gate.approve(r, v);
    }
}
