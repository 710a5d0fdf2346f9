// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Deployments that a quorum approved, each executed once
/// @notice People sign EIP-712 votes off chain, without gas and without an account;
/// anyone submits them. A request goes None, Open (proposed), Approved (a quorum of
/// this policy signed), Executed (once). Vetoed and Cancelled are final too.
/// @dev Every name is a digest: an environment is SHA-256 of its name as the policy
/// spells it, an artifact its SHA-256, a commit its object id (SHA-1 ids padded with
/// zeros on the right), a request the digest that every other kind of vote signs.
interface IDeploymentGate {
    /// @notice Where a request stands.
    enum Status {
        None,
        Open,
        Approved,
        Executed,
        Vetoed,
        Cancelled
    }

    /// @notice What a vote says. Withdraw takes back one's own approval, for good.
    enum Decision {
        None,
        Approve,
        Veto,
        Withdraw
    }

    /// @notice What is asked for. All of it is signed by every vote.
    /// @param request Digest of the request in the ledger, which every other vote signs too.
    /// @param environment SHA-256 of the environment's name.
    /// @param artifact SHA-256 of what is deployed.
    /// @param commit Object id of the commit that it was built from.
    /// @param epoch Policy epoch of the environment that it is asked under.
    /// @param expires Unix time after which nothing happens to it any more.
    /// @param excluded Bit p is set: person p of that epoch must not approve (author,
    /// committer, proposer).
    struct Request {
        bytes32 request;
        bytes32 environment;
        bytes32 artifact;
        bytes32 commit;
        uint32 epoch;
        uint40 expires;
        uint24 excluded;
    }

    /// @notice One signature under a request.
    /// @param signer 20 bytes: an account, or a contract that speaks ERC-1271 (a Safe).
    /// Longer: an ERC-7913 verifier and its key (84 bytes for P-256: verifier, x, y).
    /// @param validUntil Unix time after which the vote no longer counts.
    /// @param signature By that signer, over `voteDigest`.
    struct Vote {
        bytes signer;
        uint40 validUntil;
        bytes signature;
    }

    /// @notice A person of a policy: however many signers they have, they count once.
    /// @param roles Bit r is set: may fill a seat of role r (0 to 3).
    /// @param signers Their keys and accounts, 1 to 8.
    struct Person {
        uint8 roles;
        bytes[] signers;
    }

    /// @notice What an environment asks for.
    /// @param executor The one account that may execute there.
    /// @param seats How many people each of the four roles needs. One person fills one
    /// seat. At least one seat in all, and never more than the people can fill.
    /// @param vetoRoles Bit r is set: who has role r may veto.
    /// @param maxAge Seconds that a request may be open, at most.
    struct Policy {
        address executor;
        uint8[4] seats;
        uint8 vetoRoles;
        uint24 maxAge;
    }

    /// @notice An environment has a new policy. What is open or approved under an older
    /// epoch can no longer be approved or executed. Person p is `people[p]`.
    event PolicySet(bytes32 indexed environment, uint32 indexed epoch, Policy policy, Person[] people);
    /// @notice An environment takes nothing until it has a policy again.
    event Closed(bytes32 indexed environment, uint32 indexed epoch);
    /// @notice Votes may be cast. `id` is `idOf(request)`.
    event Proposed(
        bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, address proposer, Request details
    );
    /// @notice A quorum approved. It may be executed up to `until`.
    /// @param voters Bit p is set: person p of the epoch approved.
    event Approved(
        bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, uint24 voters, uint40 until
    );
    /// @notice Somebody took back, and may not approve this request again. If the
    /// request had been approved with their vote, it is open again.
    event Withdrawn(bytes32 indexed id, bytes32 indexed request, uint8 person);
    /// @notice Somebody with the right to do so forbade it, for good.
    event Vetoed(bytes32 indexed id, bytes32 indexed request, uint8 person);
    /// @notice The proposer or the admin called it off.
    event Cancelled(bytes32 indexed id, bytes32 indexed request, address by);
    /// @notice The executor took the permission, which is used up.
    /// @param evidence Digest of what it says about this deployment; not judged here.
    event Executed(bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, bytes32 evidence);

