// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {Governance} from "./faulty/Governance.sol";
import {Base, GateBase} from "./Base.sol";

/// @notice The same questions to ours and to the faulty form. A question reverts where
/// the answer is the faulty one.
interface Governed {
    function propose(address by, bytes32 artifact) external returns (uint256 id);
    function approve(uint256 id, uint256[] calldata keys) external;
    function allowed(uint256 id) external view returns (bool);
    function setThreshold(uint8 n) external;
    function remove(uint256 key) external;
    function withdraw(uint256 id, uint256 key) external;
    function veto(uint256 id, uint256 key) external;
    function cancel(uint256 id) external;
    function enrol(uint256 n) external;
    function handOver(address to) external;
    function executedTopic() external view returns (bytes32);
}

/// @notice DeploymentGate, asked.
contract Ours is GateBase, Governed {
    mapping(uint256 => IDeploymentGate.Request) private _requests;
    uint256 private _last;

    constructor() {
        GateBase.setUp();
        bytes32 role = gate.PROPOSER_ROLE();
        vm.prank(ADMIN);
        gate.grantRole(role, vm.addr(ALICE));
    }

    function propose(address by, bytes32 artifact) external returns (uint256 id) {
        IDeploymentGate.Request memory r = request();
        r.artifact = artifact;
        vm.prank(by);
        gate.propose(r);
        id = ++_last;
        _requests[id] = r;
    }

    function approve(uint256 id, uint256[] calldata keys) external {
        IDeploymentGate.Request memory r = _requests[id];
        IDeploymentGate.Vote[] memory v = new IDeploymentGate.Vote[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            v[i] = yes(r, keys[i]);
        }
        gate.approve(r, v);
    }

    function allowed(uint256 id) external view returns (bool) {
        return gate.executable(_requests[id]);
    }

    function setThreshold(uint8 n) external {
        set(STAGING, n, 0);
    }

    function remove(uint256 key) external {
        IDeploymentGate.Person[] memory people = team();
        for (uint256 i = 0; i < people.length; ++i) {
            if (keccak256(people[i].signers[0]) == keccak256(account(key))) people[i] = people[people.length - 1];
        }
        assembly ("memory-safe") {
            mstore(people, sub(mload(people), 1))
        }
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(2, 0), people);
    }

    function withdraw(uint256 id, uint256 key) external {
        IDeploymentGate.Request memory r = _requests[id];
        gate.withdraw(r, vote(r, IDeploymentGate.Decision.Withdraw, key));
    }

    function veto(uint256 id, uint256 key) external {
        IDeploymentGate.Request memory r = _requests[id];
        gate.veto(r, vote(r, IDeploymentGate.Decision.Veto, key));
    }

    function cancel(uint256 id) external {
        vm.prank(PROPOSER);
        gate.cancel(_requests[id]);
    }

    function enrol(uint256 n) external {
        IDeploymentGate.Person[] memory people = new IDeploymentGate.Person[](n);
        for (uint256 i = 0; i < n; ++i) {
            people[i] = IDeploymentGate.Person(REVIEWER, one(account(i + 1)));
        }
        vm.prank(ADMIN);
        gate.setPolicy(STAGING, policy(2, 0), people);
    }

    function handOver(address to) external {
        vm.prank(ADMIN);
        gate.beginDefaultAdminTransfer(to);
        vm.warp(block.timestamp + 2 days + 1);
        vm.prank(to);
        gate.acceptDefaultAdminTransfer();
        vm.warp(START);
        check(gate.defaultAdmin() == to, "not handed over");
    }

    function executedTopic() external pure returns (bytes32) {
        return IDeploymentGate.Executed.selector;
    }
}

/// @notice The faulty form, asked.
contract Theirs is Base, Governed {
    Governance private _gate;

    constructor() {
        _gate = new Governance(2);
        _gate.addApprover(vm.addr(0xA11CE), "reviewer");
        _gate.addApprover(vm.addr(0xB0B), "reviewer");
    }

    function propose(address by, bytes32 artifact) external returns (uint256 id) {
        vm.prank(by);
        return _gate.propose("1.0", "commit", "production", string(abi.encodePacked(artifact)));
    }

    function approve(uint256 id, uint256[] calldata keys) external {
        for (uint256 i = 0; i < keys.length; ++i) {
            vm.prank(vm.addr(keys[i]));
            _gate.approve(id);
        }
    }

    function allowed(uint256 id) external view returns (bool ok) {
        (ok,) = _gate.verify(id);
    }

    function setThreshold(uint8 n) external {
        _gate = new Governance(n);
    }

    function remove(uint256) external pure {
        revert("fault 7: nobody can be removed");
    }

    function withdraw(uint256, uint256) external pure {
        revert("fault 8: nothing can be withdrawn");
    }

    function veto(uint256, uint256) external pure {
        revert("fault 8: nobody can veto");
    }

    function cancel(uint256) external pure {
        revert("fault 8: nothing can be cancelled");
    }

    function enrol(uint256 n) external {
        for (uint256 i = 0; i < n; ++i) {
            _gate.addApprover(vm.addr(i + 1), "reviewer");
        }
    }

    function handOver(address) external pure {
        revert("fault 11: the owner cannot hand over");
    }

    function executedTopic() external pure returns (bytes32) {
        return Governance.DeploymentExecuted.selector;
    }
}
