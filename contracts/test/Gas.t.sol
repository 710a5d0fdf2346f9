// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EvidenceRegistry} from "../src/EvidenceRegistry.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {IEvidenceRegistry} from "../src/IEvidenceRegistry.sol";
import {LogAnchor} from "../src/LogAnchor.sol";
import {Merkle} from "../src/Merkle.sol";
import {GateBase} from "./Base.sol";
import {Governance} from "./faulty/Governance.sol";
import {Registry} from "./faulty/Registry.sol";

/// @notice What whole transactions cost (isolate in foundry.toml), under the rules that
/// foundry.toml names. The figures are kept in snapshots/gateledger.json, and the
/// limits stand here.
contract GasTest is GateBase {
    string private constant GROUP = "gateledger";
    LogAnchor private log;
    EvidenceRegistry private registry;
    bytes32 private constant ORIGIN = keccak256("log.example/acme");

    function setUp() public override {
        super.setUp();
        log = newLog(ADMIN);
        registry = newRegistry();
        vm.prank(ADMIN);
        log.setSubmitter(ORIGIN, address(this));
        set(PRODUCTION, 3, 0);
    }

    function spent(string memory name, uint256 limit) private {
        uint256 gas = vm.snapshotGasLastCall(GROUP, name);
        check(gas > 21_000, "not isolated: that was no whole transaction");
        check(gas <= limit, string.concat(name, " costs more than its limit"));
    }

    function test_anchor() public {
        log.anchor(ORIGIN, 1000, keccak256("a"));
        spent("LogAnchor.anchor, first", 50_000);
        log.anchor(ORIGIN, 2000, keccak256("b"));
        spent("LogAnchor.anchor, steady", 31_700);
        log.anchor(ORIGIN, 0xffffffffff, bytes32(type(uint256).max));
        spent("LogAnchor.anchor, worst", 31_700);
    }

    /// @dev A million leaves, and a thousand more: proofs as long as that takes.
    function test_extend() public {
        bytes32 strict = keccak256("strict.example/acme");
        vm.prank(ADMIN);
        log.setSubmitter(strict, address(this));
        vm.prank(ADMIN);
        log.setStrict(strict);
        (bytes32 first, bytes32 second, bytes32[] memory path) = grown(1_000_001, 1_001_001);
        log.extend(strict, 1_000_001, first, 0, new bytes32[](0));
        log.extend(strict, 1_001_001, second, first, path);
        spent("LogAnchor.extend, a million leaves by a thousand", 62_000);
    }

    /// @dev Heads of two sizes and the proof between them, of a tree all of whose
    /// subtrees are made up: the algorithm of RFC 9162, 2.1.4.2, run forwards.
    function grown(uint256 m, uint256 n) private view returns (bytes32 older, bytes32 newer, bytes32[] memory path) {
        bytes32[] memory all = new bytes32[](64);
        uint256 count = 0;
        (uint256 fn, uint256 sn) = (m - 1, n - 1);
        for (; fn & 1 == 1; fn >>= 1) {
            sn >>= 1;
        }
        all[count++] = keccak256("start");
        (older, newer) = (all[0], all[0]);
        for (; sn != 0; (fn, sn) = (fn >> 1, sn >> 1)) {
            bytes32 c = keccak256(abi.encode(sn, fn));
            all[count++] = c;
            if (fn & 1 == 1 || fn == sn) {
                older = Merkle.node(c, older);
                newer = Merkle.node(c, newer);
                for (; fn & 1 == 0 && fn != 0; fn >>= 1) {
                    sn >>= 1;
                }
            } else {
                newer = Merkle.node(newer, c);
            }
        }
        path = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            path[i] = all[i];
        }
    }

    function test_deployment() public {
        IDeploymentGate.Request memory r = request();
        r.excluded = 8;
        vm.prank(PROPOSER);
        gate.propose(r);
        spent("DeploymentGate.propose", 62_000);
        IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB, CAROL);
        gate.approve(r, v);
        spent("DeploymentGate.approve, three votes", 91_000);
        vm.prank(EXECUTOR);
        gate.execute(r, keccak256("evidence"));
        spent("DeploymentGate.execute", 36_500);
    }

    function test_registry() public {
        registry.publish("sbom", keccak256("artifact"), keccak256("sbom"));
        spent("EvidenceRegistry.publish", 73_000);
        registry.revoke("sbom", keccak256("artifact"), IEvidenceRegistry.Reason.Wrong, 0);
        spent("EvidenceRegistry.revoke", 40_000);
        registry.advise("p", keccak256("CVE"), IEvidenceRegistry.Vex.Affected, IEvidenceRegistry.Justification.None, 0);
        spent("EvidenceRegistry.advise, first", 80_000);
        registry.advise("p", keccak256("CVE"), IEvidenceRegistry.Vex.Fixed, IEvidenceRegistry.Justification.None, 0);
        spent("EvidenceRegistry.advise, update", 45_000);
    }
}

/// @notice The same for the faulty form, with values as long as real ones. Nothing of it
/// is a limit; bench/chain/run prints it beside ours.
contract FaultyGasTest is GateBase {
    string private constant GROUP = "faulty";
    string private constant COMMIT = "8f0d3f0f7f2c4a6e9b1d5c3a7e8f9a0b1c2d3e4f";
    string private constant DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    function test_deployment() public {
        Governance g = Governance(deploy("Governance", abi.encode(uint8(3))));
        uint256[3] memory keys = [ALICE, BOB, CAROL];
        for (uint256 i = 0; i < 3; ++i) {
            g.addApprover(vm.addr(keys[i]), "reviewer");
        }
        g.propose("1.4.2", COMMIT, "production", DIGEST);
        uint256 whole = vm.snapshotGasLastCall(GROUP, "propose");
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(vm.addr(keys[i]));
            g.approve(1);
            if (i == 0) whole += vm.snapshotGasLastCall(GROUP, "approve, first");
            if (i == 1) whole += vm.snapshotGasLastCall(GROUP, "approve, second");
            if (i == 2) whole += vm.snapshotGasLastCall(GROUP, "approve, last");
        }
        vm.snapshotValue(GROUP, "propose and three approvals, four transactions", whole);
    }

    function test_registry() public {
        Registry r = Registry(deploy("Registry", ""));
        r.create("acme/app", "1.4.2", dependencies(10), DIGEST);
        vm.snapshotGasLastCall(GROUP, "create, 10 dependencies");
        r.create("acme/app", "1.4.3", dependencies(100), DIGEST);
        vm.snapshotGasLastCall(GROUP, "create, 100 dependencies");
        r.report("openssl", "3.0.1", "CVE-2024-0001", "HIGH");
        vm.snapshotGasLastCall(GROUP, "report");
        r.setChecksum("openssl", "3.0.1", DIGEST);
        vm.snapshotGasLastCall(GROUP, "setChecksum");
    }

    /// @dev What a dependency says there: name, version, checksum, licence, verified.
    function dependencies(uint256 n) private pure returns (string memory all) {
        bytes memory one_ = abi.encodePacked(
            '{"name":"left-pad","version":"1.3.0","checksum":"', DIGEST, '","license":"MIT","verified":true}'
        );
        bytes memory list = "[";
        for (uint256 i = 0; i < n; ++i) {
            list = bytes.concat(list, i == 0 ? bytes("") : bytes(","), one_);
        }
        return string(bytes.concat(list, "]"));
    }
}
