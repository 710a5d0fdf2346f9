// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeploymentGate} from "../src/IDeploymentGate.sol";
import {GateBase} from "./Base.sol";

/// @notice What these tests call of a Safe, its factory and its handler.
interface ISafe {
    function setup(
        address[] calldata owners,
        uint256 threshold,
        address to,
        bytes calldata data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address paymentReceiver
    ) external;
    function createProxyWithNonce(address singleton, bytes calldata initializer, uint256 nonce)
        external
        returns (address);
    function domainSeparator() external view returns (bytes32);
    function getThreshold() external view returns (uint256);
}

/// @notice P-256 keys and contracts as signers: OpenZeppelin's verifier, and a real Safe,
/// from the bytecode that Safe publishes.
contract SignersTest is GateBase {
    uint256 private constant N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    uint256 private constant PASSKEY = 0x5EC;
    bytes private _p256;
    bytes private _safe;

    function setUp() public override {
        super.setUp();
        (uint256 x, uint256 y) = vm.publicKeyP256(PASSKEY);
        _p256 = abi.encodePacked(deploy("P256Verifier", ""), x, y);
        _safe = abi.encodePacked(newSafe());
        IDeploymentGate.Person[] memory people = team();
        people[1].signers = one(_p256);
        people[2].signers = one(_safe);
        vm.prank(ADMIN);
        gate.setPolicy(PRODUCTION, policy(3, 0), people);
    }

    /// @dev Deploys Safe 1.5.0 and makes a Safe that needs two of bob, carol and dana.
    function newSafe() private returns (address) {
        address singleton = create(published("Safe.sol/Safe"));
        address handler = create(published("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler"));
        address factory = create(published("proxies/SafeProxyFactory.sol/SafeProxyFactory"));
        address[] memory owners = new address[](3);
        (owners[0], owners[1], owners[2]) = (vm.addr(BOB), vm.addr(CAROL), vm.addr(DANA));
        bytes memory setup =
            abi.encodeCall(ISafe.setup, (owners, 2, address(0), "", handler, address(0), 0, address(0)));
        return ISafe(factory).createProxyWithNonce(singleton, setup, 1);
    }

    function published(string memory name) private view returns (bytes memory) {
        string memory file =
            string.concat("node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/", name, ".json");
        return vm.parseJsonBytes(vm.readFile(file), ".bytecode");
    }

    function p256(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (bytes32 x, bytes32 s) = vm.signP256(key, digest);
        return abi.encodePacked(x, uint256(s) > N256 / 2 ? bytes32(N256 - uint256(s)) : s);
    }

    /// @dev A Safe hashes again what it is asked about; its owners sign that, in the
    /// order of their addresses.
    function bySafe(bytes32 digest, uint256 a, uint256 b) private view returns (bytes memory) {
        bytes32 what = keccak256(
            abi.encodePacked(
                hex"1901",
                ISafe(address(bytes20(_safe))).domainSeparator(),
                keccak256(abi.encode(keccak256("SafeMessage(bytes message)"), keccak256(abi.encode(digest))))
            )
        );
        if (vm.addr(a) > vm.addr(b)) (a, b) = (b, a);
        return bytes.concat(sign(a, what), sign(b, what));
    }

    function three(IDeploymentGate.Request memory r) private view returns (IDeploymentGate.Vote[] memory v) {
        bytes32 digest = gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires);
        v = new IDeploymentGate.Vote[](3);
        v[0] = yes(r, ALICE);
        v[1] = IDeploymentGate.Vote(_p256, r.expires, p256(PASSKEY, digest));
        v[2] = IDeploymentGate.Vote(_safe, r.expires, bySafe(digest, BOB, DANA));
    }

    function test_anAccountAPasskeyAndASafe() public {
        check(ISafe(address(bytes20(_safe))).getThreshold() == 2, "no Safe");
        IDeploymentGate.Request memory r = proposed();
        gate.approve(r, three(r));
        vm.snapshotGasLastCall("gateledger", "DeploymentGate.approve, account, P-256 key and Safe of 2 of 3");
        execute(r);
        check(status(r) == IDeploymentGate.Status.Executed, "not executed");
    }

    function test_aSafeNeedsItsOwnQuorum() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = three(r);
        bytes32 digest = gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires);
        v[2].signature = bySafe(digest, BOB, MALLORY);
        refuse(r, v, 2);
        v[2].signature = bySafe(digest, BOB, BOB);
        refuse(r, v, 2);
        v[2].signature = sign(BOB, digest);
        refuse(r, v, 2);
        v[2].signature = "";
        refuse(r, v, 2);
        v[2].signature = bySafe(gate.voteDigest(r, IDeploymentGate.Decision.Veto, r.expires), BOB, DANA);
        refuse(r, v, 2);
    }

    /// @dev Somebody who owns a part of the Safe does not vote for it.
    function test_anOwnerOfTheSafeIsNotTheSafe() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = three(r);
        v[2] = yes(r, BOB);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotMember.selector, 2));
        gate.approve(r, v);
    }

    function test_p256IsStrict() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = three(r);
        bytes32 digest = gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires);
        bytes memory good = v[1].signature;
        (bytes32 x, bytes32 s) = abi.decode(good, (bytes32, bytes32));
        v[1].signature = abi.encodePacked(x, bytes32(N256 - uint256(s)));
        refuse(r, v, 1);
        v[1].signature = p256(PASSKEY + 1, digest);
        refuse(r, v, 1);
        v[1].signature = abi.encodePacked(x);
        refuse(r, v, 1);
        v[1].signature = p256(PASSKEY, gate.voteDigest(r, IDeploymentGate.Decision.Approve, r.expires - 1));
        refuse(r, v, 1);
        v[1].signature = good;
        gate.approve(r, v);
    }

    /// @dev A key under another verifier is another signer.
    function test_anotherVerifierIsAnotherSigner() public {
        IDeploymentGate.Request memory r = proposed();
        IDeploymentGate.Vote[] memory v = three(r);
        (uint256 x, uint256 y) = vm.publicKeyP256(PASSKEY);
        v[1].signer = abi.encodePacked(address(new YesMan()), x, y);
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.NotMember.selector, 1));
        gate.approve(r, v);
    }

    /// @dev Contracts that answer wrongly, with too little, at length, not at all, or that
    /// want to change something, have not signed.
    function test_contractsThatDoNotSign() public {
        address[5] memory signers = [
            address(new NoMan()),
            address(new ShortMan()),
            address(new LoudMan()),
            address(new BrokenMan()),
            address(new BusyMan())
        ];
        for (uint256 i = 0; i < signers.length; ++i) {
            IDeploymentGate.Person[] memory people = team();
            people[1].signers = one(abi.encodePacked(signers[i]));
            vm.prank(ADMIN);
            gate.setPolicy(PRODUCTION, policy(2, 0), people);
            IDeploymentGate.Request memory r = proposed();
            IDeploymentGate.Vote[] memory v = votes(r, ALICE, BOB);
            v[1].signer = abi.encodePacked(signers[i]);
            refuse(r, v, 1);
        }
    }

    function refuse(IDeploymentGate.Request memory r, IDeploymentGate.Vote[] memory v, uint256 index) private {
        vm.expectRevert(abi.encodeWithSelector(IDeploymentGate.BadSignature.selector, index));
        gate.approve(r, v);
    }
}

contract YesMan {
    function verify(bytes calldata, bytes32, bytes calldata) external pure returns (bytes4) {
        return this.verify.selector;
    }
}

contract NoMan {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }
}

contract ShortMan {
    fallback() external {
        assembly {
            mstore(0, shl(224, 0x1626ba7e))
            return(0, 4)
        }
    }
}

contract LoudMan {
    fallback() external {
        assembly {
            return(0, 20000)
        }
    }
}

contract BrokenMan {
    fallback() external {
        revert("no");
    }
}

contract BusyMan {
    uint256 public seen;

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        ++seen;
        return this.isValidSignature.selector;
    }
}
