// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheat codes of forge that these tests use, and no more.
interface Vm {
    /// @notice The next call comes from this account.
    function prank(address sender) external;
    /// @notice Calls come from this account until stopPrank.
    function startPrank(address sender) external;
    /// @notice Ends startPrank.
    function stopPrank() external;
    /// @notice The next call must revert with exactly these bytes.
    function expectRevert(bytes calldata revertData) external;
    /// @notice The next call must revert.
    function expectRevert() external;
    /// @notice The next call must revert with an error of this selector.
    function expectPartialRevert(bytes4 selector) external;
    /// @notice The next call must emit the event that follows.
    function expectEmit() external;
    /// @notice Sets the block time.
    function warp(uint256 time) external;
    /// @notice Sets the chain id.
    function chainId(uint256 id) external;
    /// @notice Puts code at an address.
    function etch(address account, bytes calldata code) external;
    /// @notice A run of a fuzz test with other values instead.
    function assume(bool condition) external pure;
    /// @notice The address of a secp256k1 key.
    function addr(uint256 key) external pure returns (address);
    /// @notice Signs with a secp256k1 key.
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    /// @notice Signs with a P-256 key.
    function signP256(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    /// @notice The public key of a P-256 key.
    function publicKeyP256(uint256 key) external pure returns (uint256 x, uint256 y);
    /// @notice Reads a file.
    function readFile(string calldata path) external view returns (string memory);
    /// @notice A bytes value of a JSON text.
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    /// @notice Writes down what the last call cost, under snapshots/group.json.
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    /// @notice Writes down a value, under snapshots/group.json.
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    /// @notice Remembers all state.
    function snapshotState() external returns (uint256 id);
    /// @notice Goes back to a remembered state.
    function revertToState(uint256 id) external returns (bool ok);
    /// @notice Logs of the calls from now on.
    function recordLogs() external;
    /// @notice The logs since recordLogs.
    function getRecordedLogs() external returns (Log[] memory);

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }
}
