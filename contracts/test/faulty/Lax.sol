// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Votes as they are often checked: a digest that names no chain, contract,
/// environment or epoch; any signature that ecrecover takes; signatures counted, not
/// people. For tests only.
contract LaxVotes {
    mapping(address => bool) public member;
    mapping(bytes32 => bool) public used;

    constructor(address[] memory members) {
        for (uint256 i = 0; i < members.length; ++i) {
            member[members[i]] = true;
        }
    }

    function digest(bytes32 request, bytes32 artifact) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(request, artifact));
    }

    /// @notice How many votes it counts.
    function count(bytes32 what, bytes[] calldata signatures) external returns (uint256 n) {
        for (uint256 i = 0; i < signatures.length; ++i) {
            // A signature is remembered, as if there were only one for a vote.
            bytes32 key = keccak256(signatures[i]);
            if (used[key]) continue;
            used[key] = true;
            (bytes32 r, bytes32 s) = abi.decode(signatures[i], (bytes32, bytes32));
            if (member[ecrecover(what, uint8(signatures[i][64]), r, s)]) ++n;
        }
    }

    /// @notice The same, and doesn't even remember signatures.
    function countAll(bytes32 what, bytes[] calldata signatures) external view returns (uint256 n) {
        for (uint256 i = 0; i < signatures.length; ++i) {
            (bytes32 r, bytes32 s) = abi.decode(signatures[i], (bytes32, bytes32));
            if (member[ecrecover(what, uint8(signatures[i][64]), r, s)]) ++n;
        }
    }
}

/// @notice An anchor where the last one to write is right. For tests only.
contract LaxAnchor {
    struct Head {
        uint64 size;
        bytes32 root;
    }

    mapping(bytes32 => Head) public heads;

    function anchor(bytes32 origin, uint64 size, bytes32 root) external {
        heads[origin] = Head(size, root);
    }
}

/// @notice A registry that orders by the clock: of two statements the later one by
/// block time counts. For tests only.
contract LaxClock {
    mapping(bytes32 => uint8) public status;
    mapping(bytes32 => uint256) public since;

    function advise(bytes32 package, uint8 to) external {
        if (block.timestamp <= since[package]) return;
        (status[package], since[package]) = (to, block.timestamp);
    }
}
