// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeploymentGate} from "../src/DeploymentGate.sol";
import {EvidenceRegistry} from "../src/EvidenceRegistry.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {LogAnchor} from "../src/LogAnchor.sol";
import {Vm} from "./Vm.sol";

/// @notice What every test file needs.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function check(bool ok, string memory what) internal pure {
        require(ok, what);
    }

    /// @notice Deploys the very bytecode that the Go bindings have.
    function deploy(string memory name, bytes memory arguments) internal returns (address made) {
        string memory file = string.concat("../bin/contracts/", name, ".bytecode.json");
        return create(bytes.concat(vm.parseJsonBytes(vm.readFile(file), ".bytecode"), arguments));
    }

    /// @notice Creates a contract, or reverts as its constructor did.
    function create(bytes memory code) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(mload(0x40), 0, returndatasize())
                revert(mload(0x40), returndatasize())
            }
        }
    }

    function newLog(address owner) internal returns (LogAnchor) {
        return LogAnchor(deploy("LogAnchor", abi.encode(owner)));
    }

    function newGate(address admin, uint48 delay) internal returns (DeploymentGate) {
        return DeploymentGate(deploy("DeploymentGate", abi.encode(admin, delay)));
    }

    function newRegistry() internal returns (EvidenceRegistry) {
        return EvidenceRegistry(deploy("EvidenceRegistry", ""));
    }

    /// @notice The 65 bytes of a secp256k1 signature.
    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice The signer of a secp256k1 key, as a policy names it.
    function account(uint256 key) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(key));
    }

    function one(bytes memory signer) internal pure returns (bytes[] memory signers) {
        signers = new bytes[](1);
        signers[0] = signer;
    }
}

/// @notice A gate with one environment: alice, bob, carol and dana, one key each; the
/// first three review (role 0), dana leads (role 1). Two reviewers and nobody else are
/// needed, dana may veto.
abstract contract GateBase is Base {
    uint256 internal constant ALICE = 0xA11CE;
    uint256 internal constant BOB = 0xB0B;
    uint256 internal constant CAROL = 0xCA401;
    uint256 internal constant DANA = 0xDA4A;
    uint256 internal constant MALLORY = 0xBAD;
    uint8 internal constant REVIEWER = 1;
    uint8 internal constant LEAD = 2;

    bytes32 internal constant PRODUCTION = keccak256("production");
    bytes32 internal constant STAGING = keccak256("staging");
    address internal constant ADMIN = address(0xAD);
    address internal constant EXECUTOR = address(0xE1);
    address internal constant PROPOSER = address(0xCC);
    uint40 internal constant START = 1_800_000_000;

    DeploymentGate internal gate;

    function setUp() public virtual {
        vm.warp(START);
        gate = newGate(ADMIN, 2 days);
        bytes32 role = gate.PROPOSER_ROLE();
        vm.prank(ADMIN);
        gate.grantRole(role, PROPOSER);
        set(PRODUCTION, 2, 0);
    }

    /// @notice The policy above, with so many seats for reviewers and leads.
    function set(bytes32 environment, uint8 reviewers, uint8 leads) internal {
        vm.prank(ADMIN);
        gate.setPolicy(environment, policy(reviewers, leads), team());
    }

    function policy(uint8 reviewers, uint8 leads) internal pure returns (IDeploymentGate.Policy memory) {
        return IDeploymentGate.Policy(EXECUTOR, [reviewers, leads, 0, 0], LEAD, 1 days);
    }

    function team() internal pure returns (IDeploymentGate.Person[] memory people) {
        people = new IDeploymentGate.Person[](4);
        people[0] = IDeploymentGate.Person(REVIEWER, one(account(ALICE)));
        people[1] = IDeploymentGate.Person(REVIEWER, one(account(BOB)));
        people[2] = IDeploymentGate.Person(REVIEWER, one(account(CAROL)));
        people[3] = IDeploymentGate.Person(LEAD, one(account(DANA)));
    }

    function request() internal view returns (IDeploymentGate.Request memory r) {
        (, uint32 epoch,) = gate.policyOf(PRODUCTION);
        r = IDeploymentGate.Request({
            request: keccak256("request"),
            environment: PRODUCTION,
            artifact: keccak256("artifact"),
            commit: keccak256("commit"),
            epoch: epoch,
            expires: uint40(block.timestamp + 1 days),
            excluded: 0
        });
    }

    function proposed() internal returns (IDeploymentGate.Request memory r) {
        r = request();
        propose(r);
    }

    function propose(IDeploymentGate.Request memory r) internal returns (bytes32) {
        vm.prank(PROPOSER);
        return gate.propose(r);
    }

    function approved() internal returns (IDeploymentGate.Request memory r) {
        r = proposed();
        gate.approve(r, votes(r, ALICE, BOB));
    }

    function execute(IDeploymentGate.Request memory r) internal {
        vm.prank(EXECUTOR);
        gate.execute(r, keccak256("evidence"));
    }

    /// @notice A good vote, valid as long as the request.
    function vote(IDeploymentGate.Request memory r, IDeploymentGate.Decision d, uint256 key)
        internal
        view
        returns (IDeploymentGate.Vote memory)
    {
        return IDeploymentGate.Vote(account(key), r.expires, sign(key, gate.voteDigest(r, d, r.expires)));
    }

    function yes(IDeploymentGate.Request memory r, uint256 key) internal view returns (IDeploymentGate.Vote memory) {
        return vote(r, IDeploymentGate.Decision.Approve, key);
    }

    function votes(IDeploymentGate.Request memory r, uint256 a)
        internal
        view
        returns (IDeploymentGate.Vote[] memory v)
    {
        v = new IDeploymentGate.Vote[](1);
        v[0] = yes(r, a);
    }

    function votes(IDeploymentGate.Request memory r, uint256 a, uint256 b)
        internal
        view
        returns (IDeploymentGate.Vote[] memory v)
    {
        v = new IDeploymentGate.Vote[](2);
        (v[0], v[1]) = (yes(r, a), yes(r, b));
    }

    function votes(IDeploymentGate.Request memory r, uint256 a, uint256 b, uint256 c)
        internal
        view
        returns (IDeploymentGate.Vote[] memory v)
    {
        v = new IDeploymentGate.Vote[](3);
        (v[0], v[1], v[2]) = (yes(r, a), yes(r, b), yes(r, c));
    }

    function status(IDeploymentGate.Request memory r) internal view returns (IDeploymentGate.Status s) {
        (s,,,,) = gate.stateOf(gate.idOf(r));
    }
}