    /// @notice A digest that must not be zero is.
    error EmptyDigest();
    /// @notice The policy makes no sense: which part of it doesn't.
    /// @param part 1 executor, 2 maxAge, 3 number of people, 4 roles of a person,
    /// 5 number of signers, 6 a signer's form, 7 a signer twice, 8 veto roles,
    /// 9 seats that nobody asks for or more than the people can fill.
    error BadPolicy(uint8 part);
    /// @notice The environment has no policy in force.
    error NoPolicy(bytes32 environment);
    /// @notice The request is of another epoch than the one in force.
    error WrongEpoch(uint32 current, uint32 got);
    /// @notice It was proposed before.
    error AlreadyProposed(bytes32 id);
    /// @notice Expiry is later than the policy allows.
    error TooLong(uint40 latest, uint40 got);
    /// @notice The proposer is a person of the policy, and the request doesn't exclude them.
    error ProposerNotExcluded(uint8 person);
    /// @notice The request is not in a state that allows this.
    error WrongStatus(bytes32 id, Status status);
    /// @notice Its time is over.
    error Expired(uint40 until);
    /// @notice Vote number `index` is of no signer of this epoch.
    error NotMember(uint256 index);
    /// @notice Vote number `index` is of a person whom the request excludes.
    error Excluded(uint256 index, uint8 person);
    /// @notice Vote number `index` is of a person who voted in this batch already.
    error Duplicate(uint256 index, uint8 person);
    /// @notice Vote number `index` is of a person who took back.
    error HasWithdrawn(uint256 index, uint8 person);
    /// @notice Vote number `index` is no longer valid.
    error VoteExpired(uint256 index, uint40 validUntil);
    /// @notice Vote number `index` is not signed by its signer.
    error BadSignature(uint256 index);
    /// @notice The people who signed cannot fill the seats.
    error NoQuorum();
    /// @notice This person may not veto.
    error NoVeto(uint8 person);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);

    /// @notice Gives an environment a new policy and a new epoch. Only the admin may.
    function setPolicy(bytes32 environment, Policy calldata policy, Person[] calldata people) external;

    /// @notice Takes an environment's policy away: what is open or approved is void. Only the admin may.
    function close(bytes32 environment) external;

    /// @notice Opens a request. Only an account with PROPOSER_ROLE may; if it is a
    /// signer itself, the request must exclude that person.
    /// @return id Names the request from now on.
    function propose(Request calldata r) external returns (bytes32 id);

    /// @notice Shows a whole quorum at once, in any order. Anyone may submit it. All
    /// votes must be good: one that isn't reverts with its number.
    function approve(Request calldata r, Vote[] calldata votes) external;

    /// @notice Forbids a request by a signed Veto, before it is executed. Anyone may submit it.
    function veto(Request calldata r, Vote calldata vote) external;

    /// @notice Takes back one's approval by a signed Withdraw, before it is executed. Anyone may submit it.
    function withdraw(Request calldata r, Vote calldata vote) external;

    /// @notice Calls a request off. Its proposer and the admin may.
    function cancel(Request calldata r) external;

    /// @notice Uses the permission up. Only the policy's executor may, once, up to the
    /// earliest end of request and votes, and only for these very values.
    function execute(Request calldata r, bytes32 evidence) external;

    /// @notice Names a request: a hash of all of it.
    function idOf(Request calldata r) external pure returns (bytes32);

    /// @notice The EIP-712 digest that a signer signs.
    function voteDigest(Request calldata r, Decision decision, uint40 validUntil) external view returns (bytes32);

    /// @notice Where a request stands.
    /// @return status As it was left; time and epoch are not looked at.
    /// @return proposer Who proposed it.
    /// @return until The last second that it can be approved (Open) or executed (Approved).
    /// @return voters Bit p is set: person p approved.
    /// @return withdrawn Bit p is set: person p took back.
    function stateOf(bytes32 id)
        external
        view
        returns (Status status, address proposer, uint40 until, uint24 voters, uint24 withdrawn);

    /// @notice Whether `execute` by the executor would succeed now.
    function executable(Request calldata r) external view returns (bool);

    /// @notice The policy in force. `open` is false where there is none.
    function policyOf(bytes32 environment) external view returns (bool open, uint32 epoch, Policy memory policy);

    /// @notice Which person a signer is in an epoch of an environment.
    function memberOf(bytes32 environment, uint32 epoch, bytes calldata signer)
        external
        view
        returns (bool member, uint8 person, uint8 roles);
}
