// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEvidenceRegistry} from "./IEvidenceRegistry.sol";

/// @title EvidenceRegistry
/// @notice See IEvidenceRegistry. It has no admin, no roles and no parameters.
contract EvidenceRegistry is IEvidenceRegistry {
    struct Entry {
        bytes32 document;
        State state;
        Reason reason;
        uint40 publishedAt;
        uint40 revokedAt;
    }

    struct Said {
        Vex status;
        Justification justification;
        uint40 since;
    }

    /// @dev Key: hash of publisher, kind and subject.
    mapping(bytes32 key => Entry) private _entries;

    /// @dev Key: hash of reporter, package and advisory.
    mapping(bytes32 key => Said) private _said;

    /// @dev Key: hash of reporter and package. How many advisories are in which
    /// status, by its number; one slot. None of them can overflow in our time.
    mapping(bytes32 key => uint48[5]) private _tallies;

    /// @inheritdoc IEvidenceRegistry
    function publish(bytes32 kind, bytes32 subject, bytes32 document) external {
        if (kind == 0 || subject == 0 || document == 0) revert EmptyDigest();
        Entry storage e = _entries[_key(msg.sender, kind, subject)];
        bytes32 have = e.document;
        if (have == document) revert AlreadyPublished(kind, subject);
        if (have != 0) revert Conflict(kind, subject, have);
        e.document = document;
        e.state = State.Published;
        e.publishedAt = uint40(block.timestamp);
        emit Published(msg.sender, kind, subject, document);
    }

    /// @inheritdoc IEvidenceRegistry
    function revoke(bytes32 kind, bytes32 subject, Reason reason, bytes32 statement) external {
        if (reason == Reason.None) revert NoReason();
        Entry storage e = _entries[_key(msg.sender, kind, subject)];
        if (e.state != State.Published) revert NotPublished(kind, subject);
        e.state = State.Revoked;
        e.reason = reason;
        e.revokedAt = uint40(block.timestamp);
        emit Revoked(msg.sender, kind, subject, reason, statement);
    }

    /// @inheritdoc IEvidenceRegistry
    function advise(bytes32 package, bytes32 advisory, Vex status, Justification justification, bytes32 statement)
        external
    {
        if (package == 0 || advisory == 0) revert EmptyDigest();
        if (status == Vex.Unknown || (status == Vex.NotAffected) != (justification != Justification.None)) {
            revert BadStatus(status, justification);
        }
        Said storage s = _said[_key(msg.sender, package, advisory)];
        Vex before = s.status;
        if (before == status && s.justification == justification) revert Unchanged();
        s.status = status;
        s.justification = justification;
        s.since = uint40(block.timestamp);
        if (before != status) _count(package, before, status);
        emit Advised(msg.sender, package, advisory, status, justification, statement);
    }

    /// @inheritdoc IEvidenceRegistry
    function entryOf(address publisher, bytes32 kind, bytes32 subject)
        external
        view
        returns (bytes32 document, State state, Reason reason, uint40 publishedAt, uint40 revokedAt)
    {
        Entry storage e = _entries[_key(publisher, kind, subject)];
        return (e.document, e.state, e.reason, e.publishedAt, e.revokedAt);
    }

    /// @inheritdoc IEvidenceRegistry
    function isPublished(address publisher, bytes32 kind, bytes32 subject, bytes32 document)
        external
        view
        returns (bool)
    {
        Entry storage e = _entries[_key(publisher, kind, subject)];
        return e.state == State.Published && e.document == document;
    }

    /// @inheritdoc IEvidenceRegistry
    function statusOf(address reporter, bytes32 package, bytes32 advisory)
        external
        view
        returns (Vex status, Justification justification, uint40 since)
    {
        Said storage s = _said[_key(reporter, package, advisory)];
        return (s.status, s.justification, s.since);
    }

    /// @inheritdoc IEvidenceRegistry
    function tallyOf(address reporter, bytes32 package)
        external
        view
        returns (uint48 investigated, uint48 affected, uint48 notAffected, uint48 fixed_)
    {
        uint48[5] storage t = _tallies[keccak256(abi.encode(reporter, package))];
        return (
            t[uint256(Vex.UnderInvestigation)],
            t[uint256(Vex.Affected)],
            t[uint256(Vex.NotAffected)],
            t[uint256(Vex.Fixed)]
        );
    }

    /// @dev Moves one advisory of a package from one status to another.
    function _count(bytes32 package, Vex from, Vex to) private {
        uint48[5] storage t = _tallies[keccak256(abi.encode(msg.sender, package))];
        ++t[uint256(to)];
        if (from != Vex.Unknown) --t[uint256(from)];
    }

    function _key(address who, bytes32 first, bytes32 second) private pure returns (bytes32) {
        return keccak256(abi.encode(who, first, second));
    }
}
