// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Digests of SBOMs and packages, and what reporters say about vulnerabilities
/// @notice Everybody writes under their own address alone, and nobody is admin. A
/// reader asks for what a publisher or reporter says whom they trust; what others
/// write neither changes the answer nor its cost.
/// @dev Every name is a digest. A kind is a short ASCII word, padded with zeros on the
/// right: `bytes32("sbom")`, `bytes32("package")`. The subject of an SBOM is the
/// artifact's SHA-256, that of a package SHA-256 of its purl with version. A document
/// is SHA-256 of the bytes. An advisory is SHA-256 of its identifier (CVE-2024-3094).
interface IEvidenceRegistry {
    /// @notice What became of an entry.
    enum State {
        None,
        Published,
        Revoked
    }

    /// @notice Why an entry was revoked.
    enum Reason {
        None,
        Superseded,
        Wrong,
        Compromised,
        Malicious,
        Withdrawn
    }

    /// @notice A vulnerability's status in VEX terms. Unknown: this reporter said nothing.
    enum Vex {
        Unknown,
        UnderInvestigation,
        Affected,
        NotAffected,
        Fixed
    }

    /// @notice Why a package is not affected, in VEX terms.
    enum Justification {
        None,
        ComponentNotPresent,
        VulnerableCodeNotPresent,
        VulnerableCodeNotInExecutePath,
        VulnerableCodeCannotBeControlledByAdversary,
        InlineMitigationsAlreadyExist
    }

    /// @notice A publisher said, once and for all, which document belongs to a subject.
    event Published(address indexed publisher, bytes32 indexed kind, bytes32 indexed subject, bytes32 document);
    /// @notice A publisher no longer stands by a document.
    /// @param statement Digest of the explanation; zero where there is none.
    event Revoked(
        address indexed publisher, bytes32 indexed kind, bytes32 indexed subject, Reason reason, bytes32 statement
    );
    /// @notice A reporter said how a package stands to an advisory.
    /// @param statement Digest of the VEX document or advisory; zero where there is none.
    event Advised(
        address indexed reporter,
        bytes32 indexed package,
        bytes32 indexed advisory,
        Vex status,
        Justification justification,
        bytes32 statement
    );

    /// @notice A digest that must not be zero is.
    error EmptyDigest();
    /// @notice The same was published before. Nothing is wrong and nothing is to be done.
    error AlreadyPublished(bytes32 kind, bytes32 subject);
    /// @notice This publisher published another document for this subject before.
    error Conflict(bytes32 kind, bytes32 subject, bytes32 have);
    /// @notice There is nothing of this publisher that is in force.
    error NotPublished(bytes32 kind, bytes32 subject);
    /// @notice Revocation needs a reason.
    error NoReason();
    /// @notice Status Unknown, or a justification where there is none to give, or none where one is due.
    error BadStatus(Vex status, Justification justification);
    /// @notice This reporter said the same before.
    error Unchanged();

    /// @notice Publishes a digest under the caller's address. It cannot be overwritten,
    /// and once revoked not be published again.
    function publish(bytes32 kind, bytes32 subject, bytes32 document) external;

    /// @notice Takes the caller's own entry out of force. Its document stays readable.
    function revoke(bytes32 kind, bytes32 subject, Reason reason, bytes32 statement) external;

    /// @notice Says how a package stands to an advisory, in the caller's name. NotAffected
    /// needs a justification, the others must have none.
    function advise(bytes32 package, bytes32 advisory, Vex status, Justification justification, bytes32 statement)
        external;

    /// @notice What a publisher said of a subject.
    /// @return document The digest; zero where there is none.
    /// @return state None, Published or Revoked.
    /// @return reason Why it was revoked.
    /// @return publishedAt Unix time of the block.
    /// @return revokedAt Unix time of the block; zero while it is in force.
    function entryOf(address publisher, bytes32 kind, bytes32 subject)
        external
        view
        returns (bytes32 document, State state, Reason reason, uint40 publishedAt, uint40 revokedAt);

    /// @notice Whether a publisher stands by exactly this document now.
    function isPublished(address publisher, bytes32 kind, bytes32 subject, bytes32 document)
        external
        view
        returns (bool);

    /// @notice What a reporter says about one package and one advisory.
    /// @return status Unknown where they said nothing.
    /// @return justification With NotAffected.
    /// @return since Unix time of the block that it was last said in.
    function statusOf(address reporter, bytes32 package, bytes32 advisory)
        external
        view
        returns (Vex status, Justification justification, uint40 since);

    /// @notice How many advisories of a package a reporter has in which status, at the
    /// same cost however many there are.
    /// @return investigated Under investigation.
    /// @return affected Affected.
    /// @return notAffected Not affected.
    /// @return fixed_ Fixed.
    function tallyOf(address reporter, bytes32 package)
        external
        view
        returns (uint48 investigated, uint48 affected, uint48 notAffected, uint48 fixed_);
}
