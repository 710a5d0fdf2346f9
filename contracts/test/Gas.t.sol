// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EvidenceRegistry} from "../src/EvidenceRegistry.sol";
import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {IEvidenceRegistry} from "../src/IEvidenceRegistry.sol";
import {LogAnchor} from "../src/LogAnchor.sol";
import {GateBase} from "./Base.sol";

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

    function test_deployment() public {
        IDeploymentGate.Request memory r = request();
        r.excluded = 0x80;
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
