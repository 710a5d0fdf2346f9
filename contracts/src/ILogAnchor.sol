// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Heads of append-only logs, each larger than the last
/// @notice A log shows its checkpoints here. Per origin and size at most one
/// `Anchored` event can ever be emitted, whoever submits and whoever owns the contract: an
/// operator who shows two readers two trees of one size cannot have both here. Of a
/// strict origin every checkpoint is proven to add to the one before, so that no two
/// readers can have checkpoints of two trees, whatever their sizes. Of another origin
/// readers have to compare all its events with the log themselves.
/// @dev An origin is SHA-256 of the UTF-8 bytes of a checkpoint's first line
/// (C2SP tlog-checkpoint), without its line feed. A root is the RFC 6962 tree head.
interface ILogAnchor {
    /// @notice A checkpoint was taken.
    /// @param origin SHA-256 of the log's origin line.
    /// @param size Number of leaves.
    /// @param root Tree head, whole. This event is the receipt; state keeps 27 bytes of it.
    event Anchored(bytes32 indexed origin, uint64 indexed size, bytes32 root);

    /// @notice From now on `submitter` may anchor `origin`; nobody, if it is zero.
    event SubmitterSet(bytes32 indexed origin, address indexed submitter);

    /// @notice From the first checkpoint on, this origin takes none without a proof.
    event StrictSet(bytes32 indexed origin);

    /// @notice The caller is not the submitter of this origin, or it has none.
    error NotSubmitter(bytes32 origin, address caller);

    /// @notice The size is zero: a log of no leaves says nothing.
    error Empty();

    /// @notice Sizes over 2^40 - 1 are not taken.
    error TooLarge(uint64 size);

    /// @notice Exactly this checkpoint is the head already. Nothing is wrong and
    /// nothing is to be done.
    error AlreadyAnchored(bytes32 origin, uint64 size);

    /// @notice The head has this size and another root: this log was forked.
    /// @param have The first 27 bytes of the root that was anchored.
    /// @param got The root that was offered.
    error Fork(bytes32 origin, uint64 size, bytes27 have, bytes32 got);

    /// @notice The head is larger: a late submission, or a log that was rolled back.
    /// The submitter comes again with a larger checkpoint.
    error Smaller(bytes32 origin, uint64 have, uint64 got);

    /// @notice This origin is strict: `extend` is the way.
    error NeedsProof(bytes32 origin);

    /// @notice `lastRoot` is not the root of the head, or the proof does not show that the
    /// new checkpoint only adds to it: this log was forked, or the proof is of another head.
    error NotProven(bytes32 origin, uint64 have, uint64 got);

    /// @notice Only an origin that nothing was anchored of can become strict.
    error TooLate(bytes32 origin);

    /// @notice Takes a checkpoint that is larger than the last of its origin.
    /// @dev Reverts with NotSubmitter, NeedsProof, Empty, TooLarge, AlreadyAnchored, Fork or Smaller.
    /// @param origin SHA-256 of the log's origin line.
    /// @param size Number of leaves, 1 to 2^40 - 1.
    /// @param root RFC 6962 tree head of that size.
    function anchor(bytes32 origin, uint64 size, bytes32 root) external;

    /// @notice Takes a checkpoint that is larger than the last of its origin and is proven
    /// to add to it. The first one of an origin needs no proof. Origins that are not
    /// strict may be extended too.
    /// @dev Reverts as anchor does, but for NeedsProof, and with NotProven.
    /// @param origin SHA-256 of the log's origin line.
    /// @param size Number of leaves, 1 to 2^40 - 1.
    /// @param root RFC 6962 tree head of that size.
    /// @param lastRoot Root of the head, whole.
    /// @param path RFC 6962 consistency proof from the head's size to this one.
    function extend(bytes32 origin, uint64 size, bytes32 root, bytes32 lastRoot, bytes32[] calldata path) external;

    /// @notice Has an origin take no checkpoint without a proof, for ever. Only the owner
    /// may, and only before the first checkpoint.
    function setStrict(bytes32 origin) external;

    /// @notice Whether every checkpoint of this origin is proven to add to the one before.
    function strict(bytes32 origin) external view returns (bool);

    /// @notice Says who may anchor an origin. Only the owner may. A new submitter
    /// goes on from the head that there is; nobody can take it back or make it smaller.
    /// @param origin SHA-256 of the log's origin line.
    /// @param submitter Its one submitter; zero closes the origin.
    function setSubmitter(bytes32 origin, address submitter) external;

    /// @notice The newest checkpoint of an origin; size 0 where there is none.
    /// @return size Number of leaves.
    /// @return root The first 27 bytes of its root.
    function head(bytes32 origin) external view returns (uint64 size, bytes27 root);

    /// @notice Whether exactly this checkpoint is the newest of its origin.
    function isHead(bytes32 origin, uint64 size, bytes32 root) external view returns (bool);

    /// @notice Who may anchor an origin; zero where nobody may.
    function submitterOf(bytes32 origin) external view returns (address);

    /// @notice Checks an RFC 6962 inclusion proof (RFC 9162, 2.1.3.2).
    /// @param leaf Hash of the leaf: SHA-256 of a zero byte and the entry.
    /// @param index Its place, from 0.
    /// @param size Number of leaves of the tree.
    /// @param root Head of the tree.
    /// @param path Siblings, from the leaf up.
    /// @return Whether the leaf stands at that place of that tree. Never reverts for a bad proof.
    function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view
        returns (bool);

    /// @notice Checks an inclusion proof against the newest checkpoint of an origin.
    /// @return Whether (size, root) is the head and holds the leaf at that place.
    function verifyLogged(
        bytes32 origin,
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32 root,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice Checks an RFC 6962 consistency proof (RFC 9162, 2.1.4.2).
    /// @param first Number of leaves of the older tree, at least 1.
    /// @param second Number of leaves of the newer tree.
    /// @param firstRoot Head of the older tree.
    /// @param secondRoot Head of the newer tree.
    /// @param path The proof; empty where the trees are the same.
    /// @return Whether the newer tree only adds leaves to the older. Never reverts for a bad proof.
    function verifyConsistency(
        uint64 first,
        uint64 second,
        bytes32 firstRoot,
        bytes32 secondRoot,
        bytes32[] calldata path
    ) external view returns (bool);
}
