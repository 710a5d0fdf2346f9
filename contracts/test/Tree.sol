// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice RFC 6962 trees as their definition has them (RFC 9162, 2.1.1 to 2.1.4), slow
/// and by recursion: the other side of the verifier.
abstract contract Tree {
    function leaf(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0), entry));
    }

    function inner(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice Leaves 0 to n - 1 of a made-up log.
    function leaves(uint256 n) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](n);
        for (uint256 i = 0; i < n; ++i) {
            all[i] = leaf(abi.encode(i));
        }
    }

    /// @notice Head of the tree over all[from] to all[to - 1].
    function head(bytes32[] memory all, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (to - from == 1) return all[from];
        uint256 k = split(to - from);
        return inner(head(all, from, from + k), head(all, from + k, to));
    }

    /// @notice Inclusion path of leaf m, counted from `from`.
    function path(bytes32[] memory all, uint256 m, uint256 from, uint256 to) internal pure returns (bytes32[] memory) {
        if (to - from == 1) return new bytes32[](0);
        uint256 k = split(to - from);
        if (m < k) return push(path(all, m, from, from + k), head(all, from + k, to));
        return push(path(all, m - k, from + k, to), head(all, from, from + k));
    }

    /// @notice Consistency proof from size m to size `to`.
    function proof(bytes32[] memory all, uint256 m, uint256 to) internal pure returns (bytes32[] memory) {
        return m == to ? new bytes32[](0) : sub(all, m, 0, to, true);
    }

    function sub(bytes32[] memory all, uint256 m, uint256 from, uint256 to, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        if (m == to - from) {
            bytes32[] memory none = new bytes32[](0);
            return whole ? none : push(none, head(all, from, to));
        }
        uint256 k = split(to - from);
        if (m <= k) return push(sub(all, m, from, from + k, whole), head(all, from + k, to));
        return push(sub(all, m - k, from + k, to, false), head(all, from, from + k));
    }

    /// @notice The largest power of two below n.
    function split(uint256 n) private pure returns (uint256 k) {
        for (k = 1; k * 2 < n; k *= 2) {}
    }

    function push(bytes32[] memory list, bytes32 last) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }
}
