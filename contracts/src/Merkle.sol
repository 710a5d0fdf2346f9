// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Proofs of RFC 6962 trees
/// @notice The algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2, over SHA-256 (precompile 2).
/// A bad proof is false, never a revert.
library Merkle {
    /// @notice Whether `leaf` stands at `index` of the tree of `size` leaves with head `root`.
    function included(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        uint256 fn = index;
        uint256 sn = uint256(size) - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                hash = node(path[i], hash);
                (fn, sn) = _climb(fn, sn);
            } else {
                hash = node(hash, path[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && hash == root;
    }

    /// @notice Whether the tree (second, secondRoot) only adds leaves to (first, firstRoot).
    function consistent(uint64 first, uint64 second, bytes32 firstRoot, bytes32 secondRoot, bytes32[] calldata path)
        internal
        view
        returns (bool)
    {
        if (first == 0 || first > second) return false;
        if (first == second) return path.length == 0 && firstRoot == secondRoot;
        if (path.length == 0) return false;
        uint256 fn = uint256(first) - 1;
        uint256 sn = uint256(second) - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        // A whole subtree is its own first step, and isn't in the path.
        uint256 i = fn == 0 ? 0 : 1;
        bytes32 older = fn == 0 ? firstRoot : path[0];
        bytes32 newer = older;
        for (; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                older = node(path[i], older);
                newer = node(path[i], newer);
                (fn, sn) = _climb(fn, sn);
            } else {
                newer = node(newer, path[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && older == firstRoot && newer == secondRoot;
    }

    /// @notice Hash of an inner node: SHA-256 of 1, left and right.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 1)
            mstore(add(at, 1), left)
            mstore(add(at, 33), right)
            if iszero(staticcall(gas(), 2, at, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }

    /// @dev Up to where the right edge has a left sibling again.
    function _climb(uint256 fn, uint256 sn) private pure returns (uint256, uint256) {
        while (fn & 1 == 0 && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        return (fn, sn);
    }
}
