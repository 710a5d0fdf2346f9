// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ILogAnchor} from "./ILogAnchor.sol";
import {Merkle} from "./Merkle.sol";

/// @title LogAnchor
/// @notice See ILogAnchor. What the owner can do is to say who submits, and to hand
/// over to a successor who accepts. No owner and no submitter can take a checkpoint
/// back or have two of one size.
contract LogAnchor is ILogAnchor, Ownable2Step {
    /// @dev The size is kept in the last 40 bits, the root's first 27 bytes before it:
    /// one slot. To find two roots that share 27 bytes takes 2^108 hashes, and would
    /// still give one event, with one whole root.
    uint256 private constant _SIZE = (1 << 40) - 1;

    struct Log {
        address submitter; // of an origin that is not strict; zero in one that is
        uint256 head;
        address extender; // of a strict origin
        bool strict;
    }

    mapping(bytes32 origin => Log) private _logs;

    /// @notice Nobody would be owner any more.
    error OwnerCannotVanish();

    /// @param owner Says who submits for which origin.
    constructor(address owner) Ownable(owner) {}

    /// @inheritdoc ILogAnchor
    function anchor(bytes32 origin, uint64 size, bytes32 root) external {
        Log storage log = _logs[origin];
        if (msg.sender != log.submitter) _refuseCaller(origin);
        uint256 last = log.head;
        uint256 next = (uint256(root) & ~_SIZE) | size;
        if (next & _SIZE <= last & _SIZE || size > _SIZE) _refuse(origin, last, size, root);
        log.head = next;
        emit Anchored(origin, size, root);
    }

    /// @inheritdoc ILogAnchor
    function extend(bytes32 origin, uint64 size, bytes32 root, bytes32 lastRoot, bytes32[] calldata path) external {
        Log storage log = _logs[origin];
        if (msg.sender != submitterOf(origin)) _refuseCaller(origin);
        uint256 last = log.head;
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 have = uint64(last & _SIZE); // 40 bits
        if (size <= have || size > _SIZE) _refuse(origin, last, size, root);
        bool first = last == 0 && path.length == 0;
        bool adds = _pack(have, lastRoot) == last && Merkle.consistent(have, size, lastRoot, root, path);
        if (!first && !adds) revert NotProven(origin, have, size);
        log.head = _pack(size, root);
        emit Anchored(origin, size, root);
    }

    /// @inheritdoc ILogAnchor
    function setStrict(bytes32 origin) external onlyOwner {
        Log storage log = _logs[origin];
        if (log.head != 0 || log.strict) revert TooLate(origin);
        (log.strict, log.extender, log.submitter) = (true, log.submitter, address(0));
        emit StrictSet(origin);
    }

    /// @inheritdoc ILogAnchor
    function strict(bytes32 origin) external view returns (bool) {
        return _logs[origin].strict;
    }

    /// @inheritdoc ILogAnchor
    function setSubmitter(bytes32 origin, address submitter) external onlyOwner {
        Log storage log = _logs[origin];
        if (log.strict) log.extender = submitter;
        else log.submitter = submitter;
        emit SubmitterSet(origin, submitter);
    }

    /// @inheritdoc ILogAnchor
    function head(bytes32 origin) external view returns (uint64 size, bytes27 root) {
        uint256 last = _logs[origin].head;
        // 40 bits and 27 bytes are all that there is.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint64(last & _SIZE), bytes27(bytes32(last)));
    }

    /// @inheritdoc ILogAnchor
    function isHead(bytes32 origin, uint64 size, bytes32 root) public view returns (bool) {
        return size != 0 && size <= _SIZE && _logs[origin].head == _pack(size, root);
    }

    /// @inheritdoc ILogAnchor
    function submitterOf(bytes32 origin) public view returns (address) {
        Log storage log = _logs[origin];
        return log.strict ? log.extender : log.submitter;
    }

    /// @inheritdoc ILogAnchor
    function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        return Merkle.included(leaf, index, size, root, path);
    }

    /// @inheritdoc ILogAnchor
    function verifyLogged(
        bytes32 origin,
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32 root,
        bytes32[] calldata path
    ) external view returns (bool) {
        return isHead(origin, size, root) && Merkle.included(leaf, index, size, root, path);
    }

    /// @inheritdoc ILogAnchor
    function verifyConsistency(
        uint64 first,
        uint64 second,
        bytes32 firstRoot,
        bytes32 secondRoot,
        bytes32[] calldata path
    ) external view returns (bool) {
        return Merkle.consistent(first, second, firstRoot, secondRoot, path);
    }

    /// @notice Always reverts: there is always an owner.
    function renounceOwnership() public pure override {
        revert OwnerCannotVanish();
    }

    function _pack(uint64 size, bytes32 root) private pure returns (uint256) {
        return (uint256(root) & ~_SIZE) | size;
    }

    /// @dev Says why a caller is not heard.
    function _refuseCaller(bytes32 origin) private view {
        Log storage log = _logs[origin];
        if (log.strict && msg.sender == log.extender) revert NeedsProof(origin);
        revert NotSubmitter(origin, msg.sender);
    }

    /// @dev Says why a checkpoint is not taken.
    function _refuse(bytes32 origin, uint256 last, uint64 size, bytes32 root) private pure {
        if (size == 0) revert Empty();
        if (size > _SIZE) revert TooLarge(size);
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 have = uint64(last & _SIZE); // 40 bits
        if (size < have) revert Smaller(origin, have, size);
        if (_pack(size, root) == last) revert AlreadyAnchored(origin, size);
        revert Fork(origin, size, bytes27(bytes32(last)), root);
    }
}
